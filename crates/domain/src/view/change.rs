//! Changes.

use serde::{Deserialize, Serialize};

use crate::{
    ChangeId, ChangeState, Timestamp,
    audit::{AuditAction, AuditEvent},
    change::{Change, ChangeCounts, Revision, Verdict},
    operation::Operation,
    plan::{Action, FieldChange, Impact, Note, Risk, Verb, ZoneImpact},
    resource::ResourceKind,
    view::approval::ApprovalsView,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeRow {
    pub id: ChangeId,
    pub environment: String,
    pub title: String,
    pub state: ChangeState,
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
    /// What is still missing while it is applied, in words; empty when observed equals desired.
    pub waiting_for: Vec<String>,
    /// Oldest first.
    pub events: Vec<AuditEvent>,
    pub now: Timestamp,
}

/// What a change's own page shows of it. A page carries what it was drawn from, so that the declaration and the resources of its
/// steps, for which the digests stand, are not in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeDetail {
    pub change: ShownChange,
    /// In the order in which they were intended.
    pub operations: Vec<Operation>,
    pub approvals: ApprovalsView,
    /// As in [`ChangeView`].
    pub waiting_for: Vec<String>,
    /// Oldest first.
    pub events: Vec<ShownEvent>,
    pub now: Timestamp,
}

impl From<ChangeView> for ChangeDetail {
    fn from(view: ChangeView) -> Self {
        let ChangeView { change, operations, approvals, waiting_for, events, now } = view;
        let events = events.iter().map(ShownEvent::from).collect();
        Self { change: change.into(), operations, approvals, waiting_for, events, now }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownChange {
    pub id: ChangeId,
    pub environment: String,
    pub title: String,
    pub reason: String,
    pub state: ChangeState,
    pub outcome: Option<String>,
    pub proposed_by_name: String,
    pub proposed_at: Timestamp,
    pub approved_at: Option<Timestamp>,
    pub claimed_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub revision: ShownRevision,
}

impl From<Change> for ShownChange {
    fn from(change: Change) -> Self {
        Self {
            id: change.id,
            environment: change.environment,
            title: change.title,
            reason: change.reason,
            state: change.state,
            outcome: change.outcome,
            proposed_by_name: change.proposed_by_name,
            proposed_at: change.proposed_at,
            approved_at: change.approved_at,
            claimed_at: change.claimed_at,
            finished_at: change.finished_at,
            revision: change.revision.into(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownRevision {
    pub number: u32,
    pub plan: ShownPlan,
    pub verdict: Verdict,
    pub payload_sha256: String,
    pub plan_sha256: String,
}

impl From<Revision> for ShownRevision {
    fn from(revision: Revision) -> Self {
        let Revision { number, plan, verdict, payload_sha256, plan_sha256, .. } = revision;
        let actions = plan.actions.iter().map(ShownAction::from).collect();
        let plan = ShownPlan { actions, impact: plan.impact, notes: plan.notes };
        Self { number, plan, verdict, payload_sha256, plan_sha256 }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownPlan {
    /// In the order in which they run.
    pub actions: Vec<ShownAction>,
    pub impact: Impact,
    pub notes: Vec<Note>,
}

/// A step by its name, with its reason and what differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownAction {
    pub verb: Verb,
    pub kind: ResourceKind,
    pub name: String,
    pub reason: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
}

impl From<&Action> for ShownAction {
    fn from(action: &Action) -> Self {
        Self {
            verb: action.step.verb(),
            kind: action.step.kind(),
            name: action.step.name().to_owned(),
            reason: action.reason.clone(),
            changes: action.changes.clone(),
        }
    }
}

/// An event as a sentence. Its hashes are read in the audit log, to which the page leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownEvent {
    pub at: Timestamp,
    pub action: AuditAction,
    pub sentence: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl From<&AuditEvent> for ShownEvent {
    fn from(event: &AuditEvent) -> Self {
        Self { at: event.at, action: event.action, sentence: event.sentence(), detail: event.detail.clone() }
    }
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
