//! Pools: desired beside observed, never one painted as the other.

use serde::{Deserialize, Serialize};

use super::{change::ChangeRow, instance::InstanceRow};
use crate::{AgentType, Timestamp, agent::AgentState, condition::Condition, incident::Incident};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentCount {
    pub state: AgentState,
    pub count: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolRow {
    pub environment: String,
    pub name: String,
    pub agent_type: AgentType,
    /// The instance group's name.
    pub group: String,
    pub template: String,
    pub desired_size: u32,
    /// VMs that run; None where nothing was observed yet.
    pub observed_size: Option<u32>,
    /// `1 to 5` when an autoscaler decides.
    pub autoscaling: Option<String>,
    /// Only states that occur, worst first.
    pub agents: Vec<AgentCount>,
    pub conditions: Vec<Condition>,
    pub generation: i64,
    pub observed_generation: i64,
}

/// One line of the two columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    pub name: String,
    pub desired: Option<String>,
    pub observed: Option<String>,
}

impl Setting {
    pub fn differs(&self) -> bool {
        self.desired != self.observed
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolView {
    pub row: PoolRow,
    pub region: String,
    pub zones: Vec<String>,
    pub settings: Vec<Setting>,
    pub instances: Vec<InstanceRow>,
    /// Newest first, at most ten.
    pub changes: Vec<ChangeRow>,
    /// Open ones that touch it: its own brake, or that of a zone it is in.
    pub incidents: Vec<Incident>,
    pub observed_at: Option<Timestamp>,
    pub now: Timestamp,
}
