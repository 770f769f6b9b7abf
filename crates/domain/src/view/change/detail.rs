//! What a change's own page shows of it. A page carries what it was drawn from, so that the declaration and the resources of its
//! steps, for which the digests stand, are not in it, and long lists are there in part until somebody asks for all.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ChangeView, Folded, ShownCalls, folded::count};
use crate::{
    ChangeId, ChangeState, FleetSpec, Timestamp,
    audit::{AuditAction, AuditEvent},
    change::{Change, Revision, Verdict},
    cost::{Money, PoolPrice},
    edit::differing_fields,
    plan::{Action, FieldChange, Impact, Note, Verb},
    queue::Held,
    resource::ResourceKind,
    view::approval::{ApprovalsView, AwaitedGroup},
};

/// Of a long list, as many as the page shows at first: steps and calls, fields that differ, notes that warn of nothing, events.
pub const STEPS: usize = 20;
pub const FIELDS: usize = 20;
pub const NOTES: usize = 10;
pub const EVENTS: usize = 10;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeDetail {
    pub change: ShownChange,
    pub calls: ShownCalls,
    pub approvals: ApprovalsView,
    pub beside: Beside,
    /// As in [`ChangeView`].
    pub held: Option<Held>,
    /// As in [`ChangeView`].
    pub waiting_for: Folded<String>,
    /// The latest, oldest first.
    pub events: Folded<ShownEvent>,
    /// Whoever asked wants the long lists in full.
    pub whole: bool,
    pub now: Timestamp,
}

/// What is read for the page alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Beside {
    /// Groups whose approval is still missing, in the requirement's order; empty where it waits for nobody.
    pub awaited: Vec<AwaitedGroup>,
    /// None: nobody recorded what was in force when it was planned.
    pub declared: Option<ShownDeclaration>,
    /// Of the pools that the plan touches.
    pub prices: Vec<PoolPrice>,
    /// What schedules of the plan ask for now, in sentences, while the change is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_force: Vec<String>,
    /// The environment's a month, while the change is open. None: none is set.
    pub budget: Option<Money>,
}

/// What is declared otherwise than in the generation that the plan was made against. A plan tells it in part: it has what Compute
/// Engine is asked for, and of what is new nothing but the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownDeclaration {
    /// Nothing was declared before.
    pub first: bool,
    pub fields: Folded<FieldChange>,
}

impl ShownDeclaration {
    pub fn of(before: Option<&FleetSpec>, desired: &FleetSpec, whole: bool) -> Self {
        let most = if whole { usize::MAX } else { FIELDS };
        Self { first: before.is_none(), fields: Folded::first(differing_fields(before, desired), most) }
    }
}

impl ChangeDetail {
    pub fn of(view: ChangeView, beside: Beside, whole: bool) -> Self {
        let ChangeView { change, operations, approvals, held, waiting_for, events, now } = view;
        let most = |few: usize| if whole { usize::MAX } else { few };
        let calls = ShownCalls::of(change.state, &change.revision.plan.actions, &operations, most(STEPS));
        let events = Folded::last(events, most(EVENTS));
        Self {
            calls,
            approvals,
            beside,
            held,
            waiting_for: Folded::first(waiting_for, most(STEPS)),
            events: Folded { shown: events.shown.iter().map(ShownEvent::from).collect(), of: events.of },
            whole,
            now,
            change: ShownChange::of(change, whole),
        }
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

impl ShownChange {
    fn of(change: Change, whole: bool) -> Self {
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
            revision: ShownRevision::of(change.revision, whole),
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
    /// When it was planned.
    pub created_at: Timestamp,
    /// Pools that it declares, all of which are looked at in the end.
    pub pools: u32,
}

impl ShownRevision {
    fn of(revision: Revision, whole: bool) -> Self {
        let Revision { number, plan, verdict, payload_sha256, plan_sha256, created_at, desired, .. } =
            revision;
        let most = |few: usize| if whole { usize::MAX } else { few };
        let mut verbs = BTreeMap::new();
        for action in &plan.actions {
            *verbs.entry(action.step.verb()).or_insert(0) += 1;
        }
        let shown = plan.actions.iter().take(most(STEPS)).map(ShownAction::from).collect();
        let plan = ShownPlan {
            actions: Folded { shown, of: count(plan.actions.len()) },
            verbs: verbs.into_iter().collect(),
            taken_up_later: plan.taken_up_later(),
            impact: plan.impact,
            notes: Folded::but(plan.notes, most(NOTES), |note| note.severity.is_info()),
        };
        let pools = count(desired.agent_pools.len());
        Self { number, plan, verdict, payload_sha256, plan_sha256, created_at, pools }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownPlan {
    /// In the order in which they run.
    pub actions: Folded<ShownAction>,
    /// How many of all steps do what, in the order of [`Verb::ALL`].
    pub verbs: Vec<(Verb, u32)>,
    pub impact: Impact,
    /// Pools whose VMs take their new version only as they are made anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken_up_later: Vec<String>,
    /// Those that warn are all there.
    pub notes: Folded<Note>,
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
