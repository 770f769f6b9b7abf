//! Changes, and how one is proposed.

use std::collections::BTreeMap;

use domain::{
    ChangeId, ChangeState, Timestamp, change, edit::Edit, operation::Operation, plan::Risk, queue::Held,
    view::change as view,
};

use crate::{Approvals, Differences, MakePlan, Plan, SourceFile, ZoneImpact, schema::wire};

wire! { answer
    /// A change in a list.
    ChangeSummary {
        id: ChangeId,
        environment: String,
        title: String,
        state: ChangeState,
        /// Once it may run: the incident whose brake holds it, or the change whose turn is before it.
        held_by: Option<String>,
        proposed_by_name: String,
        proposed_at: Timestamp,
        finished_at: Option<Timestamp>,
        /// While it waits: when nobody may approve it any more.
        expires_at: Option<Timestamp>,
        impact: ZoneImpact,
        risk: Risk,
        approvals: u32,
        approvals_needed: u32,
        /// The change that took the base of its plan, while it waits: nobody is asked to approve it.
        overtaken_by: Option<ChangeId>,
    }
}

wire! { answer
    /// A page of changes, newest first.
    ChangeList {
        changes: Vec<ChangeSummary>,
        /// The cursor of the following page; null on the last one.
        next: Option<String>,
    }
}

wire! { answer
    /// What the policy said of the plan.
    Verdict {
        policy: String,
        approvals_needed: u32,
        reason: String,
    }
}

wire! { answer
    /// One call to Compute Engine that the change has made.
    Call {
        /// The plan's step.
        step: String,
        /// `intended`, `running`, `done` or `failed`.
        state: String,
        attempts: u32,
        error: Option<String>,
        /// Why it was refused: one word that docs/errors.md explains.
        cause: Option<String>,
        intended_at: Timestamp,
        finished_at: Option<Timestamp>,
    }
}

wire! { answer
    /// A change: one proposed declaration with its plan, and how far it came.
    Change {
        id: ChangeId,
        environment: String,
        title: String,
        reason: String,
        state: ChangeState,
        /// Once it may run: the incident whose brake holds it, or the change whose turn is before it.
        held_by: Option<String>,
        /// Why it failed, was superseded or cancelled.
        outcome: Option<String>,
        proposed_by_name: String,
        proposed_at: Timestamp,
        approved_at: Option<Timestamp>,
        started_at: Option<Timestamp>,
        finished_at: Option<Timestamp>,
        revision: u32,
        /// The environment's generation that the plan follows.
        base_generation: i64,
        /// SHA-256 of the declaration's canonical bytes, in hex.
        payload_sha256: String,
        /// SHA-256 of the plan's canonical bytes, in hex.
        plan_sha256: String,
        /// Null: nobody recorded what was declared before.
        differences: Option<Differences>,
        plan: Plan,
        verdict: Verdict,
        approvals: Approvals,
        calls: Vec<Call>,
        /// What it waits for once it may run: what holds it, else what is still missing while it is applied.
        waiting_for: Vec<String>,
    }
}

wire! { request
    /// A proposal by Terraform texts, which are the whole declaration of their environment.
    ProposeChange {
        files: Vec<SourceFile>,
        /// Values for what only Terraform could know, by the reference as written.
        references: Option<BTreeMap<String, String>>,
        /// Which module block, where the texts hold several.
        module: Option<String>,
        /// Of the plan that was looked at: the proposal is refused if the fleet moved since.
        digest: Option<String>,
        /// Why, for those who decide; at most 2000 characters.
        reason: Option<String>,
    }
}

wire! { request
    /// A proposal by one edit of an environment.
    ProposeEdit {
        edit: Edit,
        /// Of the plan that was looked at: the proposal is refused if the fleet moved since.
        digest: Option<String>,
        /// Why, for those who decide; at most 2000 characters.
        reason: Option<String>,
    }
}

wire! { answer
    /// A change as it is after what was asked.
    Proposed {
        id: ChangeId,
        /// Null without the scope to read.
        state: Option<ChangeState>,
        /// Null without the scope to read.
        title: Option<String>,
    }
}

impl ProposeChange {
    /// The texts, the digest and the reason.
    pub fn into_parts(self) -> (MakePlan, Option<String>, String) {
        let texts = MakePlan { files: self.files, references: self.references, module: self.module };
        (texts, self.digest, self.reason.unwrap_or_default())
    }
}

impl From<&view::ChangeRow> for ChangeSummary {
    fn from(row: &view::ChangeRow) -> Self {
        Self {
            id: row.id,
            environment: row.environment.clone(),
            title: row.title.clone(),
            state: row.state,
            held_by: row.held.as_ref().map(Held::name),
            proposed_by_name: row.proposed_by_name.clone(),
            proposed_at: row.proposed_at,
            finished_at: row.finished_at,
            expires_at: row.expires_at,
            impact: (&row.impact).into(),
            risk: row.risk,
            approvals: row.seats.taken,
            approvals_needed: row.seats.needed,
            overtaken_by: row.seats.overtaken_by,
        }
    }
}

impl From<&Operation> for Call {
    fn from(operation: &Operation) -> Self {
        Self {
            step: operation.step.clone(),
            state: operation.state.as_str().to_owned(),
            attempts: operation.attempts,
            error: operation.error.clone(),
            cause: operation.cause().map(|cause| cause.as_str().to_owned()),
            intended_at: operation.intended_at,
            finished_at: operation.finished_at,
        }
    }
}

impl From<&change::Verdict> for Verdict {
    fn from(verdict: &change::Verdict) -> Self {
        Self {
            policy: verdict.policy.clone(),
            approvals_needed: verdict.approvals_needed,
            reason: verdict.reason.clone(),
        }
    }
}

impl Change {
    /// `declared`: in full.
    pub fn of(view: &view::ChangeView, declared: Option<&view::ShownDeclaration>) -> Self {
        let (change, revision) = (&view.change, &view.change.revision);
        Self {
            id: change.id,
            environment: change.environment.clone(),
            title: change.title.clone(),
            reason: change.reason.clone(),
            state: change.state,
            held_by: view.held.as_ref().map(Held::name),
            outcome: change.outcome.clone(),
            proposed_by_name: change.proposed_by_name.clone(),
            proposed_at: change.proposed_at,
            approved_at: change.approved_at,
            started_at: change.claimed_at,
            finished_at: change.finished_at,
            revision: revision.number,
            base_generation: revision.base_generation,
            payload_sha256: revision.payload_sha256.clone(),
            plan_sha256: revision.plan_sha256.clone(),
            differences: declared.map(Differences::from),
            plan: (&revision.plan).into(),
            verdict: (&revision.verdict).into(),
            approvals: (&view.approvals).into(),
            calls: view.operations.iter().map(Call::from).collect(),
            waiting_for: view.waiting_for.clone(),
        }
    }
}
