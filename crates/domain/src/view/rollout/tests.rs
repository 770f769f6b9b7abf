use chrono::TimeDelta;

use super::*;
use crate::{
    Amount,
    instance::{AttemptError, CurrentAction, InstanceStatus, ProbeHealth},
    pool::ReplacementMethod,
    resource::{Canary, UpdatePolicy},
};

fn now() -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000, 0).unwrap()
}

fn group(canary: Option<u32>) -> InstanceGroup {
    InstanceGroup {
        name: "g".into(),
        base_instance_name: "agent-web".into(),
        description: String::new(),
        template: "t-agent-web-00000001".into(),
        canary: canary
            .map(|vms| Canary { template: "t-agent-web-00000002".into(), target_size: Amount::Fixed(vms) }),
        target_size: 3,
        zones: vec!["a".into(), "b".into()],
        named_ports: Vec::new(),
        update_policy: UpdatePolicy {
            update_type: UpdateType::Proactive,
            replacement_method: ReplacementMethod::Substitute,
            max_surge: Amount::Fixed(2),
            max_unavailable: Amount::NONE,
        },
        auto_healing: None,
    }
}

fn vm(name: &str, version: u32, age: i64) -> Instance {
    Instance {
        name: name.into(),
        id: Some("1".into()),
        zone: "a".into(),
        group: "g".into(),
        status: InstanceStatus::Running,
        current_action: CurrentAction::None,
        template: Some(format!("t-agent-web-0000000{version}")),
        address: None,
        created_at: Some(now() - chrono::Duration::seconds(age)),
        probe: Some(ProbeHealth::Healthy),
        last_error: None,
    }
}

fn status(is_stable: bool, instances: Vec<Instance>) -> GroupStatus {
    GroupStatus { target_size: 3, is_stable, version_reached: is_stable, instances }
}

fn labels() -> Labels {
    [1, 2]
        .map(|number| {
            let resource = format!("t-agent-web-0000000{number}");
            let label = VersionLabel { template: "web".into(), number: Some(number), resource };
            (label.resource.clone(), label)
        })
        .into()
}

fn seen(group: &InstanceGroup, status: &GroupStatus) -> Rollout {
    rollout(group, status, &labels(), 60, now())
}

#[test]
fn a_group_of_one_version_is_settled_and_waits_for_nothing() {
    let settled = seen(&group(None), &status(true, vec![vm("x", 1, 9), vm("y", 1, 9), vm("z", 1, 9)]));
    assert_eq!(settled.state, RolloutState::Settled);
    assert_eq!((settled.waits_for.len(), settled.next.len()), (0, 0));
    assert!(settled.squares.iter().all(|one| !one.is_new && settled.label(one).short() == "v1"));
}

#[test]
fn a_canary_runs_beside_its_pool_and_may_be_promoted_when_it_is_old_enough() {
    let tried = |age| status(true, vec![vm("x", 1, 900), vm("y", 1, 900), vm("z", 2, age)]);
    let young = seen(&group(Some(1)), &tried(20));
    assert_eq!(young.state, RolloutState::Canary);
    let hold = young.holds_promotion.unwrap();
    assert_eq!(hold.until, Some(now() + TimeDelta::seconds(40)));
    assert!(hold.said(now()).ends_with("60 s old, as min_ready_sec says: 40 s are left"));
    assert!(hold.said(now() + TimeDelta::milliseconds(39_001)).contains("1 s are left"));
    let old = seen(&group(Some(1)), &tried(61));
    assert_eq!(old.holds_promotion, None);
    let shares: Vec<_> = old.versions.iter().map(|v| (v.label.long(), v.role, v.wanted, v.ready)).collect();
    assert_eq!(
        shares,
        [("web v1".into(), VersionRole::Own, 2, 2), ("web v2".into(), VersionRole::Canary, 1, 1)]
    );
    assert_eq!(old.squares.iter().filter(|square| square.is_new).count(), 1);
}

#[test]
fn a_canary_that_does_not_serve_is_not_promoted() {
    let mut ill = vm("z", 2, 900);
    ill.probe = Some(ProbeHealth::Timeout);
    let rollout = seen(&group(Some(1)), &status(true, vec![vm("x", 1, 9), vm("y", 1, 9), ill]));
    let hold = rollout.holds_promotion.unwrap();
    assert!(hold.why.starts_with("0 of 1") && hold.until.is_none(), "{hold:?}");
    assert_eq!(rollout.state, RolloutState::Canary, "both versions run as declared");
    assert_eq!(rollout.squares[2].state, SquareState::Ill);
}

