//! Whether the target is still what a plan was made for. A plan that would act otherwise, or on more, voids the votes on it; the control plane
//! then plans the same declaration again, so that approvers have something true to sign.

use domain::{
    Actor, ChangeState, Timestamp,
    audit::AuditAction,
    change::Change,
    plan::{Action, Plan, Violation, instances::InstanceAction},
};
use store::{NewEvent, NewRevision, Tx};

use crate::{
    Control, Error,
    audit::{of_change, of_revision},
    evidence::Rules,
    neighbours,
    planning::{self, Planned},
};

/// Titles of actions that a sentence names, at most.
const NAMED: usize = 3;

#[derive(Debug)]
pub(crate) struct Drift {
    /// What moved, as a sentence goes on after "because".
    pub(crate) because: String,
    /// The same declaration planned against what is there now, where that is a plan that may be proposed.
    planned: Option<Box<Planned>>,
}

impl Drift {
    /// There is something new to look at and to sign. Otherwise only its people can help it: by editing or by cancelling it.
    pub(crate) fn is_planned_again(&self) -> bool {
        self.planned.is_some()
    }
}

/// Which rule a change that waits breaks by now, as far as the database tells without a call of Compute Engine: another environment may
/// have its names. What only the cloud knows, [`look`] finds.
pub(crate) async fn broken_by_now(control: &Control, change: &Change) -> Result<Option<String>, Error> {
    let taken = neighbours::names_taken(control, &change.revision.desired).await?;
    Ok(taken.violations.first().map(broken))
}

/// Its environment has another declaration than the one that it follows.
async fn moved(control: &Control, change: &Change) -> Result<Option<String>, Error> {
    let follows = change.revision.base_generation;
    let row = control.store.get_environment(&change.environment).await?;
    Ok(row.filter(|row| row.generation != follows).map(|row| {
        format!(
            "{} moved from generation {follows} to {} by {}",
            change.environment, row.generation, row.declared_by
        )
    }))
}

fn broken(violation: &Violation) -> String {
    let Violation { attribute, rule, message, .. } = violation;
    format!("it breaks the rule {rule} by now, in {attribute}: {message}")
}

/// None: the plan still holds. Reads Compute Engine.
pub(crate) async fn look(control: &Control, change: &Change) -> Result<Option<Drift>, Error> {
    let revision = &change.revision;
    if let Some(because) = moved(control, change).await? {
        // Another change took its base: the claim sets it aside.
        if change.state == ChangeState::Approved {
            return Ok(None);
        }
        return Ok(Some(Drift { because, planned: None }));
    }
    let action = InstanceAction::of_plan(&revision.plan, &revision.desired.environment.name_prefix);
    let planned = match planning::plan_with(control, revision.desired.clone(), action.as_ref()).await {
        Ok(planned) => planned,
        // Compute Engine cannot be read: nobody knows, so nobody says that it moved.
        Err(error) if error.is_fault() => return Err(error),
        Err(refused) => {
            let because = format!("it cannot be planned any more: {refused}");
            return Ok(Some(Drift { because, planned: None }));
        }
    };
    let Some(because) = difference(&revision.plan, &planned.plan) else { return Ok(None) };
    let usable = planned.plan.violations.is_empty() && !planned.plan.is_empty();
    Ok(Some(Drift { because, planned: usable.then(|| Box::new(planned)) }))
}

