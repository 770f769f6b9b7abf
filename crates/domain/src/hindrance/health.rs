//! What its health checks say of a pool that does not grow.

use chrono::TimeDelta;

use super::Hindrance;
use crate::{
    Timestamp,
    condition::{Condition, ConditionStatus, ConditionType},
    crash_loop::CrashLoop,
    instance::{CurrentAction, Instance, ProbeHealth},
    observed::GroupStatus,
};

/// How long VMs that start may fail their health check before that is called a fault.
const STARTING: TimeDelta = TimeDelta::minutes(2);
const STARTS: &str = "Starting";
const UNHEALTHY: &str = "Unhealthy";

/// VMs that fail their health check. Those that start may fail it for a while; a group that makes VMs anew because of it shows no
/// probe meanwhile, and the condition stays until none is left whose health is awaited.
pub(super) fn fails(
    before: &[Condition],
    group: &GroupStatus,
    loops: &[CrashLoop],
    now: Timestamp,
) -> Option<Hindrance> {
    let known = before.iter().find(|condition| condition.kind == ConditionType::Healthy);
    let fails = |vm: &&Instance| matches!(vm.probe, Some(ProbeHealth::Unhealthy | ProbeHealth::Timeout));
    let failing: Vec<&Instance> = group.instances.iter().filter(fails).collect();
    let Some(first) = failing.first() else {
        return known.filter(|_| group.instances.iter().any(is_awaited)).map(|known| Hindrance {
            kind: ConditionType::Healthy,
            status: known.status,
            reason: if known.status == ConditionStatus::False { UNHEALTHY } else { STARTS },
            message: known.message.clone(),
        });
    };
    let starting = failing.iter().all(|vm| vm.current_action == CurrentAction::Verifying);
    let state = first.probe.as_ref().map_or("UNKNOWN", ProbeHealth::as_str);
    let counted = format!("{} of {} VMs", failing.len(), group.instances.len());
    let (status, reason, message) = if starting && !took_too_long(known, &failing, loops, now) {
        (ConditionStatus::Unknown, STARTS, format!("{counted} start and do not pass their health check yet"))
    } else {
        let message = format!("{counted} fail their health check: {} is {state}", first.name);
        (ConditionStatus::False, UNHEALTHY, message)
    };
    Some(Hindrance { kind: ConditionType::Healthy, status, reason, message })
}

/// Whether VMs that start had their time. A rollout keeps the condition from its first new VM on, so that each VM's own age counts as
/// well; one that is made anew before it is old enough shows by going round. A restart makes no VM younger, and when each began to
/// start again is not kept: those that are restarted in a row share the time of the first.
fn took_too_long(
    known: Option<&Condition>,
    failing: &[&Instance],
    loops: &[CrashLoop],
    now: Timestamp,
) -> bool {
    let over = |since: Timestamp| now - since >= STARTING;
    let fault = known.is_some_and(|known| {
        known.status == ConditionStatus::False
            || (over(known.since) && failing.iter().any(|vm| vm.created_at.is_none_or(over)))
    });
    fault || loops.iter().any(|one| one.probe_fails)
}

