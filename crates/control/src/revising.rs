//! Editing a change that has not begun: another declaration becomes its next revision, and every vote on the one before is void.

use domain::{Actor, ChangeId, ChangeState, Permission, audit::AuditAction};
use store::NewRevision;

use crate::{
    Control, Error,
    audit::{of_change, of_revision},
    changes::check_proposal,
    drift,
    error::authorize,
    evidence::Rules,
    planning::Planned,
};

/// `revision`: the one that the editor looked at. Gives the new one's number.
#[tracing::instrument(skip_all, fields(actor = actor.id, change = %id), err(level = "debug"))]
pub async fn revise_change(
    control: &Control,
    actor: &Actor,
    id: ChangeId,
    revision: u32,
    planned: Planned,
    title: &str,
) -> Result<u32, Error> {
    authorize(actor, Permission::ProposeChange)?;
    check_proposal(&planned, title, "")?;
    let now = control.clock.now();
    let mut tx = control.store.begin().await?;
    let change = tx.lock_change(id).await?;
    if !matches!(change.state, ChangeState::AwaitingApprovals | ChangeState::Approved) {
        let state = change.state.as_str().replace('_', " ");
        return Err(Error::Conflict(format!("{id} is {state} and cannot be edited: propose another")));
    }
    if change.revision.number != revision {
        return Err(Error::Precondition(format!(
            "{id} was edited by somebody else: you looked at revision {revision}, and {} is newer",
            change.revision.number
        )));
    }
    if planned.plan.environment != change.environment {
        return Err(Error::invalid(
            "environment",
            format!("{id} is about {}: declare that, or propose another change", change.environment),
        ));
    }
    if (&planned.payload.sha256, &planned.plan_bytes.sha256, planned.base_generation)
        == (&change.revision.payload_sha256, &change.revision.plan_sha256, change.revision.base_generation)
    {
        return Err(Error::Conflict(format!("this is {id} as it stands: nothing would change")));
    }
    let rules = Rules::read(&mut tx).await?;
    let number = revision + 1;
    let because = format!("the change was edited: revision {number} took the place of revision {revision}");
    let mut events = drift::void_all(&mut tx, actor, &change, &because, now).await?;
    let verdict = rules.decide(&planned.desired.environment, &planned.plan);
    tx.insert_revision(
        id,
        &NewRevision {
            number,
            base_generation: planned.base_generation,
            desired: &planned.desired,
            plan: &planned.plan,
            verdict: &verdict,
            created_by: Some(&actor.id),
            at: now,
        },
    )
    .await?;
    tx.retitle_change(id, title).await?;
    let environment = (id, change.environment.as_str());
    let edited = of_change(
        actor,
        AuditAction::ReviseChange,
        environment,
        id.to_string(),
        format!("revision {number}"),
        now,
    );
    events.push(of_revision(edited, &planned.payload.sha256, &planned.plan_bytes.sha256)?);
    let policy = Actor::system(&verdict.policy, &actor.request_id);
    if verdict.requirement.is_nobody() {
        tx.set_change_state(id, ChangeState::AwaitingApprovals, ChangeState::Approved, None, now).await?;
        let approved =
            of_change(&policy, AuditAction::ApproveChange, environment, id.to_string(), &verdict.reason, now);
        events.push(approved);
    }
    tx.append_audits(&events).await?;
    tx.commit().await?;
    Ok(number)
}
