//! The fleet page: every agent by pool and zone, what is under way or waits for the viewer, and what it costs.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    Actor, ChangeId, ChangeState, Permission,
    alert::AlertKind,
    approvals::Quorum,
    condition::{Condition, ConditionStatus, ConditionType},
    derive,
    incident::{Cause, Incident},
    name::last_segment,
    view::{
        change::ChangeRow,
        fleet::{AwaitedVote, FleetPool, FleetRollout, FleetView, FleetZone, SeatCount, VersionCount},
        rollout::VersionLabel,
    },
};
use store::{ChangeSummary, Environment, Pool};

use crate::{
    Control, Error, alerts, changes, costs, environments, error::authorize, live::Places, rollouts, votes,
};

const OPEN_CHANGES: u32 = 10;
/// Of those that wait for the viewer; the way to all of them stands beside.
const AWAITED: u32 = 20;

/// The named environment, or the first one; an installation without environments has an empty fleet.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn load_fleet(
    control: &Control,
    actor: &Actor,
    environment: Option<&str>,
) -> Result<FleetView, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let environment = match environment {
        Some(name) => Some(environments::require(control, name).await?),
        None => control.store.first_environment().await?,
    };
    let name = environment.as_ref().map(|environment| environment.name.as_str());
    let changes = open_changes(control, actor, name);
    let incidents = incidents(control, name);
    let Some(environment) = &environment else {
        let ((waiting, changes), incidents) = tokio::try_join!(changes, incidents)?;
        return Ok(FleetView {
            environment: None,
            zones: Vec::new(),
            pools: Vec::new(),
            waiting,
            changes,
            rollouts: Vec::new(),
            spend: None,
            incidents,
            observed_at: None,
            unreachable: None,
            half_applied: None,
            budget_notice: None,
            now: control.clock.now(),
        });
    };
    // None of them needs another's answer.
    let ((waiting, changes), incidents, (spend, budget_notice), (declared, rollouts)) = tokio::try_join!(
        changes,
        incidents,
        costs::of_fleet(control, environment),
        declared(control, &environment.name)
    )?;
    let (zones, pools) = placed(environment, declared, &control.live.places(&environment.name));
    let broken = |kind: ConditionType| {
        let conditions = &environment.conditions;
        let found = conditions
            .iter()
            .find(|condition| condition.kind == kind && condition.status == ConditionStatus::False)?;
        Some((found.since, found.message.clone()))
    };
    Ok(FleetView {
        unreachable: broken(ConditionType::Reachable),
        half_applied: broken(ConditionType::Applied),
        environment: Some(environment.name.clone()),
        observed_at: environment.observed_at,
        zones,
        pools,
        waiting,
        changes,
        rollouts,
        spend,
        incidents,
        budget_notice,
        now: control.clock.now(),
    })
}

/// Those that are of the environment. The agents of all environments are judged together: that some are silent is no matter of one
/// whose own all speak.
async fn incidents(control: &Control, environment: Option<&str>) -> Result<Vec<Incident>, Error> {
    const SILENCE: Cause = Cause::Alert(AlertKind::MissedHeartbeats);
    let mut open = control.store.list_open_incidents(environment).await?;
    if let Some(name) = environment
        && open.iter().any(|incident| incident.cause == SILENCE)
    {
        let silent = alerts::silent_agents(control).await?;
        let own = silent.get(name).is_some_and(|own| own.part > 0);
        open.retain(|incident| own || incident.cause != SILENCE);
    }
    Ok(open)
}

/// The zones that the page has a column for, and the pools with their agents in each.
fn placed(environment: &Environment, declared: Vec<Pool>, places: &Places) -> (Vec<String>, Vec<FleetPool>) {
    // What Compute Engine last said of the region would be read with the settings of all that it holds. A zone that holds no VM
    // is worth an empty column, not that.
    let zones: BTreeSet<String> = derive::zones(&environment.spec, None)
        .zones
        .into_iter()
        .chain(places.values().flat_map(BTreeMap::keys).cloned())
        .collect();
    let pools = declared.into_iter().map(|pool| {
        let own = places.get(&pool.name);
        let in_zone = |zone: &String| FleetZone {
            zone: zone.clone(),
            agents: own.and_then(|own| own.get(zone)).cloned().unwrap_or_default(),
        };
        FleetPool { zones: zones.iter().map(in_zone).collect(), name: pool.name }
    });
    let pools = pools.collect();
    (zones.into_iter().collect(), pools)
}

