//! Reads Compute Engine for each environment and writes what is observed: resources, instances, conditions.
//! An API that is away is asked less and less often, and the pools say since when.

mod pace;

use std::{collections::BTreeMap, time::Duration};

use chrono::TimeDelta;
use compute::Ownership;
use domain::{
    ChangeState, FleetSpec, ObservedFleet, Timestamp,
    autoscaling::Sample,
    change::Change,
    condition::{Condition, ConditionStatus, ConditionType, set_condition},
    crash_loop,
    instance::{Instance, InstanceStatus},
    name,
    observed::Location,
    plan::plan,
};
use futures_util::future::join_all;
use store::{Environment, PlacedInstance};

use super::{Leader, Stopped, applied, costs, pools};
use crate::{Control, Error, crash_loops, planning};

pub use pace::Pace;

/// While something moves, and while nothing does.
const MOVING: Duration = Duration::from_millis(500);
const RESTING: Duration = Duration::from_secs(3);
/// A listing that changed nothing is written this often all the same: the store notes when it saw each VM last.
const SAME_LISTING: TimeDelta = TimeDelta::minutes(1);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub observed: u32,
    pub unreachable: u32,
    pub next_in: Duration,
}

/// One environment with what is needed to look at it.
struct Subject {
    environment: Environment,
    before: ObservedFleet,
    ownership: Ownership,
    location: Option<Location>,
    applying: bool,
}

pub async fn reconcile(control: &Control, leader: &Leader, pace: &mut Pace) -> Result<Status, Stopped> {
    let mut status = Status { observed: 0, unreachable: 0, next_in: RESTING };
    let applying = control.store.list_changes_in(&[ChangeState::Applying]).await?.changes;
    let environments = control.store.list_environments().await?;
    pace.keep_only(&environments);
    let now = control.clock.now();
    // One environment's fault is told once all have had their turn.
    let mut fault = None;
    let mut subjects = Vec::new();
    for environment in environments {
        if let Some(rest) = pace.rests(&environment.name, now) {
            status.unreachable += 1;
            status.next_in = status.next_in.min(rest.max(MOVING));
            continue;
        }
        let change = applying.iter().find(|change| change.environment == environment.name);
        subjects.extend(keep_fault(prepare(control, environment, change, pace, now).await, &mut fault)?);
    }
    // All at once: one whose API hangs must not hide the others.
    let looks = join_all(subjects.iter().map(|subject| look(control, subject, now))).await;
    for (subject, seen) in subjects.iter().zip(looks) {
        let name = &subject.environment.name;
        match seen {
            Ok(observed) => {
                pace.failures.remove(name);
                if let (None, Some(location)) = (&subject.location, &observed.location) {
                    pace.locations.insert(name.clone(), (now, location.clone()));
                }
                keep_fault(record(control, leader, subject, &observed, pace).await, &mut fault)?;
                status.observed += 1;
                if subject.applying || observed.groups.values().any(|group| !group.is_stable) {
                    status.next_in = MOVING;
                }
            }
            Err(error) => {
                let pause = pace.failed(name, control.clock.now());
                let recorded = record_unreachable(control, leader, &subject.environment, &error).await;
                keep_fault(recorded, &mut fault)?;
                status.unreachable += 1;
                status.next_in = status.next_in.min(pause);
            }
        }
    }
    fault.map_or(Ok(status), |error| Err(Stopped::Failed(error)))
}

/// Puts a fault aside; whoever was killed or deposed stops at once.
fn keep_fault<T>(result: Result<T, Stopped>, fault: &mut Option<Error>) -> Result<Option<T>, Stopped> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(Stopped::Failed(error)) => {
            fault.get_or_insert(error);
            Ok(None)
        }
        Err(gone) => Err(gone),
    }
}

async fn prepare(
    control: &Control,
    environment: Environment,
    change: Option<&Change>,
    pace: &Pace,
    now: Timestamp,
) -> Result<Subject, Stopped> {
    let before = control.store.observed_fleet(&environment.name).await?.unwrap_or_default();
    let mut ownership = planning::ownership(&[&environment.spec]);
    planning::own(&mut ownership, &before.resources);
    for action in change.iter().flat_map(|change| &change.revision.plan.actions) {
        planning::own_step(&mut ownership, &action.step);
    }
    let location = pace.location(&environment.name, now);
    Ok(Subject { before, ownership, location, applying: change.is_some(), environment })
}

async fn look(control: &Control, subject: &Subject, now: Timestamp) -> Result<ObservedFleet, compute::Error> {
    let spec = &subject.environment.spec;
    let mut observed = planning::observe(control, spec, &subject.ownership, now).await?;
    observed.location = Some(match &subject.location {
        Some(location) => location.clone(),
        None => control.compute.location(&planning::scope(spec), &planning::machine_types(spec)).await?,
    });
    Ok(observed)
}

/// Writes one look at an environment that was taken elsewhere, as every round writes its own.
pub async fn record_look(
    control: &Control,
    leader: &Leader,
    environment: Environment,
    observed: &ObservedFleet,
) -> Result<(), Stopped> {
    let pace = &mut Pace::default();
    let subject = prepare(control, environment, None, pace, control.clock.now()).await?;
    record(control, leader, &subject, observed, pace).await
}

