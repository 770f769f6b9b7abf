//! Reads Compute Engine for each environment and writes what is observed: resources, instances, conditions.
//! An API that is away is asked less and less often, and the pools say since when.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    ChangeState, FleetSpec, ObservedFleet, Timestamp,
    change::Change,
    condition::{Condition, ConditionStatus, ConditionType, set_condition},
    name,
    plan::plan,
};
use store::{Environment, PlacedInstance};

use super::{Leader, Stopped, pools};
use crate::{Control, Error, planning};

/// While something moves, and while nothing does.
const MOVING: Duration = Duration::from_millis(500);
const RESTING: Duration = Duration::from_secs(3);
/// The longest pause while Compute Engine does not answer.
const AWAY_AT_MOST: Duration = Duration::from_secs(20);
/// Zones and machine types hardly ever change.
const LOCATION_LIFETIME_SECONDS: i64 = 300;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub observed: u32,
    pub unreachable: u32,
    pub next_in: Duration,
}

/// What a round leaves to the next one; losing it costs a look, nothing more.
#[derive(Debug, Default)]
pub struct Pace {
    failures: BTreeMap<String, (u32, Timestamp)>,
    locations: BTreeMap<String, (Timestamp, domain::observed::Location)>,
}

pub async fn reconcile(control: &Control, leader: &Leader, pace: &mut Pace) -> Result<Status, Stopped> {
    let mut status = Status { observed: 0, unreachable: 0, next_in: RESTING };
    let applying = control.store.list_changes_in(&[ChangeState::Applying]).await?;
    for environment in control.store.list_environments().await? {
        let name = environment.name.clone();
        let now = control.clock.now();
        if pace.failures.get(&name).is_some_and(|(_, again_at)| *again_at > now) {
            status.unreachable += 1;
            status.next_in = status.next_in.min(MOVING);
            continue;
        }
        let change = applying.iter().find(|change| change.environment == name);
        match look(control, &environment, change, pace).await {
            Ok(observed) => {
                pace.failures.remove(&name);
                let moving = change.is_some() || observed.groups.values().any(|group| !group.is_stable);
                record(control, leader, &environment, &observed).await?;
                status.observed += 1;
                if moving {
                    status.next_in = MOVING;
                }
            }
            Err(error) => {
                let failures = pace.failures.get(&name).map_or(0, |(count, _)| *count);
                let pause = MOVING.saturating_mul(1 << failures.min(6)).min(AWAY_AT_MOST);
                let again_at = now + chrono::Duration::from_std(pause).unwrap_or_default();
                pace.failures.insert(name, (failures + 1, again_at));
                record_unreachable(control, leader, &environment, &error).await?;
                status.unreachable += 1;
                status.next_in = status.next_in.min(MOVING);
            }
        }
    }
    Ok(status)
}

async fn look(
    control: &Control,
    environment: &Environment,
    change: Option<&Change>,
    pace: &mut Pace,
) -> Result<ObservedFleet, Error> {
    let now = control.clock.now();
    let spec = &environment.spec;
    let before = control.store.observed_fleet(&environment.name).await?.unwrap_or_default();
    let mut ownership = planning::ownership(&[spec]);
    planning::own(&mut ownership, &before.resources);
    for action in change.iter().flat_map(|change| &change.revision.plan.actions) {
        planning::own_step(&mut ownership, &action.step);
    }
    let scope = planning::scope(spec);
    let mut observed = planning::observe(control, spec, &ownership, now).await?;
    let fresh = pace
        .locations
        .get(&environment.name)
        .filter(|(read_at, _)| (now - *read_at).num_seconds() < LOCATION_LIFETIME_SECONDS);
    observed.location = Some(match fresh {
        Some((_, location)) => location.clone(),
        None => {
            let location = control.compute.location(&scope, &planning::machine_types(spec)).await?;
            pace.locations.insert(environment.name.clone(), (now, location.clone()));
            location
        }
    });
    Ok(observed)
}

async fn record(
    control: &Control,
    leader: &Leader,
    environment: &Environment,
    observed: &ObservedFleet,
) -> Result<(), Stopped> {
    let now = control.clock.now();
    let remaining = plan(&environment.spec, observed, now);
    let placed = placed(&environment.spec, observed);
    let mut conditions = environment.conditions.clone();
    set_condition(
        &mut conditions,
        Condition {
            kind: ConditionType::Reachable,
            status: ConditionStatus::True,
            reason: "Answered".to_owned(),
            message: "Compute Engine answers".to_owned(),
            since: now,
        },
    );
    let at = observed.observed_at.unwrap_or(now);
    let rows = control.store.list_pools(&environment.name).await?;
    leader.checkpoints.pass()?;
    let mut tx = leader.begin(control).await?;
    // A declaration that came in between makes this look speak of the former generation.
    let Some(locked) = tx.lock_environment(&environment.name).await? else { return Ok(()) };
    tx.set_observed(&environment.name, observed, at, environment.generation).await?;
    tx.sync_instances(&environment.name, &placed, at).await?;
    tx.set_environment_conditions(&environment.name, &conditions).await?;
    if locked.generation == environment.generation {
        for pool in &rows {
            let seen = pools::assess(&environment.spec, pool, observed, &remaining, now);
            tx.set_pool_status(
                &environment.name,
                &pool.name,
                seen.observed_generation,
                seen.status.as_ref(),
                &seen.conditions,
            )
            .await?;
        }
    }
    tx.commit().await?;
    leader.checkpoints.pass()?;
    Ok(())
}

/// Every VM with its pool's declared name; one of a group that no declaration names any more keeps the group's name.
fn placed(spec: &FleetSpec, observed: &ObservedFleet) -> Vec<PlacedInstance> {
    let pools: BTreeMap<String, &str> = spec
        .agent_pools
        .iter()
        .map(|pool| (name::instance_group(&spec.environment.name_prefix, &pool.name), pool.name.as_str()))
        .collect();
    let all = observed
        .groups
        .iter()
        .flat_map(|(group, status)| status.instances.iter().map(move |one| (group, one)));
    all.map(|(group, instance)| PlacedInstance {
        pool: pools.get(group).map_or_else(|| group.clone(), |pool| (*pool).to_owned()),
        instance: instance.clone(),
    })
    .collect()
}

async fn record_unreachable(
    control: &Control,
    leader: &Leader,
    environment: &Environment,
    error: &Error,
) -> Result<(), Stopped> {
    let now = control.clock.now();
    tracing::warn!(environment = environment.name, error = ?error, "Compute Engine cannot be read");
    let unreachable = Condition {
        kind: ConditionType::Reachable,
        status: ConditionStatus::False,
        reason: "ComputeUnavailable".to_owned(),
        message: match error {
            Error::Unavailable { what, source } => format!("{what} does not answer: {source}"),
            other => other.to_string(),
        },
        since: now,
    };
    let pools = control.store.list_pools(&environment.name).await?;
    let mut tx = leader.begin(control).await?;
    let mut conditions = environment.conditions.clone();
    set_condition(&mut conditions, unreachable.clone());
    tx.set_environment_conditions(&environment.name, &conditions).await?;
    for pool in pools {
        let mut conditions = pool.conditions;
        set_condition(&mut conditions, unreachable.clone());
        tx.set_pool_status(
            &environment.name,
            &pool.name,
            pool.observed_generation,
            pool.status.as_ref(),
            &conditions,
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}
