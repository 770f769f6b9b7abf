//! The operations of one change, in its plan's order: intended, sent, waited for, done. Each attempt of a step has the same
//! request id, so Compute Engine answers a repeat with the operation that it already has.

use chrono::Duration;
use compute::{OperationRef, OperationScope};
use domain::{Timestamp, audit::AuditAction, change::Change, operation::OperationState, plan::Action};
use store::{NewOperation, StoredOperation};
use uuid::Uuid;

use super::{Leader, Stopped, changes::system};
use crate::{Control, Error, audit::of_change, planning::scope};

/// Longest pause between two attempts, in seconds.
const LONGEST_PAUSE: i64 = 60;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// `done` operations finished in this round; the next one must be tried later.
    Waiting {
        done: u32,
    },
    Done {
        done: u32,
    },
    Refused {
        why: String,
    },
}

/// The same for every attempt, also by another process.
pub fn request_id(change: &Change, step: &str) -> Uuid {
    let name = format!("agent-manager/{}/{}/{step}", change.id, change.revision.number);
    // The proposal's moment tells installations apart whose changes have equal numbers.
    Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{name}/{}", change.proposed_at.timestamp_micros()).as_bytes())
}

pub async fn reconcile(control: &Control, leader: &Leader, change: &Change) -> Result<Status, Stopped> {
    let known = control.store.list_operations(change.id).await?;
    let mut done = 0;
    for action in &change.revision.plan.actions {
        let key = action.key();
        let operation = match known.iter().find(|operation| operation.operation.step == key) {
            Some(operation) => operation.clone(),
            None => intend(control, leader, change, action).await?,
        };
        match operation.operation.state {
            OperationState::Done => continue,
            OperationState::Failed => {
                return Ok(Status::Refused {
                    why: operation.operation.error.unwrap_or_else(|| action.title()),
                });
            }
            OperationState::Intended | OperationState::Running => {}
        }
        if operation.next_attempt_at.is_some_and(|at| at > control.clock.now()) {
            return Ok(Status::Waiting { done });
        }
        match run(control, leader, change, action, &operation).await? {
            Outcome::Done => done += 1,
            Outcome::Later => return Ok(Status::Waiting { done }),
            Outcome::Refused(why) => return Ok(Status::Refused { why }),
        }
    }
    Ok(Status::Done { done })
}

enum Outcome {
    Done,
    Later,
    Refused(String),
}

async fn intend(
    control: &Control,
    leader: &Leader,
    change: &Change,
    action: &Action,
) -> Result<StoredOperation, Stopped> {
    let now = control.clock.now();
    leader.checkpoints.pass()?;
    let mut tx = leader.begin(control).await?;
    let operation = tx
        .intend_operation(&NewOperation {
            change: change.id,
            step: &action.key(),
            request_id: request_id(change, &action.key()),
            kind: action.step.kind(),
            at: now,
        })
        .await?;
    let actor = system(control);
    let intended = of_change(
        &actor,
        AuditAction::IntendOperation,
        (change.id, &change.environment),
        action.title(),
        &action.reason,
        now,
    );
    tx.append_audit(&intended).await?;
    leader.checkpoints.pass()?;
    tx.commit().await?;
    leader.checkpoints.pass()?;
    Ok(operation)
}

async fn run(
    control: &Control,
    leader: &Leader,
    change: &Change,
    action: &Action,
    operation: &StoredOperation,
) -> Result<Outcome, Stopped> {
    let scope = scope(&change.revision.desired);
    let named = operation.operation.name.as_deref().and_then(|name| name.parse().ok());
    let started = match named {
        Some(started) => Some(started),
        None => match control.compute.submit(&scope, &action.step, request_id(change, &action.key())).await {
            Ok(submitted) => {
                leader.checkpoints.pass()?;
                submitted.operation().cloned()
            }
            Err(error) => return refused(control, leader, change, action, operation, error).await,
        },
    };
    if let Some(started) = &started {
        if operation.operation.name.is_none() {
            let mut tx = leader.begin(control).await?;
            tx.set_operation_running(change.id, &action.key(), &started.to_string(), scope_of(started))
                .await?;
            tx.commit().await?;
            leader.checkpoints.pass()?;
        }
        match control.compute.wait(&scope, started).await {
            // Compute Engine forgets operations; what the step made is still there.
            Ok(()) | Err(compute::Error::NotFound { .. }) => {}
            Err(error) => return refused(control, leader, change, action, operation, error).await,
        }
        leader.checkpoints.pass()?;
    }
    let now = control.clock.now();
    let mut tx = leader.begin(control).await?;
    tx.set_operation_done(change.id, &action.key(), now).await?;
    let actor = system(control);
    let finished = of_change(
        &actor,
        AuditAction::FinishOperation,
        (change.id, &change.environment),
        action.title(),
        started.map_or_else(|| "it was already so".to_owned(), |operation| operation.name),
        now,
    );
    tx.append_audit(&finished).await?;
    leader.checkpoints.pass()?;
    tx.commit().await?;
    leader.checkpoints.pass()?;
    Ok(Outcome::Done)
}

/// For good, or until later: what a person must mend is not tried again by itself.
async fn refused(
    control: &Control,
    leader: &Leader,
    change: &Change,
    action: &Action,
    operation: &StoredOperation,
    error: compute::Error,
) -> Result<Outcome, Stopped> {
    let now = control.clock.now();
    let why = format!("{}: {error}", action.title());
    let mut tx = leader.begin(control).await?;
    if !error.is_permanent() {
        let at = now + pause(operation.operation.attempts);
        tx.record_attempt_error(change.id, &action.key(), &error.to_string(), at).await?;
        tx.commit().await?;
        tracing::warn!(change = %change.id, step = action.key(), %error, "a step must wait");
        return Ok(Outcome::Later);
    }
    tx.set_operation_failed(change.id, &action.key(), &error.to_string(), now).await?;
    let actor = system(control);
    let failed = of_change(
        &actor,
        AuditAction::FailOperation,
        (change.id, &change.environment),
        action.title(),
        error.to_string(),
        now,
    );
    tx.append_audit(&failed).await?;
    tx.commit().await?;
    Ok(Outcome::Refused(why))
}

/// The store keeps it beside the name, for people who look the operation up.
const fn scope_of(operation: &OperationRef) -> &str {
    match &operation.scope {
        OperationScope::Global => "global",
        OperationScope::Region => "region",
        OperationScope::Zone(zone) => zone.as_str(),
    }
}

/// One second, doubling: an API that is away is not hammered.
fn pause(attempts: u32) -> Duration {
    Duration::seconds(1_i64.checked_shl(attempts.min(6)).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE))
}

/// When a step that waits is tried again; None where none waits.
pub async fn next_attempt(control: &Control, change: &Change) -> Result<Option<Timestamp>, Error> {
    let operations = control.store.list_operations(change.id).await?;
    Ok(operations.iter().filter_map(|operation| operation.next_attempt_at).min())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute() {
        let seconds: Vec<i64> = [0, 1, 2, 5, 6, 40].map(|attempts| pause(attempts).num_seconds()).into();
        assert_eq!(seconds, [1, 2, 4, 32, 60, 60]);
    }
}
