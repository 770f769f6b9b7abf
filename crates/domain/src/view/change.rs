//! Changes.

mod calls;
mod detail;
mod folded;

use serde::{Deserialize, Serialize};

use crate::{
    ChangeId, ChangeState, Timestamp,
    audit::AuditEvent,
    change::{Change, ChangeCounts},
    operation::Operation,
    plan::ZoneImpact,
    view::approval::ApprovalsView,
};

pub use calls::{ShownCall, ShownCalls};
pub use detail::{
    Beside, ChangeDetail, EVENTS, NOTES, STEPS, ShownAction, ShownChange, ShownEvent, ShownPlan,
    ShownRevision,
};
pub use folded::Folded;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeRow {
    pub id: ChangeId,
    pub environment: String,
    pub title: String,
    pub state: ChangeState,
    pub proposed_by_name: String,
    pub proposed_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub impact: ZoneImpact,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeView {
    pub change: Change,
    /// In the order in which they were intended.
    pub operations: Vec<Operation>,
    pub approvals: ApprovalsView,
    /// What is still missing while it is applied, in words; empty when observed equals desired.
    pub waiting_for: Vec<String>,
    /// Oldest first.
    pub events: Vec<AuditEvent>,
    pub now: Timestamp,
}

/// Newest first; `next` is the cursor of the following page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeList {
    pub changes: Vec<ChangeRow>,
    pub next: Option<ChangeId>,
    pub now: Timestamp,
}

/// The changes' own page: what is listed, with what is told around it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangesView {
    pub list: ChangeList,
    /// Of all changes of the environments that are listed, whatever else is asked of the list.
    pub counts: ChangeCounts,
}
