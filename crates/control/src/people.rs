//! People as they sign in and out, and as they are listed.

use std::collections::BTreeSet;

use domain::{
    Actor, Permission,
    audit::AuditAction,
    view::person::{PersonList, PersonRow},
};
use store::{Hash, NewEvent};

use crate::{Control, Error, error::authorize};

/// People on one page.
const MOST: u32 = 500;

/// Who may be met here, with the roles of their last sign-in.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn list_people(control: &Control, actor: &Actor) -> Result<PersonList, Error> {
    authorize(actor, Permission::ReadPeople)?;
    let mut people = control.store.list_people(MOST + 1).await?;
    let more = people.len() > MOST as usize;
    people.truncate(MOST as usize);
    let row = |person: store::Person| PersonRow {
        sub: person.claims.sub,
        name: person.claims.name,
        email: person.claims.email,
        roles: person.claims.roles,
        groups: person.claims.groups,
        first_sign_in: person.first_sign_in,
        last_sign_in: person.last_sign_in,
    };
    Ok(PersonList { people: people.into_iter().map(row).collect(), more, now: control.clock.now() })
}

/// A browser's session that is nobody's yet.
#[derive(Clone, Debug)]
pub struct OwnSession {
    pub id_sha256: Hash,
    /// What it holds once it is somebody's. Only who keeps sessions reads it.
    pub data: Vec<u8>,
}

/// Keeps who signed in, with the roles that their token gave them. The session becomes theirs together with the event that says so;
/// None where no browser is behind it.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn sign_in(
    control: &Control,
    actor: &Actor,
    issuer: &str,
    email: &str,
    groups: &BTreeSet<String>,
    session: Option<&OwnSession>,
) -> Result<(), Error> {
    let now = control.clock.now();
    let roles: Vec<&str> = actor.roles.iter().map(|role| role.as_str()).collect();
    let mut tx = control.store.begin().await?;
    tx.upsert_person(
        &store::SignIn {
            sub: actor.id.clone(),
            issuer: issuer.to_owned(),
            name: actor.name.clone(),
            email: email.to_owned(),
            roles: actor.roles.clone(),
            groups: groups.iter().cloned().collect(),
        },
        now,
    )
    .await?;
    if let Some(own) = session
        && !tx.give_session(own.id_sha256, &actor.id, &own.data).await?
    {
        return Err(Error::NotFound("the session".to_owned()));
    }
    let with =
        if roles.is_empty() { "without a role".to_owned() } else { format!("as {}", roles.join(", ")) };
    let signed_in = NewEvent { detail: with, ..NewEvent::new(actor, AuditAction::SignIn, &actor.id, now) };
    tx.append_audit(&signed_in).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends the actor's session. Of one that was ended meanwhile the log says so already.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn sign_out(control: &Control, actor: &Actor, session: Hash) -> Result<(), Error> {
    let now = control.clock.now();
    let mut tx = control.store.begin().await?;
    if tx.end_session(session).await?.is_some() {
        tx.append_audit(&NewEvent::new(actor, AuditAction::SignOut, &actor.id, now)).await?;
    }
    tx.commit().await?;
    Ok(())
}