#[test]
fn a_vm_that_stopped_is_not_told_to_start() {
    let mut gone = vm("z", 1, 900);
    gone.status = InstanceStatus::Terminated;
    let seen = |last: &Instance| {
        seen(&group(None), &status(false, vec![vm("x", 1, 9), vm("y", 1, 9), last.clone()]))
    };
    let stopped = seen(&gone);
    assert_eq!((stopped.state, stopped.squares[2].state), (RolloutState::Rolling, SquareState::Stopped));
    assert_eq!(stopped.waits_for, ["1 VM, stopped, to run again"]);
    // It was made: what failed before that is history.
    gone.last_error = Some(AttemptError { code: "QUOTA_EXCEEDED".into(), message: "no CPUS".into() });
    let preempted = seen(&gone);
    assert_eq!((preempted.state, preempted.squares[2].state), (RolloutState::Rolling, SquareState::Stopped));
    assert_eq!(preempted.waits_for, ["1 VM, stopped, to run again"]);
    gone.last_error = None;
    // Its group is at it, or it boots.
    gone.current_action = CurrentAction::Recreating;
    assert_eq!(seen(&gone).squares[2].state, SquareState::Starting);
    (gone.current_action, gone.status) = (CurrentAction::None, InstanceStatus::Staging);
    assert_eq!(seen(&gone).squares[2].state, SquareState::Starting);
}

#[test]
fn an_ill_vm_of_the_declared_version_is_no_rollout_but_waits_to_be_healed() {
    let mut ill = vm("z", 1, 900);
    ill.probe = Some(ProbeHealth::Unhealthy);
    let vms = |last| vec![vm("x", 1, 9), vm("y", 1, 9), last];
    let settled = seen(&group(None), &status(true, vms(ill.clone())));
    assert_eq!(settled.state, RolloutState::Settled);
    assert_eq!(settled.waits_for, ["1 VM, whose check fails, to be healed"]);
    assert_eq!((settled.versions[0].ready, settled.versions[0].total), (2, 3));
    // Once it is being made anew, a VM is to come, and the pool is not settled.
    ill.current_action = CurrentAction::Recreating;
    assert_eq!(seen(&group(None), &status(false, vms(ill.clone()))).state, RolloutState::Rolling);
    // A VM of another version is one, ill or not.
    let old = Instance {
        template: Some("t-agent-web-00000002".into()),
        current_action: CurrentAction::None,
        ..ill
    };
    assert_eq!(seen(&group(None), &status(true, vms(old))).state, RolloutState::Rolling);
}

#[test]
fn a_rollout_says_what_it_waits_for_and_what_is_left() {
    let mut new = vm("w", 1, 5);
    new.current_action = CurrentAction::Verifying;
    let rolling = seen(&group(None), &status(false, vec![vm("x", 2, 9), vm("y", 2, 9), vm("z", 2, 9), new]));
    assert_eq!(rolling.state, RolloutState::Rolling);
    assert_eq!(rolling.waits_for, ["1 new VM to pass its check"]);
    assert!(rolling.next[0].starts_with("3 VMs of web v2"), "{:?}", rolling.next);
    assert_eq!(rolling.versions[1].role, VersionRole::Old);
}

#[test]
fn a_square_has_the_label_of_its_version_even_where_that_is_leaving_or_unknown() {
    let (mut leaving, mut unmade) = (vm("y", 2, 9), vm("z", 1, 9));
    leaving.current_action = CurrentAction::Deleting;
    unmade.template = None;
    let rollout = seen(&group(None), &status(false, vec![leaving, vm("x", 1, 9), unmade]));
    let labels: Vec<_> =
        rollout.squares.iter().map(|square| (square.name.as_str(), rollout.label(square).long())).collect();
    assert_eq!(labels, [("x", "web v1".into()), ("y", "web v2".into()), ("z", String::new())]);
    assert_eq!((rollout.versions.len(), rollout.squares[0].version), (1, 0));
}

#[test]
fn an_opportunistic_group_waits_for_somebody() {
    let mut group = group(None);
    group.update_policy.update_type = UpdateType::Opportunistic;
    let waiting = seen(&group, &status(true, vec![vm("x", 1, 9), vm("y", 2, 9), vm("z", 2, 9)]));
    assert_eq!(waiting.state, RolloutState::Waiting);
    assert!(waiting.waits_for[0].contains("2 VMs"), "{:?}", waiting.waits_for);
}

#[test]
fn a_failure_is_told_in_the_services_own_words() {
    let mut failing = vm("z", 1, 9);
    failing.id = None;
    failing.status = InstanceStatus::NotYet;
    failing.current_action = CurrentAction::Creating;
    failing.last_error = Some(AttemptError { code: "QUOTA_EXCEEDED".into(), message: "no CPUS".into() });
    let rollout = seen(&group(None), &status(false, vec![vm("x", 1, 9), vm("y", 1, 9), failing]));
    assert_eq!(rollout.state, RolloutState::Failing);
    assert!(rollout.waits_for.iter().any(|why| why.contains("QUOTA_EXCEEDED")), "{:?}", rollout.waits_for);
}

#[test]
fn an_error_of_a_vm_that_was_made_is_history() {
    let mut made = vm("y", 1, 9);
    made.last_error = Some(AttemptError { code: "QUOTA_EXCEEDED".into(), message: "no CPUS".into() });
    let mut new = vm("z", 1, 5);
    (new.current_action, new.last_error) = (CurrentAction::Verifying, made.last_error.clone());
    let rollout = seen(&group(None), &status(false, vec![vm("x", 1, 9), made, new]));
    assert_eq!(rollout.state, RolloutState::Rolling);
    assert_eq!(rollout.waits_for, ["1 new VM to pass its check"]);
}
