//! An edit before it is proposed: what it would do, computed, and what a proposal must send back.

use serde::{Deserialize, Serialize};

use crate::{
    FleetSpec,
    edit::Spoken,
    plan::{FieldChange, Plan},
    view::proposal::Proposal,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EditPreview {
    pub environment: String,
    /// What a change that proposes it is called.
    pub title: String,
    /// The generation that the edit was applied to; a proposal names it.
    pub base_generation: i64,
    pub desired: FleetSpec,
    /// The generation that the edit was begun on, where what it is of was declared otherwise since.
    pub overtaken: Option<i64>,
    /// Attribute by attribute, against the base generation.
    pub differences: Vec<FieldChange>,
    pub plan: Plan,
    /// What schedules of the plan ask for as it is looked at, in sentences: no part of what is digested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_force: Vec<String>,
    /// SHA-256 over the declaration, its plan and its generation, in hex: what was seen is what is proposed.
    pub digest: String,
    /// What a change that proposes it meets.
    pub proposal: Proposal,
    /// The same edit for programs.
    pub spoken: Spoken,
}
