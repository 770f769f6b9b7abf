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

/// A heartbeat that was not taken, of somebody whom the VM had enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedHeartbeat {
    /// As docs/errors.md explains it.
    pub code: String,
    /// By the control plane's clock.
    pub at: Timestamp,
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
        // Its probe may fail as that of any new VM does; what it was asked to stop is not about to start.
        if last.heartbeat.status == HeartbeatStatus::Stopped {
            AgentState::Stopped
        } else {
            AgentState::Starting
        }
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
mod tests;
