//! An agent's state, from what it last said, what its VM does and how long ago that was.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    heartbeat::{HEARTBEAT_INTERVAL_SECONDS, Heartbeat, HeartbeatStatus},
    instance::{CurrentAction, Instance, InstanceStatus, ProbeHealth},
    pool::PoolSpec,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    Healthy,
    /// The VM is being made, or its agent has not spoken yet or not passed a probe yet, and still has time.
    Starting,
    /// Its next heartbeat is overdue, by the pool's own patience: [`Thresholds`].
    Late,
    /// Overdue for so long that nobody waits for it any more.
    Silent,
    /// It speaks and says it is unwell, or its probe fails.
    Ill,
    /// Its work was stopped on request; it speaks and waits.
    Stopped,
    /// The VM is leaving or has left.
    Gone,
}

impl AgentState {
    /// Worst first, as lists and legends show them.
    pub const ALL: [Self; 7] =
        [Self::Silent, Self::Ill, Self::Late, Self::Starting, Self::Stopped, Self::Healthy, Self::Gone];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Starting => "starting",
            Self::Late => "late",
            Self::Silent => "silent",
            Self::Ill => "ill",
            Self::Stopped => "stopped",
            Self::Gone => "gone",
        }
    }
}

/// Seconds since the last heartbeat after which an agent is late, then silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    pub late_after_seconds: u32,
    pub silent_after_seconds: u32,
    /// How long a running VM may take until its agent's first word, and the agent until its first good probe.
    pub start_within_seconds: u32,
}

impl Default for Thresholds {
    /// One and a half intervals, three intervals, and the module's `health_check_initial_delay`.
    fn default() -> Self {
        Self {
            late_after_seconds: HEARTBEAT_INTERVAL_SECONDS * 3 / 2,
            silent_after_seconds: HEARTBEAT_INTERVAL_SECONDS * 3,
            start_within_seconds: 300,
        }
    }
}

impl Thresholds {
    /// The pool's own, where it declares them.
    pub fn of(pool: &PoolSpec) -> Self {
        let default = Self::default();
        Self {
            late_after_seconds: pool.heartbeat_late_after.unwrap_or(default.late_after_seconds),
            silent_after_seconds: pool.heartbeat_silent_after.unwrap_or(default.silent_after_seconds),
            start_within_seconds: pool
                .heartbeat_start_within
                .unwrap_or(default.start_within_seconds.max(pool.health_check_initial_delay)),
        }
    }

    fn late_after(self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.late_after_seconds))
    }

    fn silent_after(self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.silent_after_seconds))
    }

    fn start_within(self) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.start_within_seconds))
    }
}

/// The newest heartbeat and when the control plane received it, by the control plane's clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastHeartbeat {
    pub heartbeat: Heartbeat,
    pub received_at: Timestamp,
}

/// The agent's state now. `last` must be of this incarnation of the VM (same instance id).
/// `listening_since`: what was said before it may have been missed, so silence counts from there at the earliest.
pub fn agent_state(
    instance: &Instance,
    last: Option<&LastHeartbeat>,
    thresholds: Thresholds,
    listening_since: Timestamp,
    now: Timestamp,
) -> AgentState {
    use InstanceStatus as Status;
    if matches!(instance.current_action, CurrentAction::Deleting | CurrentAction::Abandoning)
        || matches!(instance.status, Status::Stopping | Status::Stopped | Status::Terminated)
    {
        return AgentState::Gone;
    }
    let Some(last) = last else {
        let overdue = instance
            .created_at
            .is_some_and(|created| now - created.max(listening_since) > thresholds.start_within());
        let running = instance.status == Status::Running;
        return if running && overdue { AgentState::Silent } else { AgentState::Starting };
    };
    let age = now - last.received_at.max(listening_since);
    if age > thresholds.silent_after() {
        AgentState::Silent
    } else if last.heartbeat.status == HeartbeatStatus::Unhealthy {
        AgentState::Ill
    } else if last.heartbeat.uptime_seconds <= u64::from(thresholds.start_within_seconds)
        && !has_begun(instance)
    {
        AgentState::Starting
    } else if matches!(instance.probe, Some(ProbeHealth::Unhealthy | ProbeHealth::Timeout)) {
        AgentState::Ill
    } else if age > thresholds.late_after() {
        AgentState::Late
    } else if last.heartbeat.status == HeartbeatStatus::Stopped {
        AgentState::Stopped
    } else {
        AgentState::Healthy
    }
}

/// Whether the group is done with the VM's beginning: it found it well, or has no health check to find it so. The first probes of a new VM
/// fail until its agent listens, and the group waits for them: who called that ill would take each growth by half for a mass failure.
/// An agent's first word comes before the first probe, and often before the group is listed as verifying: who called that healthy
/// would have it start a second time.
fn has_begun(instance: &Instance) -> bool {
    use CurrentAction as Action;
    match &instance.current_action {
        Action::Verifying => instance.probe == Some(ProbeHealth::Healthy),
        // A verdict, if there is one, is still of the boot before.
        Action::Creating | Action::CreatingWithoutRetries | Action::Recreating | Action::Restarting => false,
        Action::None | Action::Refreshing | Action::Deleting | Action::Abandoning => true,
        Action::Other(word) => !matches!(word.as_str(), "STARTING" | "RESUMING"),
    }
}

/// Until when the state stays what it is now where nothing is said and the VM does nothing else: it may be another one after
/// that moment, and is not before. None: time alone changes nothing any more.
pub fn stays_until(
    instance: &Instance,
    last: Option<&LastHeartbeat>,
    thresholds: Thresholds,
    listening_since: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    let Some(last) = last else {
        let overdue = instance.created_at?.max(listening_since) + thresholds.start_within();
        return (now <= overdue).then_some(overdue);
    };
    let heard = last.received_at.max(listening_since);
    let passings = [heard + thresholds.late_after(), heard + thresholds.silent_after()];
    passings.into_iter().filter(|passing| now <= *passing).min()
}

#[cfg(test)]
mod tests {
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
        let state = |listening, now| {
            agent_state(&instance(), Some(&last), Thresholds::default(), at(listening), at(now))
        };
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
        let expected =
            Thresholds { late_after_seconds: 40, silent_after_seconds: 90, start_within_seconds: 900 };
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
        assert_eq!(
            seen(CurrentAction::Restarting, well.clone()),
            AgentState::Starting,
            "it was the last boot"
        );
        assert_eq!(seen(CurrentAction::Verifying, well), AgentState::Healthy);
        assert_eq!(seen(CurrentAction::None, None), AgentState::Healthy, "nobody probes it");
        assert_eq!(seen(CurrentAction::None, unknown), AgentState::Healthy, "no verdict takes nothing back");
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
}
