//! The operations of one change, in its plan's order: intended, sent, waited for, done. Each attempt of a step has the same
//! request id, so Compute Engine answers a repeat with the operation that it already has. An operation that it does not know (any
//! more) proves nothing: the step is sent again and finds what is there, unless a repeat would be a second effect.

use std::time::Duration;

use chrono::TimeDelta;
use compute::{OperationRef, OperationScope, Submitted};
use domain::{
    audit::AuditAction,
    change::Change,
    operation::OperationState,
    plan::{Action, Step},
};
use store::{NewOperation, StoredOperation};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Leader, Stopped, changes::system, proof};
use crate::{Control, audit::of_change, planning::scope};

/// Longest pause between two attempts, in seconds.
const LONGEST_PAUSE: i64 = 60;
/// One round waits this long for an operation; the next one goes on waiting, and looks at what else is new before.
const ONE_WAIT: Duration = Duration::from_secs(5);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// `done` operations finished in this round; the next one still runs, or must be tried later.
    Waiting {
        done: u32,
    },
    Done {
        done: u32,
    },
    Refused {
        why: String,
    },
    /// Somebody else wrote to it: nothing more of it runs.
    Forged {
        why: String,
    },
}

/// The same for every attempt of a call, also by another process.
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
        let ended = known.iter().any(|one| one.operation.step == key && one.operation.finished_at.is_some());
        if !ended && let Some(why) = proof::before_step(control, change).await? {
            tracing::error!(change = %change.id, step = key, why, "a step was refused");
            return Ok(Status::Forged { why });
        }
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
        match (Work { control, leader, change, action, operation: &operation }).run().await? {
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

/// One step of one change, and how far it is.
struct Work<'a> {
    control: &'a Control,
    leader: &'a Leader,
    change: &'a Change,
    action: &'a Action,
    operation: &'a StoredOperation,
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
    tx.append_audit(&leader.signs(intended)).await?;
    leader.checkpoints.pass()?;
    tx.commit().await?;
    leader.checkpoints.pass()?;
    Ok(operation)
}

