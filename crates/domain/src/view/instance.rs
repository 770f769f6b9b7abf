//! An instance with its agent.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    agent::{AgentState, LastHeartbeat},
    instance::Instance,
};

/// A row of a pool's instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceRow {
    pub environment: String,
    /// The pool's declared name.
    pub pool: String,
    pub instance: Instance,
    pub agent: AgentState,
    pub last_heartbeat: Option<LastHeartbeat>,
}

/// The instance page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceView {
    pub row: InstanceRow,
    pub project: String,
    pub region: String,
    pub observed_at: Option<Timestamp>,
    pub now: Timestamp,
}

/// Some of an environment's instances, by zone and name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstancePage {
    pub instances: Vec<InstanceRow>,
    /// Zone and name of the last one, where more follow.
    pub next: Option<(String, String)>,
}

/// One live event about an instance: enough to redraw its cell and row.
#[expect(
    clippy::large_enum_variant,
    reason = "`Seen` is nearly all of them; a box for each would be the cost"
)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum InstanceDelta {
    Seen(InstanceRow),
    Left { environment: String, pool: String, name: String },
}
