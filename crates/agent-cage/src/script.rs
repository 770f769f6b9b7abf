//! What an agent is told to play, for rehearsals: on a real machine nobody tells it anything.

/// The default plays nothing. May change while the agent runs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Script {
    /// Sends no heartbeat, as if the network to the control plane were cut. Health checks are answered.
    pub silent: bool,
    /// Says that it is unhealthy, to health checks and in heartbeats.
    pub ill: bool,
    /// Shows this processor time instead of its own, 0 to 100.
    pub cpu_utilization_percent: Option<f64>,
}