/// What the new plan does that the old one did not, or not any more. A plan that touches fewer VMs by the same actions is covered by its votes.
fn difference(old: &Plan, new: &Plan) -> Option<String> {
    if let Some(violation) = new.violations.first() {
        return Some(broken(violation));
    }
    let more = added(&new.actions, &old.actions);
    let fewer = added(&old.actions, &new.actions);
    let mut said = Vec::new();
    if !more.is_empty() {
        said.push(format!("it would now also {}", list(&more)));
    }
    if !fewer.is_empty() {
        said.push(format!("it need not {} any more", list(&fewer)));
    }
    let steps = |plan: &Plan| plan.actions.iter().map(|action| action.step.clone()).collect::<Vec<_>>();
    if said.is_empty() && steps(old) != steps(new) {
        said.push("the same steps would run in another order".to_owned());
    }
    let (before, now) = (old.impact.total(), new.impact.total());
    for (verb, before, now) in [
        ("create", before.created, now.created),
        ("replace", before.replaced, now.replaced),
        ("restart", before.restarted, now.restarted),
        ("delete", before.deleted, now.deleted),
    ] {
        if now > before {
            said.push(format!("it would {verb} {now} VMs instead of {before}"));
        }
    }
    (!said.is_empty()).then(|| format!("the fleet moved since it was planned: {}", said.join("; ")))
}

fn added(these: &[Action], those: &[Action]) -> Vec<String> {
    these
        .iter()
        .filter(|action| !those.iter().any(|other| other.step == action.step))
        .map(Action::title)
        .collect()
}

fn list(titles: &[String]) -> String {
    let mut said: Vec<String> = titles.iter().take(NAMED).cloned().collect();
    if titles.len() > NAMED {
        said.push(format!("{} more", titles.len() - NAMED));
    }
    said.join(", ")
}

/// Voids the votes on the locked change and plans it anew where that is possible. What is left waits for approvals.
pub(crate) async fn take_back<'a>(
    tx: &mut Tx,
    actor: &'a Actor,
    change: &Change,
    rules: &Rules,
    drift: Drift,
    now: Timestamp,
) -> Result<Vec<NewEvent<'a>>, Error> {
    let mut events = void_all(tx, actor, change, &drift.because, now).await?;
    if let Some(planned) = drift.planned {
        let verdict = rules.decide(&planned.desired.environment, &planned.plan);
        let revision = NewRevision {
            number: change.revision.number + 1,
            base_generation: planned.base_generation,
            desired: &planned.desired,
            plan: &planned.plan,
            verdict: &verdict,
            created_by: None,
            at: now,
        };
        let revised = tx.insert_revision(change.id, &revision).await?;
        let detail = format!("revision {} plans the same declaration again", revised.revision.number);
        let event = of_change(
            actor,
            AuditAction::ReviseChange,
            (change.id, &change.environment),
            change.id.to_string(),
            detail,
            now,
        );
        events.push(of_revision(event, &planned.payload.sha256, &planned.plan_bytes.sha256)?);
    }
    Ok(events)
}

/// Every vote on the change's revision is void, and an approved change waits again. The events are the caller's to append last.
pub(crate) async fn void_all<'a>(
    tx: &mut Tx,
    actor: &'a Actor,
    change: &Change,
    because: &str,
    now: Timestamp,
) -> Result<Vec<NewEvent<'a>>, Error> {
    let votes = tx.list_votes(change.id).await?;
    let live: Vec<i64> = votes.iter().filter(|vote| vote.voided_at.is_none()).map(|vote| vote.id).collect();
    void_some(tx, actor, change, (&live, because), now).await
}

/// Some of them, by their ids.
pub(crate) async fn void_some<'a>(
    tx: &mut Tx,
    actor: &'a Actor,
    change: &Change,
    (votes, because): (&[i64], &str),
    now: Timestamp,
) -> Result<Vec<NewEvent<'a>>, Error> {
    let voided = tx.void_votes(votes, because, now).await?;
    let back = change.state == ChangeState::Approved;
    if back {
        tx.set_change_state(change.id, change.state, ChangeState::AwaitingApprovals, None, now).await?;
    }
    if voided == 0 && !back {
        return Ok(Vec::new());
    }
    Ok(vec![of_change(
        actor,
        AuditAction::VoidVotes,
        (change.id, &change.environment),
        change.id.to_string(),
        because,
        now,
    )])
}
