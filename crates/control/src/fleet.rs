//! The fleet page: every agent by pool and zone, and what is under way.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{
    Actor, ChangeState, Permission,
    condition::{ConditionStatus, ConditionType},
    derive,
    view::fleet::{FleetAgent, FleetPool, FleetView, FleetZone},
};

use crate::{Control, Error, costs, environments, error::authorize, live::LiveRow};

const OPEN_CHANGES: u32 = 10;

/// Agents by pool and zone; in each zone by name.
type Places = HashMap<String, BTreeMap<String, Vec<FleetAgent>>>;

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
    let states: Vec<ChangeState> =
        ChangeState::ALL.into_iter().filter(|state| !state.is_terminal()).collect();
    let open = store::ChangeFilter {
        environment: environment.as_ref().map(|environment| environment.name.as_str()),
        states: &states,
        ..Default::default()
    };
    let open = control.store.list_changes(&open, OPEN_CHANGES).await?;
    let changes = crate::changes::rows(control, actor, open).await?;
    let now = control.clock.now();
    let Some(environment) = environment else {
        return Ok(FleetView {
            environment: None,
            zones: Vec::new(),
            pools: Vec::new(),
            changes,
            incidents: control.store.list_open_incidents(None).await?,
            observed_at: None,
            unreachable: None,
            half_applied: None,
            budget_notice: None,
            now,
        });
    };
    let budget_notice = costs::budget_notice(control, &environment).await?;
    let declared = control.store.list_pools(&environment.name).await?;
    let mut places = control.live.look(&environment.name, |all| placed(&all));
    // What Compute Engine last said of the region would be read with the settings of all that it holds. A zone that holds no VM
    // is worth an empty column, not that.
    let zones: BTreeSet<String> = derive::zones(&environment.spec, None)
        .zones
        .into_iter()
        .chain(places.values().flat_map(BTreeMap::keys).cloned())
        .collect();
    let pools = declared
        .into_iter()
        .map(|pool| {
            let mut own = places.remove(&pool.name).unwrap_or_default();
            let in_zone = |zone: &String| FleetZone {
                zone: zone.clone(),
                agents: own.remove(zone).unwrap_or_default(),
            };
            FleetPool { zones: zones.iter().map(in_zone).collect(), name: pool.name }
        })
        .collect();
    let broken = |kind: ConditionType| {
        let conditions = &environment.conditions;
        let found = conditions
            .iter()
            .find(|condition| condition.kind == kind && condition.status == ConditionStatus::False)?;
        Some((found.since, found.message.clone()))
    };
    let (unreachable, half_applied) = (broken(ConditionType::Reachable), broken(ConditionType::Applied));
    let incidents = control.store.list_open_incidents(Some(&environment.name)).await?;
    Ok(FleetView {
        incidents,
        environment: Some(environment.name),
        zones: zones.into_iter().collect(),
        pools,
        changes,
        observed_at: environment.observed_at,
        unreachable,
        half_applied,
        budget_notice,
        now,
    })
}

fn placed(all: &[&LiveRow]) -> Places {
    let mut places: HashMap<&str, BTreeMap<&str, Vec<FleetAgent>>> = HashMap::new();
    for row in all {
        let agent = FleetAgent { name: row.instance.name.clone(), state: row.agent };
        places.entry(&row.pool).or_default().entry(&row.instance.zone).or_default().push(agent);
    }
    places
        .into_iter()
        .map(|(pool, zones)| {
            let zones = zones.into_iter().map(|(zone, mut agents)| {
                agents.sort_unstable_by(|one, other| one.name.cmp(&other.name));
                (zone.to_owned(), agents)
            });
            (pool.to_owned(), zones.collect())
        })
        .collect()
}
