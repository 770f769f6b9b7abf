//! Environments: what one declares, whole, beside when it was last looked at.

use serde::{Deserialize, Serialize};

use crate::{ChangeId, FleetSpec, Timestamp, condition::Condition};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentView {
    pub name: String,
    pub generation: i64,
    pub spec: FleetSpec,
    /// The change that declared it.
    pub declared_by: ChangeId,
    pub declared_at: Timestamp,
    pub observed_generation: i64,
    /// None: never.
    pub observed_at: Option<Timestamp>,
    pub conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentList {
    /// By name.
    pub environments: Vec<EnvironmentView>,
    pub now: Timestamp,
}
