use proptest::prelude::*;

use super::*;
use crate::heartbeat::HeartbeatMetrics;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_000_000 + seconds, 0).unwrap()
}

fn instance() -> Instance {
    Instance {
        name: "agent-backend-pool-ab12".into(),
        id: Some("7".into()),
        zone: "us-central1-a".into(),
        group: "genesis-pool-backend-pool".into(),
        status: InstanceStatus::Running,
        current_action: CurrentAction::None,
        template: Some("t".into()),
        address: None,
        created_at: Some(at(0)),
        probe: Some(ProbeHealth::Healthy),
        last_error: None,
    }
}

fn said(status: HeartbeatStatus, seconds: i64) -> LastHeartbeat {
    LastHeartbeat {
        received_at: at(seconds),
        heartbeat: Heartbeat {
            boot_id: "b".into(),
            sequence: 1,
            uptime_seconds: 1,
            version: "0.1.0".into(),
            status,
            agent_type: "backend-developer".into(),
            environment: "dev".into(),
            metrics: HeartbeatMetrics {
                tasks_completed_total: 0,
                cpu_utilization_percent: 1.0,
                memory_usage_bytes: 1,
                disk_usage_percent: 1.0,
            },
        },
    }
}

fn state(instance: &Instance, last: Option<&LastHeartbeat>, seconds: i64) -> AgentState {
    agent_state(instance, last, Thresholds::default(), at(0), at(seconds))
}

#[test]
fn who_was_not_listened_to_is_not_silent() {
    let last = said(HeartbeatStatus::Healthy, 0);
    let state =
        |listening, now| agent_state(&instance(), Some(&last), Thresholds::default(), at(listening), at(now));
    assert_eq!(state(0, 600), AgentState::Silent);
    assert_eq!(state(600, 610), AgentState::Healthy, "a restart makes nobody silent");
    assert_eq!(state(600, 631), AgentState::Silent, "and excuses nobody for longer than the rest");
}

#[test]
fn a_pool_may_have_its_own_patience() {
    let mut pool = PoolSpec::new("web", crate::AgentType::BackendDeveloper, "t");
    assert_eq!(Thresholds::of(&pool), Thresholds::default());
    pool.heartbeat_late_after = Some(40);
    pool.heartbeat_silent_after = Some(90);
    pool.health_check_initial_delay = 900;
    let expected = Thresholds { late_after_seconds: 40, silent_after_seconds: 90, start_within_seconds: 900 };
    assert_eq!(Thresholds::of(&pool), expected);
}

#[test]
fn age_decides_between_healthy_late_and_silent() {
    let last = said(HeartbeatStatus::Healthy, 0);
    assert_eq!(state(&instance(), Some(&last), 15), AgentState::Healthy);
    assert_eq!(state(&instance(), Some(&last), 16), AgentState::Late);
    assert_eq!(state(&instance(), Some(&last), 31), AgentState::Silent);
}

#[test]
fn a_threshold_is_passed_at_its_moment_and_not_a_second_later() {
    let last = said(HeartbeatStatus::Healthy, 0);
    let state = |last: Option<&LastHeartbeat>, milliseconds| {
        let now = at(0) + TimeDelta::milliseconds(milliseconds);
        agent_state(&instance(), last, Thresholds::default(), at(0), now)
    };
    assert_eq!(state(Some(&last), 15_000), AgentState::Healthy);
    assert_eq!(state(Some(&last), 15_001), AgentState::Late);
    assert_eq!(state(Some(&last), 30_000), AgentState::Late);
    assert_eq!(state(Some(&last), 30_001), AgentState::Silent);
    assert_eq!(state(None, 300_000), AgentState::Starting);
    assert_eq!(state(None, 300_001), AgentState::Silent);
}

proptest! {
    /// Whoever looks again only after that moment misses no passing.
    #[test]
    fn a_state_stays_until_the_moment_that_is_told(
        heard in proptest::option::of(0_i64..40_000),
        status in prop_oneof![
            Just(HeartbeatStatus::Healthy), Just(HeartbeatStatus::Degraded),
            Just(HeartbeatStatus::Unhealthy), Just(HeartbeatStatus::Stopped)
        ],
        listening in 0_i64..40_000,
        now in 0_i64..400_000,
        later in 0_i64..400_000,
    ) {
        let moment = |milliseconds| at(0) + TimeDelta::milliseconds(milliseconds);
        let last = heard.map(|heard| LastHeartbeat { received_at: moment(heard), ..said(status, 0) });
        let (now, later) = (moment(now), moment(now + later));
        let look = |now| agent_state(&instance(), last.as_ref(), Thresholds::default(), moment(listening), now);
        let until = stays_until(&instance(), last.as_ref(), Thresholds::default(), moment(listening), now);
        prop_assert!(until.is_none_or(|until| now <= until));
        if look(now) != look(later) {
            prop_assert!(until.is_some_and(|until| until < later));
        }
    }
}

#[test]
fn a_word_or_a_probe_makes_it_ill() {
    assert_eq!(state(&instance(), Some(&said(HeartbeatStatus::Unhealthy, 0)), 1), AgentState::Ill);
    let mut probed = instance();
    probed.probe = Some(ProbeHealth::Timeout);
    assert_eq!(state(&probed, Some(&said(HeartbeatStatus::Healthy, 0)), 1), AgentState::Ill);
}

