//! The runtime on each VM, as docs/agent-protocol.md describes it: it learns who it is from the metadata server, proves it
//! once to the control plane, sends heartbeats, and serves `/health`, `/metrics` and `/status`.
//!
//! One agent is two futures and no thread, so that the emulator can run hundreds of them in one process.

mod agent;
mod backoff;
mod commands;
mod control_plane;
mod health;
mod load;
mod metadata;
mod reporting;
mod script;
mod state;
mod wire;

use std::net::SocketAddr;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub use agent::Agent;
pub use load::{Load, LoadSource};
pub use script::Script;
pub use wire::http_client;

/// Where an agent finds its VM and where it listens.
#[derive(Clone, Debug)]
pub struct Config {
    /// The metadata server's base URL, e.g. `http://metadata.google.internal`; `/computeMetadata/v1/…` is appended.
    pub metadata: String,
    /// Where `/health`, `/metrics` and `/status` are served; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Used until the control plane's answer to the enrolment names another interval.
    pub heartbeat_interval: Duration,
    /// Decides the modelled load: the same seed shows the same load at the same uptime.
    pub seed: u64,
}

/// Binds, then works until `stop` is cancelled; the port is free when it returns.
///
/// Only a bad configuration or a taken port is an error: an absent metadata server or control plane is waited for.
pub async fn run(config: Config, stop: CancellationToken) -> anyhow::Result<()> {
    Agent::bind(config).await?.run(stop).await
}