async fn record(
    control: &Control,
    leader: &Leader,
    subject: &Subject,
    observed: &ObservedFleet,
    pace: &mut Pace,
) -> Result<(), Stopped> {
    let now = control.clock.now();
    let environment = &subject.environment;
    let remaining = plan(&environment.spec, observed, now);
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
    if !subject.applying
        && let Some(applied) = applied::assess(control, environment, &remaining, now).await?
    {
        set_condition(&mut conditions, applied);
    }
    let failed = conditions.iter().find(|condition| {
        condition.kind == ConditionType::Applied
            && condition.status == ConditionStatus::False
            && !subject.applying
    });
    let at = observed.observed_at.unwrap_or(now);
    let listed = (!same_listing(subject, observed, pace, now)).then(|| placed(&environment.spec, observed));
    let rows = control.store.list_pools(&environment.name).await?;
    let patience = rows.iter().map(|pool| pool.spec.health_check_initial_delay).max().unwrap_or_default();
    let looks_back = crash_loop::looks_back(patience);
    let history = match pace.take_history(&environment.name, looks_back) {
        Some(known) => known,
        None => crash_loops::history(control, &environment.name, None, now - looks_back).await?,
    };
    leader.checkpoints.pass()?;
    let mut tx = leader.begin(control).await?;
    // A declaration that came in between makes this look speak of the former generation.
    let Some(locked) = tx.lock_environment(&environment.name).await? else { return Ok(()) };
    for (pool, sample) in samples(&environment.spec, observed, at) {
        tx.keep_autoscaling_sample(&environment.name, &pool, &sample).await?;
    }
    tx.set_observed(&environment.name, observed, at, environment.generation).await?;
    if let Some(listed) = &listed {
        costs::record_runs(&mut tx, environment, observed, listed, at, locked.observed_at).await?;
        tx.sync_instances(&environment.name, listed, at).await?;
    }
    tx.set_environment_conditions(&environment.name, &conditions).await?;
    if locked.generation == environment.generation {
        for pool in &rows {
            let mut seen = pools::assess(&environment.spec, pool, observed, &remaining, &history, now);
            applied::tell_pool(&mut seen.conditions, failed);
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
    leader.checkpoints.pass()?;
    tx.commit().await?;
    if listed.is_some() {
        pace.listed.insert(environment.name.clone(), now);
    } else {
        // Only with a listing that is written VMs begin to run: until then nobody asks again.
        pace.histories.insert(environment.name.clone(), (looks_back, history));
    }
    leader.checkpoints.pass()?;
    Ok(())
}

/// Whether the stored rows of the instances already say what was listed, and under the same declaration.
/// Writing thousands of rows twice a second to say nothing new would be most of the database's work.
fn same_listing(subject: &Subject, observed: &ObservedFleet, pace: &Pace, now: Timestamp) -> bool {
    let environment = &subject.environment;
    let recent = pace.listed.get(&environment.name).is_some_and(|at| now - *at < SAME_LISTING);
    recent
        && environment.observed_generation == environment.generation
        && sorted(&subject.before) == sorted(observed)
}

fn sorted(fleet: &ObservedFleet) -> Vec<&Instance> {
    let mut instances: Vec<&Instance> = fleet.groups.values().flat_map(|group| &group.instances).collect();
    instances.sort_unstable_by_key(|instance| (&instance.zone, &instance.name));
    instances
}

/// What each autoscaler of the declaration recommends beside what runs.
fn samples(spec: &FleetSpec, observed: &ObservedFleet, at: Timestamp) -> Vec<(String, Sample)> {
    let prefix = &spec.environment.name_prefix;
    spec.agent_pools
        .iter()
        .filter_map(|pool| {
            let name = name::autoscaler(prefix, &pool.name);
            let scaler = observed.resources.autoscalers.get(&name)?;
            let group = observed.groups.get(&name::instance_group(prefix, &pool.name))?;
            let running = group.instances.iter().filter(|vm| vm.status == InstanceStatus::Running).count();
            let sample = Sample {
                at,
                running: u32::try_from(running).unwrap_or(u32::MAX),
                target: group.target_size,
                recommended: observed.autoscalers.get(&name).and_then(|status| status.recommended_size),
                minimum: scaler.min_replicas,
                maximum: scaler.max_replicas.max(scaler.min_replicas),
            };
            Some((pool.name.clone(), sample))
        })
        .collect()
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
    error: &compute::Error,
) -> Result<(), Stopped> {
    let now = control.clock.now();
    tracing::warn!(environment = environment.name, error = ?error, "Compute Engine cannot be read");
    let unreachable = Condition {
        kind: ConditionType::Reachable,
        status: ConditionStatus::False,
        reason: "ComputeUnavailable".to_owned(),
        message: format!("Compute Engine does not answer: {error}"),
        since: now,
    };
    let pools = control.store.list_pools(&environment.name).await?;
    leader.checkpoints.pass()?;
    let mut tx = leader.begin(control).await?;
    // Pools of another declaration than the one that was read get their word in the next round.
    match tx.lock_environment(&environment.name).await? {
        Some(locked) if locked.generation == environment.generation => {}
        _ => return Ok(()),
    }
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
    leader.checkpoints.pass()?;
    Ok(())
}