#[test]
fn probes_of_a_new_vm_fail_until_its_time_is_over() {
    let mut new = instance();
    new.current_action = CurrentAction::Verifying;
    new.probe = Some(ProbeHealth::Unhealthy);
    let after = |uptime_seconds| {
        let mut last = said(HeartbeatStatus::Healthy, 0);
        last.heartbeat.uptime_seconds = uptime_seconds;
        last
    };
    assert_eq!(state(&new, Some(&after(300)), 1), AgentState::Starting);
    assert_eq!(state(&new, Some(&after(301)), 1), AgentState::Ill);
    assert_eq!(
        state(&new, Some(&said(HeartbeatStatus::Unhealthy, 1)), 2),
        AgentState::Ill,
        "its own word counts"
    );
    new.probe = Some(ProbeHealth::Healthy);
    assert_eq!(state(&new, Some(&said(HeartbeatStatus::Healthy, 1)), 2), AgentState::Healthy);
}

#[test]
fn a_first_word_before_the_first_probe_is_a_start() {
    let seen = |current_action, probe| {
        let vm = Instance { current_action, probe, ..instance() };
        state(&vm, Some(&said(HeartbeatStatus::Healthy, 0)), 1)
    };
    let (unknown, well) = (Some(ProbeHealth::Unknown), Some(ProbeHealth::Healthy));
    assert_eq!(seen(CurrentAction::Creating, None), AgentState::Starting);
    assert_eq!(seen(CurrentAction::Creating, unknown.clone()), AgentState::Starting);
    assert_eq!(seen(CurrentAction::Verifying, unknown.clone()), AgentState::Starting);
    assert_eq!(seen(CurrentAction::Restarting, well.clone()), AgentState::Starting, "it was the last boot");
    assert_eq!(seen(CurrentAction::Verifying, well), AgentState::Healthy);
    assert_eq!(seen(CurrentAction::None, None), AgentState::Healthy, "nobody probes it");
    assert_eq!(seen(CurrentAction::None, unknown), AgentState::Healthy, "no verdict takes nothing back");

    // Who was told to stop before the group was done with its VM does not start.
    for probe in PROBES {
        let vm = Instance { current_action: CurrentAction::Restarting, probe, ..instance() };
        assert_eq!(state(&vm, Some(&said(HeartbeatStatus::Stopped, 0)), 1), AgentState::Stopped);
    }
}

const PROBES: [Option<ProbeHealth>; 6] = [
    None,
    Some(ProbeHealth::Unknown),
    Some(ProbeHealth::Unhealthy),
    Some(ProbeHealth::Timeout),
    Some(ProbeHealth::Draining),
    Some(ProbeHealth::Healthy),
];

proptest! {
    /// However late the group is listed, and whatever it says of its probes.
    #[test]
    fn a_boot_starts_once(
        begun in proptest::sample::select(vec![
            CurrentAction::Creating, CurrentAction::CreatingWithoutRetries, CurrentAction::Recreating,
            CurrentAction::Restarting, CurrentAction::from("STARTING")
        ]),
        before in proptest::sample::select(PROBES.to_vec()),
        verifying in proptest::collection::vec(proptest::sample::select(PROBES[..5].to_vec()), 0..4),
        settled in proptest::collection::vec(proptest::sample::select(PROBES.to_vec()), 1..4),
        uptime in 0_u64..400,
        step in 0_u64..100,
    ) {
        let mut listed = vec![(begun, before)];
        listed.extend(verifying.into_iter().map(|probe| (CurrentAction::Verifying, probe)));
        listed.push((CurrentAction::Verifying, Some(ProbeHealth::Healthy)));
        listed.extend(settled.into_iter().map(|probe| (CurrentAction::None, probe)));
        let mut last = said(HeartbeatStatus::Healthy, 0);
        last.heartbeat.uptime_seconds = uptime;
        let mut states = Vec::new();
        for (current_action, probe) in listed {
            let vm = Instance { current_action, probe, ..instance() };
            states.push(state(&vm, Some(&last), 1));
            last.heartbeat.uptime_seconds += step;
        }
        let after = states.iter().skip_while(|state| **state == AgentState::Starting);
        prop_assert!(after.clone().all(|state| *state != AgentState::Starting), "{states:?}");
        prop_assert!(after.count() > 0, "{states:?}");
    }
}

#[test]
fn stopped_on_request_is_neither_ill_nor_silent() {
    let stopped = said(HeartbeatStatus::Stopped, 0);
    assert_eq!(state(&instance(), Some(&stopped), 1), AgentState::Stopped);
    assert_eq!(state(&instance(), Some(&stopped), 31), AgentState::Silent);
}

#[test]
fn a_vm_that_never_spoke_starts_until_its_time_is_over() {
    assert_eq!(state(&instance(), None, 300), AgentState::Starting);
    assert_eq!(state(&instance(), None, 301), AgentState::Silent);
}

#[test]
fn a_leaving_vm_is_gone_whatever_it_says() {
    let mut leaving = instance();
    leaving.current_action = CurrentAction::Deleting;
    assert_eq!(state(&leaving, Some(&said(HeartbeatStatus::Healthy, 0)), 1), AgentState::Gone);
}
