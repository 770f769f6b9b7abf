//! What a look at Compute Engine says of one pool. Pure: the reconciler of environments writes it.

use domain::{
    FleetSpec, ObservedFleet, Timestamp,
    condition::{Condition, ConditionStatus, ConditionType, set_condition},
    crash_loop::{self, History},
    hindrance,
    instance::InstanceStatus,
    name,
    observed::GroupStatus,
    plan::Plan,
    view::rollout::{Labels, Rollout, RolloutState, VersionRole, rollout},
};
use store::{Pool, PoolStatus};

#[derive(Clone, Debug, PartialEq)]
pub struct Assessment {
    pub observed_generation: i64,
    pub status: Option<PoolStatus>,
    pub conditions: Vec<Condition>,
}

/// `remaining` is the plan from what is observed to what is declared, `history` what crash loops are counted from.
pub fn assess(
    spec: &FleetSpec,
    pool: &Pool,
    observed: &ObservedFleet,
    remaining: &Plan,
    history: &History,
    now: Timestamp,
) -> Assessment {
    let prefix = &spec.environment.name_prefix;
    let group = name::instance_group(prefix, &pool.name);
    let own = [group.clone(), name::autoscaler(prefix, &pool.name), name::health_check(prefix, &pool.name)];
    let open: Vec<String> = remaining
        .actions
        .iter()
        .filter(|action| own.iter().any(|name| name == action.step.name()))
        .map(|action| action.title())
        .collect();
    let found = observed.groups.get(&group);
    let status = found.map(|seen| PoolStatus {
        target_size: seen.target_size,
        running: count(seen.instances.iter().filter(|instance| instance.status == InstanceStatus::Running)),
        is_stable: seen.is_stable,
        version_reached: seen.version_reached,
    });
    let mut conditions = pool.conditions.clone();
    let mut set = |kind, (is_true, reason, message): Said| {
        let status = if is_true { ConditionStatus::True } else { ConditionStatus::False };
        set_condition(
            &mut conditions,
            Condition { kind, status, reason: reason.to_owned(), message, since: now },
        );
    };
    let synced = open.is_empty() && found.is_some();
    set(ConditionType::Reachable, (true, "Answered", "Compute Engine answers".to_owned()));
    set(
        ConditionType::Synced,
        match open.first() {
            _ if synced => (true, "Equal", "observed settings are the desired ones".to_owned()),
            Some(first) => (false, "Differs", format!("still to do: {first}")),
            None => (false, "Missing", format!("the group {group} does not exist")),
        },
    );
    set(ConditionType::Ready, found.map_or_else(|| (false, "Missing", "no VM exists yet".to_owned()), ready));
    if let (Some(seen), Some(settings)) = (found, observed.resources.groups.get(&group)) {
        let rollout = rollout(settings, seen, &Labels::new(), pool.spec.min_ready_sec, now);
        set(ConditionType::Updated, updated(&rollout));
    }
    match found {
        Some(seen) => {
            let scaler = name::autoscaler(prefix, &pool.name);
            let autoscaler =
                observed.resources.autoscalers.get(&scaler).zip(observed.autoscalers.get(&scaler));
            let (delay, fail) = (pool.spec.health_check_initial_delay, crash_loop::checks_fail(&conditions));
            let loops = crash_loop::find(history, &seen.instances, delay, fail, now);
            hindrance::update(&mut conditions, seen, autoscaler, &loops, now);
        }
        None => conditions.retain(|condition| !hindrance::KINDS.contains(&condition.kind)),
    }
    Assessment {
        observed_generation: if synced { pool.generation } else { pool.observed_generation },
        status,
        conditions,
    }
}

