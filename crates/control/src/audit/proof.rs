//! Verifying the whole log because somebody asks: the same reading as `agent-manager audit verify`, in pages and without a lock,
//! so that appends go on. One at a time in a process, and its answer is told to everybody who asks in the next moments.

use std::time::Duration;

use chrono::TimeDelta;
use domain::{
    Actor, Permission,
    view::audit::{AuditOutcome, AuditProof},
};
use tokio::{sync::Mutex, time::timeout};

use crate::{Control, Error, error::authorize};

/// A page waits no longer; longer logs are verified by the command, on the server.
const LONGEST: Duration = Duration::from_secs(20);
/// Whoever asks sooner gets the answer that was given last, with its time.
const AGAIN_AFTER: TimeDelta = TimeDelta::seconds(5);

/// The last verification of this process. Locked while one runs.
#[derive(Debug, Default)]
pub struct Proofs(Mutex<Option<AuditProof>>);

/// Reads the log from its first event on, and says which is the first that is not what was appended.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn verify_audit(control: &Control, actor: &Actor) -> Result<AuditProof, Error> {
    authorize(actor, Permission::ReadAudit)?;
    let mut last = control.watch.proofs.0.lock().await;
    let began = control.clock.now();
    if let Some(proof) = last.as_ref().filter(|proof| began - proof.at < AGAIN_AFTER) {
        return Ok(proof.clone());
    }
    let read = timeout(LONGEST, control.store.verify_audit(None)).await;
    let outcome = match read {
        Err(_) => AuditOutcome::Unfinished,
        Ok(found) => {
            let found = found?;
            match found.first_wrong {
                None => AuditOutcome::Right { count: found.count, head: found.hash.to_string() },
                Some(wrong) => {
                    tracing::error!(%wrong, "the audit log is not what was appended");
                    AuditOutcome::Wrong { count: found.count, seq: wrong.seq, why: wrong.why.to_string() }
                }
            }
        }
    };
    let at = control.clock.now();
    let proof = AuditProof { outcome, at, took_milliseconds: (at - began).num_milliseconds() };
    *last = Some(proof.clone());
    Ok(proof)
}
