//! The fleet page: every agent by pool and zone.

use serde::{Deserialize, Serialize};

use super::{
    change::ChangeRow,
    instance::InstanceRow,
    pool::{AgentCount, PoolRow},
};
use crate::{Timestamp, cost::Money, incident::Incident};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FleetZone {
    pub zone: String,
    /// By name.
    pub instances: Vec<InstanceRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FleetPool {
    pub row: PoolRow,
    /// In the order of [`FleetView::zones`]; a zone without VMs of the pool has an empty list.
    pub zones: Vec<FleetZone>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetNotice {
    /// Per cent.
    pub threshold: u8,
    pub monthly: Money,
    pub crossed_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FleetView {
    /// None: no environment exists yet.
    pub environment: Option<String>,
    pub zones: Vec<String>,
    pub pools: Vec<FleetPool>,
    /// Over all pools; only states that occur, worst first.
    pub agents: Vec<AgentCount>,
    /// Not yet finished, newest first.
    pub changes: Vec<ChangeRow>,
    /// Open ones of the environment and of the control plane, newest first.
    pub incidents: Vec<Incident>,
    /// When Compute Engine was last read for this environment.
    pub observed_at: Option<Timestamp>,
    /// Set while Compute Engine does not answer: since when, and why in words.
    pub unreachable: Option<(Timestamp, String)>,
    /// Set while what was declared last was not carried out: since when, and in words which change failed and what is missing.
    pub half_applied: Option<(Timestamp, String)>,
    /// The highest threshold of this month's budget that was crossed.
    pub budget_notice: Option<BudgetNotice>,
    pub now: Timestamp,
}