impl Work<'_> {
    async fn run(&self) -> Result<Outcome, Stopped> {
        let known = self.operation.operation.name.as_deref().and_then(|name| name.parse().ok());
        match known {
            Some(started) => self.wait(started).await,
            None => self.submit(request_id(self.change, &self.action.key())).await,
        }
    }

    async fn submit(&self, request_id: Uuid) -> Result<Outcome, Stopped> {
        let scope = scope(&self.change.revision.desired);
        self.leader.must_lead()?;
        match self.control.compute.submit(&scope, &self.action.step, request_id).await {
            Ok(Submitted::Started(started)) => {
                self.leader.checkpoints.pass()?;
                self.started(&started).await?;
                self.wait_for(&started).await
            }
            Ok(Submitted::AlreadyThere) => {
                self.leader.checkpoints.pass()?;
                self.done("it was already so").await
            }
            Err(error) => self.refused(error).await,
        }
    }

    async fn started(&self, started: &OperationRef) -> Result<(), Stopped> {
        let mut tx = self.leader.begin(self.control).await?;
        tx.set_operation_running(self.change.id, &self.action.key(), &started.to_string(), scope_of(started))
            .await?;
        tx.commit().await?;
        self.leader.checkpoints.pass()
    }

    /// For an operation of an earlier round. One that failed in passing is sent again after its pause, under an id that follows
    /// from the failed one: the old id would only show the old failure. One that is not known is sent again as it was.
    async fn wait(&self, started: OperationRef) -> Result<Outcome, Stopped> {
        let paused = self.operation.next_attempt_at.is_some();
        match self.ended(&started).await {
            Some(Err(error @ compute::Error::Refused { .. })) if paused && !error.is_permanent() => {
                let step = format!("{}/after/{}", self.action.key(), started.name);
                self.submit(request_id(self.change, &step)).await
            }
            Some(Err(compute::Error::NotFound { .. })) if repeats(&self.action.step) => {
                let (change, step) = (self.change.id, self.action.key());
                tracing::warn!(%change, step, operation = %started, "an operation is not known: its step is sent again");
                self.submit(request_id(self.change, &step)).await
            }
            ended => self.conclude(&started, ended).await,
        }
    }

    async fn wait_for(&self, started: &OperationRef) -> Result<Outcome, Stopped> {
        let ended = self.ended(started).await;
        self.conclude(started, ended).await
    }

    /// None: it runs on.
    async fn ended(&self, started: &OperationRef) -> Option<Result<(), compute::Error>> {
        let scope = scope(&self.change.revision.desired);
        timeout(ONE_WAIT, self.control.compute.wait(&scope, started)).await.ok()
    }

    async fn conclude(
        &self,
        started: &OperationRef,
        ended: Option<Result<(), compute::Error>>,
    ) -> Result<Outcome, Stopped> {
        match ended {
            None => Ok(Outcome::Later),
            Some(Ok(())) => {
                self.leader.checkpoints.pass()?;
                self.done(&started.name).await
            }
            Some(Err(compute::Error::NotFound { .. })) if repeats(&self.action.step) => {
                // Just taken, and not known: after a pause it is looked for, and sent, again.
                let message = format!("{started} was taken and is not known");
                self.refused(compute::Error::Unavailable { message }).await
            }
            Some(Err(compute::Error::NotFound { .. })) => {
                self.leader.checkpoints.pass()?;
                self.done(&format!("{} was taken and is forgotten", started.name)).await
            }
            Some(Err(error)) => self.refused(error).await,
        }
    }

    async fn done(&self, detail: &str) -> Result<Outcome, Stopped> {
        let now = self.control.clock.now();
        let mut tx = self.leader.begin(self.control).await?;
        tx.set_operation_done(self.change.id, &self.action.key(), now).await?;
        let actor = system(self.control);
        let finished = of_change(
            &actor,
            AuditAction::FinishOperation,
            (self.change.id, &self.change.environment),
            self.action.title(),
            detail,
            now,
        );
        tx.append_audit(&self.leader.signs(finished)).await?;
        self.leader.checkpoints.pass()?;
        tx.commit().await?;
        self.leader.checkpoints.pass()?;
        Ok(Outcome::Done)
    }

    /// For good, or until later: what a person must mend is not tried again by itself.
    async fn refused(&self, error: compute::Error) -> Result<Outcome, Stopped> {
        let now = self.control.clock.now();
        let (change, key) = (self.change, self.action.key());
        let mut tx = self.leader.begin(self.control).await?;
        if !error.is_permanent() {
            let at = now + pause(self.operation.operation.attempts);
            tx.record_attempt_error(change.id, &key, &error.to_string(), at).await?;
            tx.commit().await?;
            tracing::warn!(change = %change.id, step = key, %error, "a step must wait");
            return Ok(Outcome::Later);
        }
        tx.set_operation_failed(change.id, &key, &error.to_string(), now).await?;
        let actor = system(self.control);
        let failed = of_change(
            &actor,
            AuditAction::FailOperation,
            (change.id, &change.environment),
            self.action.title(),
            error.to_string(),
            now,
        );
        tx.append_audit(&self.leader.signs(failed)).await?;
        tx.commit().await?;
        Ok(Outcome::Refused(format!("{}: {error}", self.action.title())))
    }
}

/// Whether the step names what shall be, so that where it is so a repeat does nothing. To boot a VM again, or to make another one under its
/// name, is done anew each time.
const fn repeats(step: &Step) -> bool {
    !matches!(step, Step::RestartInstance(_) | Step::RecreateInstance(_))
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
fn pause(attempts: u32) -> TimeDelta {
    TimeDelta::seconds(1_i64.checked_shl(attempts.min(6)).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE))
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
