//! How busy the agent is: read from the machine, or modelled for a machine that exists in the emulator alone.

mod model;
mod system;

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use model::Model;
use system::System;

/// A disk this full cannot hold an agent's next workspace.
const DISK_FULL_PERCENT: f64 = 98.0;
const DISK_TIGHT_PERCENT: f64 = 90.0;

/// What a heartbeat and `/metrics` say about an agent's work, under their names on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Load {
    /// Since this boot.
    pub tasks_completed_total: u64,
    /// Of all processors together, 0 to 100.
    pub cpu_utilization_percent: f64,
    pub memory_usage_bytes: u64,
    /// Of the file system that holds the agents' workspaces, 0 to 100.
    pub disk_usage_percent: f64,
}

impl Load {
    /// An agent that cannot reach its control plane is still healthy: otherwise each outage of the control plane
    /// would make autohealing recreate the whole fleet.
    pub(crate) fn status(&self) -> Status {
        if self.disk_usage_percent >= DISK_FULL_PERCENT {
            Status::Unhealthy
        } else if self.disk_usage_percent >= DISK_TIGHT_PERCENT {
            Status::Degraded
        } else {
            Status::Healthy
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Healthy,
    Degraded,
    Unhealthy,
    /// Its work was stopped on request: no failure, so health checks pass and nothing is healed.
    Stopped,
}

/// Where the numbers come from.
#[derive(Clone, Debug)]
pub enum LoadSource {
    /// The machine itself: /proc/stat, /proc/meminfo, and the root file system.
    System {
        /// Holds the number of tasks completed since boot as decimal text, written by what runs the tasks;
        /// while it is absent the number is 0.
        tasks: PathBuf,
    },
    /// A walk that the seed decides. Scripted load (a busy hour, a leak, a filling disk) belongs into
    /// `load/model.rs`, where each second of uptime is one step: a script changes what the walk is drawn to.
    Modelled { seed: u64 },
    /// Always the same, for the rehearsal of a machine in a certain state.
    Fixed(Load),
}

#[derive(Debug)]
pub(crate) enum Meter {
    System(System),
    Modelled(Model),
    Fixed(Load),
}

impl Meter {
    pub(crate) fn new(source: LoadSource) -> Meter {
        match source {
            LoadSource::System { tasks } => Meter::System(System::new(tasks)),
            LoadSource::Modelled { seed } => Meter::Modelled(Model::new(seed)),
            LoadSource::Fixed(load) => Meter::Fixed(load),
        }
    }

    /// Whether the figures are of work done here, which ends with it, or of the machine.
    pub(crate) fn is_of_the_machine(&self) -> bool {
        matches!(self, Meter::System(_))
    }

    /// `uptime` must not go back between calls.
    pub(crate) fn sample(&mut self, uptime: Duration) -> Load {
        match self {
            Meter::System(system) => system.sample(uptime),
            Meter::Modelled(model) => model.sample(uptime),
            Meter::Fixed(load) => *load,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_disk_makes_an_agent_ill() {
        let with_disk = |disk_usage_percent| Load {
            disk_usage_percent,
            cpu_utilization_percent: 100.0,
            ..Load::default()
        };
        assert_eq!(with_disk(12.0).status(), Status::Healthy);
        assert_eq!(with_disk(90.0).status(), Status::Degraded);
        assert_eq!(with_disk(98.0).status(), Status::Unhealthy);
    }
}
