//! Sessions: who is signed in where, and ending that.

use domain::{
    Actor, Permission,
    audit::AuditAction,
    view::session::{SessionList, SessionRow},
};
use store::{Hash, NewEvent, SessionSummary};

use crate::{Control, Error, error::authorize};

const MOST: u32 = 200;

/// The viewer's own sessions, and everybody's for who manages people. `current` is the session that asks.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn list_sessions(
    control: &Control,
    actor: &Actor,
    current: Option<Hash>,
) -> Result<SessionList, Error> {
    authorize(actor, Permission::ManageOwnTokens)?;
    let row = |summary: SessionSummary| SessionRow {
        current: Some(summary.id_sha256) == current,
        id_sha256: summary.id_sha256.to_string(),
        person: summary.person,
        person_name: summary.person_name,
        signed_in_at: summary.created_at,
        expires_at: summary.expires_at,
    };
    let own = control.store.list_sessions(Some(&actor.id), MOST).await?;
    let others = if actor.may(Permission::ManagePeople) {
        control.store.list_sessions(None, MOST).await?
    } else {
        Vec::new()
    };
    Ok(SessionList {
        own: own.into_iter().map(row).collect(),
        others: others.into_iter().filter(|session| session.person != actor.id).map(row).collect(),
        now: control.clock.now(),
    })
}

/// Ends one session: one's own, or anybody's for who manages people.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn end_session(control: &Control, actor: &Actor, id_sha256: &str) -> Result<(), Error> {
    authorize(actor, Permission::ManageOwnTokens)?;
    let ended = || Error::NotFound("the session".to_owned());
    let id: Hash = id_sha256.parse().map_err(|_| ended())?;
    let mut tx = control.store.begin().await?;
    let person = tx.end_session(id).await?.ok_or_else(ended)?;
    if person != actor.id {
        // Dropped, the transaction ends nothing.
        authorize(actor, Permission::ManagePeople)?;
    }
    let object = format!("a session of {person}");
    tx.append_audit(&NewEvent::new(actor, AuditAction::EndSession, object, control.clock.now())).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends the actor's sessions but the one that asks, and says how many.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn end_other_sessions(
    control: &Control,
    actor: &Actor,
    current: Option<Hash>,
) -> Result<u64, Error> {
    authorize(actor, Permission::ManageOwnTokens)?;
    let mut tx = control.store.begin().await?;
    let ended = tx.end_sessions(&actor.id, current).await?;
    if ended > 0 {
        let object =
            format!("{ended} other {} of {}", if ended == 1 { "session" } else { "sessions" }, actor.id);
        tx.append_audit(&NewEvent::new(actor, AuditAction::EndSession, object, control.clock.now())).await?;
    }
    tx.commit().await?;
    Ok(ended)
}