/// Those that wait for the viewer, oldest first, and the others that are not finished, newest first: of the environment, or of all
/// where there is none yet.
async fn open_changes(
    control: &Control,
    actor: &Actor,
    environment: Option<&str>,
) -> Result<(Vec<AwaitedVote>, Vec<ChangeRow>), Error> {
    let states: Vec<ChangeState> =
        ChangeState::ALL.into_iter().filter(|state| !state.is_terminal()).collect();
    let open = store::ChangeFilter { environment, states: &states, ..Default::default() };
    // As many as are shown, whichever of them turn out to wait for the viewer.
    let most = OPEN_CHANGES + AWAITED;
    let others = async { Ok::<_, Error>(control.store.list_changes(&open, most).await?) };
    let (awaited, mut others) = tokio::try_join!(votes::awaited(control, actor), others)?;
    let mut found = oldest(control, environment, &awaited).await?;
    others.retain(|row| found.iter().all(|own| own.id != row.id));
    others.truncate(OPEN_CHANGES as usize);
    // All together: their seats are counted by rules that are read once.
    let mine = found.len();
    found.extend(others);
    let mut rows = changes::rows(control, actor, found).await?;
    let others = rows.split_off(mine);
    let mut rows: BTreeMap<ChangeId, ChangeRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    let with_row = |(id, quorum): (ChangeId, Quorum)| {
        let change = rows.remove(&id)?;
        let seats = quorum.0.iter().map(|seats| SeatCount {
            group: seats.group.clone(),
            needed: seats.needed,
            taken: seats.taken(),
        });
        Some(AwaitedVote { seats: seats.collect(), change })
    };
    Ok((awaited.into_iter().filter_map(with_row).collect(), others))
}

/// Of those that wait for the viewer.
async fn oldest(
    control: &Control,
    environment: Option<&str>,
    awaited: &[(ChangeId, Quorum)],
) -> Result<Vec<ChangeSummary>, Error> {
    if awaited.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<ChangeId> = awaited.iter().map(|(id, _)| *id).collect();
    let filter = store::ChangeFilter { environment, among: Some(&ids), ..Default::default() };
    let mut found = control.store.list_changes(&filter, u32::try_from(ids.len()).unwrap_or(u32::MAX)).await?;
    // The list is newest first, and the oldest are to be seen: they end first.
    found.drain(..found.len().saturating_sub(AWAITED as usize));
    Ok(found)
}

/// The environment's pools, and those of them that roll.
async fn declared(control: &Control, environment: &str) -> Result<(Vec<Pool>, Vec<FleetRollout>), Error> {
    let declared = control.store.list_pools(environment).await?;
    let rollouts = rollouts_of(control, environment, &declared).await?;
    Ok((declared, rollouts))
}

/// Pools whose last look says so. Which VM is to run which version is counted where the VMs are: none of them is read for it.
async fn rollouts_of(
    control: &Control,
    environment: &str,
    declared: &[Pool],
) -> Result<Vec<FleetRollout>, Error> {
    let rolling: Vec<_> = declared
        .iter()
        .filter_map(|pool| {
            let updated =
                pool.conditions.iter().find(|condition| condition.kind == ConditionType::Updated)?;
            let moves = updated.status == ConditionStatus::False || updated.reason == "Canary";
            moves.then_some((pool, updated))
        })
        .collect();
    if rolling.is_empty() {
        return Ok(Vec::new());
    }
    let labels = rollouts::labels(control, environment).await?;
    let counts = control.live.look(environment, |all| {
        let mut counts: HashMap<String, BTreeMap<String, u32>> = HashMap::new();
        for row in all.iter().filter(|row| rolling.iter().any(|(pool, _)| pool.name == row.pool)) {
            let Some(template) = row.instance.template.as_deref() else { continue };
            let of_pool = counts.entry(row.pool.clone()).or_default();
            *of_pool.entry(last_segment(template).to_owned()).or_default() += 1;
        }
        counts
    });
    let of_pool = |(pool, updated): (&Pool, &Condition)| {
        let own = counts.get(&pool.name).into_iter().flatten();
        let mut versions: Vec<_> = own
            .map(|(resource, vms)| {
                let label = labels.get(resource).cloned().unwrap_or_else(|| VersionLabel {
                    template: String::new(),
                    number: None,
                    resource: resource.clone(),
                });
                (label.number, VersionCount { version: label.short(), vms: *vms })
            })
            .collect();
        versions.sort_by_key(|(number, _)| *number);
        FleetRollout {
            pool: pool.name.clone(),
            condition: updated.clone(),
            versions: versions.into_iter().map(|(_, count)| count).collect(),
        }
    };
    // VMs of one version that are made or healed are no rollout, as the pool's own page has it.
    Ok(rolling.into_iter().map(of_pool).filter(|rollout| rollout.versions.len() > 1).collect())
}