/// Whether a condition holds, its reason, and the message.
type Said = (bool, &'static str, String);

fn ready(seen: &GroupStatus) -> Said {
    let failing = seen
        .instances
        .iter()
        .find_map(|instance| instance.failure().map(|error| (instance.name.as_str(), error)));
    let settled = seen.instances.iter().filter(|instance| instance.is_settled()).count();
    let wanted = seen.target_size as usize;
    match failing {
        _ if settled >= wanted && seen.is_stable => {
            (true, "Settled", format!("{wanted} of {wanted} VMs run"))
        }
        Some((instance, error)) => {
            (false, "AttemptFailed", format!("{instance}: {}: {}", error.code, error.message))
        }
        None => (false, "Converging", format!("{settled} of {wanted} VMs run and are settled")),
    }
}

fn updated(rollout: &Rollout) -> Said {
    let share = |role: VersionRole| rollout.versions.iter().find(|share| share.role == role);
    let waits = |otherwise: &str| {
        if rollout.waits_for.is_empty() {
            otherwise.to_owned()
        } else {
            format!("waits for {}", rollout.waits_for.join(", "))
        }
    };
    match rollout.state {
        RolloutState::Settled => (true, "Reached", "every VM runs the declared version".to_owned()),
        RolloutState::Canary => {
            let tried = share(VersionRole::Canary);
            let (vms, version) = tried.map_or((0, ""), |canary| (canary.total, canary.label.digits()));
            let message = format!("{vms} of {} VMs try version {version}, as declared", rollout.target_size);
            (true, "Canary", message)
        }
        RolloutState::Rolling => (false, "Rolling", waits("VMs of other versions are being replaced")),
        RolloutState::Waiting => {
            (false, "Waiting", waits("VMs of other versions stay until somebody updates them"))
        }
        RolloutState::Failing => (false, "AttemptFailed", waits("making VMs fails")),
    }
}

fn count(items: impl Iterator) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use domain::instance::{AttemptError, CurrentAction, Instance};

    use super::*;

    fn settled(name: &str) -> Instance {
        Instance {
            name: name.into(),
            id: Some("7".into()),
            zone: "us-central1-a".into(),
            group: "g".into(),
            status: InstanceStatus::Running,
            current_action: CurrentAction::None,
            template: None,
            address: None,
            created_at: None,
            probe: None,
            last_error: None,
        }
    }

    fn failed(vm: Instance) -> Instance {
        let error = AttemptError { code: "QUOTA_EXCEEDED".into(), message: "no CPUS".into() };
        Instance { last_error: Some(error), ..vm }
    }

    fn creating(name: &str) -> Instance {
        let (status, current_action) = (InstanceStatus::NotYet, CurrentAction::Creating);
        Instance { id: None, status, current_action, ..settled(name) }
    }

    fn said(instances: Vec<Instance>) -> (&'static str, String) {
        let (is_true, reason, message) =
            ready(&GroupStatus { target_size: 3, instances, ..Default::default() });
        assert!(!is_true);
        (reason, message)
    }

    #[test]
    fn an_error_of_a_vm_that_runs_keeps_no_pool_from_converging() {
        let (old, new) = (failed(settled("a")), settled("b"));
        let converging = ("Converging", "2 of 3 VMs run and are settled".to_owned());
        assert_eq!(said(vec![old.clone(), new.clone(), creating("c")]), converging);

        let fails = |name: &str| ("AttemptFailed", format!("{name}: QUOTA_EXCEEDED: no CPUS"));
        assert_eq!(said(vec![old, new.clone(), failed(creating("c"))]), fails("c"));
        let recreated = Instance { current_action: CurrentAction::Recreating, ..failed(settled("d")) };
        assert_eq!(said(vec![recreated, new]), fails("d"), "the attempt that failed is this one's");
    }

    #[test]
    fn an_error_of_a_vm_that_was_made_or_leaves_is_history() {
        let new = settled("a");
        let converging = ("Converging", "1 of 3 VMs run and are settled".to_owned());
        for current_action in [CurrentAction::Verifying, CurrentAction::Deleting, CurrentAction::Abandoning] {
            let old = Instance { current_action, ..failed(settled("b")) };
            assert_eq!(said(vec![old, new.clone()]), converging);
        }
        let preempted = Instance { status: InstanceStatus::Terminated, ..failed(settled("c")) };
        assert_eq!(said(vec![preempted, new]), converging, "it was made, and stands still");
    }
}