/// It is not known yet whether it will pass. One that cannot be made has no health to wait for: why it cannot is a condition of its
/// own, with a remedy of its own.
fn is_awaited(vm: &Instance) -> bool {
    match &vm.current_action {
        CurrentAction::Verifying
        | CurrentAction::Recreating
        | CurrentAction::Restarting
        | CurrentAction::Refreshing => true,
        CurrentAction::Creating | CurrentAction::CreatingWithoutRetries => vm.failure().is_none(),
        CurrentAction::None | CurrentAction::Deleting | CurrentAction::Abandoning => false,
        CurrentAction::Other(word) => matches!(word.as_str(), "STARTING" | "RESUMING"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        hindrance::update,
        instance::{AttemptError, InstanceStatus},
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn vm(name: &str, action: CurrentAction, probe: Option<ProbeHealth>) -> Instance {
        Instance {
            name: name.to_owned(),
            id: None,
            zone: "us-central1-b".to_owned(),
            group: "g".to_owned(),
            status: if probe.is_some() { InstanceStatus::Running } else { InstanceStatus::NotYet },
            current_action: action,
            template: Some("t".to_owned()),
            address: None,
            created_at: None,
            probe,
            last_error: None,
        }
    }

    fn probed(action: CurrentAction, probe: ProbeHealth) -> Instance {
        vm("a", action, Some(probe))
    }

    fn well(name: &str) -> Instance {
        vm(name, CurrentAction::None, Some(ProbeHealth::Healthy))
    }

    /// One that boots, made at that second.
    fn boots(name: &str, second: i64) -> Instance {
        let made = vm(name, CurrentAction::Verifying, Some(ProbeHealth::Unhealthy));
        Instance { created_at: Some(at(second)), ..made }
    }

    fn look(conditions: &mut Vec<Condition>, instances: Vec<Instance>, second: i64) {
        let seen = GroupStatus { instances, ..GroupStatus::default() };
        update(conditions, &seen, None, &[], at(second));
    }

    #[test]
    fn vms_that_start_get_their_time_and_those_that_ran_do_not() {
        let mut conditions = Vec::new();
        let starts = || vec![probed(CurrentAction::Verifying, ProbeHealth::Unhealthy)];
        look(&mut conditions, starts(), 0);
        assert_eq!(
            (conditions[0].status, conditions[0].reason.as_str()),
            (ConditionStatus::Unknown, "Starting")
        );
        look(&mut conditions, starts(), 119);
        assert_eq!(conditions[0].status, ConditionStatus::Unknown);
        look(&mut conditions, starts(), 120);
        assert_eq!(
            (conditions[0].status, conditions[0].reason.as_str()),
            (ConditionStatus::False, "Unhealthy")
        );

        let mut conditions = Vec::new();
        look(&mut conditions, vec![probed(CurrentAction::None, ProbeHealth::Timeout)], 0);
        assert_eq!(conditions[0].message, "1 of 1 VMs fail their health check: a is TIMEOUT");
        // It is made anew: nothing is probed, and nothing is well yet.
        look(&mut conditions, vec![vm("a", CurrentAction::Recreating, None)], 1);
        look(&mut conditions, vec![probed(CurrentAction::Verifying, ProbeHealth::Unknown)], 2);
        assert_eq!((conditions[0].status, conditions[0].since), (ConditionStatus::False, at(0)));
        look(&mut conditions, vec![well("a")], 3);
        assert_eq!(conditions, []);
    }

    #[test]
    fn each_vm_of_a_rollout_gets_its_own_time() {
        let mut conditions = Vec::new();
        look(&mut conditions, vec![boots("a", 0), well("b"), well("c")], 20);
        // One follows the other: the condition is as old as the rollout.
        look(&mut conditions, vec![well("a"), vm("d", CurrentAction::Creating, None), well("c")], 60);
        look(&mut conditions, vec![well("a"), boots("d", 70), well("c")], 189);
        assert_eq!((conditions[0].status, conditions[0].since), (ConditionStatus::Unknown, at(20)));
        assert_eq!(conditions[0].message, "1 of 3 VMs start and do not pass their health check yet");
        look(&mut conditions, vec![well("a"), boots("d", 70), well("c")], 190);
        assert_eq!(
            (conditions[0].status, conditions[0].message.as_str()),
            (ConditionStatus::False, "1 of 3 VMs fail their health check: d is UNHEALTHY")
        );
    }

    #[test]
    fn a_vm_that_is_started_again_gets_its_time_too() {
        let mut conditions = Vec::new();
        look(&mut conditions, vec![boots("a", -9_000)], 0);
        assert_eq!(conditions[0].status, ConditionStatus::Unknown, "it is old, and began a moment ago");
        look(&mut conditions, vec![boots("a", -9_000)], 120);
        assert_eq!(conditions[0].status, ConditionStatus::False);
    }

    #[test]
    fn vms_that_are_started_again_in_a_row_share_the_time_of_the_first() {
        let mut conditions = Vec::new();
        look(&mut conditions, vec![boots("a", -9_000), well("b")], 0);
        let restarted = vm("b", CurrentAction::Restarting, None);
        look(&mut conditions, vec![well("a"), restarted], 110);
        look(&mut conditions, vec![well("a"), boots("b", -9_000)], 119);
        assert_eq!((conditions[0].status, conditions[0].since), (ConditionStatus::Unknown, at(0)));
        look(&mut conditions, vec![well("a"), boots("b", -9_000)], 120);
        assert_eq!(conditions[0].status, ConditionStatus::False);
    }

    #[test]
    fn a_vm_that_is_made_anew_before_its_time_is_over_shows_by_going_round() {
        let round = |probe_fails| CrashLoop {
            zone: "us-central1-b".to_owned(),
            name: "a".to_owned(),
            made_anew: 3,
            since: at(0),
            making: false,
            probe_fails,
        };
        let status = |probe_fails| {
            let seen = GroupStatus { instances: vec![boots("a", 300)], ..GroupStatus::default() };
            fails(&[], &seen, &[round(probe_fails)], at(330)).map(|found| found.status)
        };
        assert_eq!(status(true), Some(ConditionStatus::False));
        assert_eq!(status(false), Some(ConditionStatus::Unknown));
    }

    #[test]
    fn one_that_cannot_be_made_keeps_no_word_of_health() {
        let error = AttemptError {
            code: "ZONE_RESOURCE_POOL_EXHAUSTED".to_owned(),
            message: "no machine".to_owned(),
        };
        let waits = Instance { last_error: Some(error), ..vm("b", CurrentAction::Creating, None) };
        for action in [CurrentAction::Verifying, CurrentAction::None] {
            let mut conditions = Vec::new();
            look(&mut conditions, vec![probed(action, ProbeHealth::Timeout), waits.clone()], 0);
            let kinds: Vec<ConditionType> = conditions.iter().map(|one| one.kind).collect();
            assert_eq!(kinds, [ConditionType::CapacityAvailable, ConditionType::Healthy]);
            look(&mut conditions, vec![well("a"), waits.clone()], 9);
            let kinds: Vec<ConditionType> = conditions.iter().map(|one| one.kind).collect();
            assert_eq!(kinds, [ConditionType::CapacityAvailable]);
            // One that is on its way may still fail as those before it did.
            look(&mut conditions, vec![probed(CurrentAction::None, ProbeHealth::Timeout)], 10);
            look(&mut conditions, vec![well("a"), vm("b", CurrentAction::Creating, None)], 11);
            assert_eq!(conditions[0].kind, ConditionType::Healthy);
        }
    }
}
