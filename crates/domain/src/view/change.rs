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
    plan::{Risk, ZoneImpact},
    queue::Held,
    view::approval::ApprovalsView,
};

pub use calls::{ShownCall, ShownCalls};
pub use detail::{
    Beside, ChangeDetail, EVENTS, FIELDS, NOTES, STEPS, ShownAction, ShownChange, ShownDeclaration,
    ShownEvent, ShownPlan, ShownRevision,
};
pub use folded::Folded;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeRow {
    pub id: ChangeId,
    pub environment: String,
    pub title: String,
    pub state: ChangeState,
    /// What keeps it from its turn, or from going on; None: nothing does.
    pub held: Option<Held>,
    pub proposed_by_name: String,
    pub proposed_at: Timestamp,
    /// When it was claimed to be applied.
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// When nobody may approve it any more, while it waits.
    pub expires_at: Option<Timestamp>,
    pub impact: ZoneImpact,
    /// VMs that autoscalers may add beyond what they could before.
    pub may_add: u32,
    /// Services that somebody is let to that could not reach them before.
    pub opens: u32,
    /// Services that somebody cannot reach any more.
    pub closes: u32,
    pub risk: Risk,
    pub seats: RowSeats,
}

/// What a list tells of a change's approvals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowSeats {
    pub taken: u32,
    /// 0: nobody is asked.
    pub needed: u32,
    /// While it waits: groups of which somebody is still missing.
    pub short_of: Vec<String>,
    /// The viewer's approval would fill one of these seats.
    pub for_me: bool,
    /// Who ended it by a no.
    pub rejected_by: Option<String>,
    /// While it waits: the change that took its base, so that nobody is asked.
    pub overtaken_by: Option<ChangeId>,
}

/// Which changes of a list, as far as it depends on who asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    #[default]
    Everybody,
    /// Those that wait for the viewer's vote.
    WaitingForMe,
    /// Those that the viewer proposed or edited.
    Mine,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeView {
    pub change: Change,
    /// In the order in which they were intended.
    pub operations: Vec<Operation>,
    pub approvals: ApprovalsView,
    /// As in [`ChangeRow`].
    pub held: Option<Held>,
    /// What it waits for once it may run, in words: what holds it, else what is still missing while it is applied; empty when
    /// observed equals desired.
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
