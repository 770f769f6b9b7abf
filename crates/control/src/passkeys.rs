//! Passkeys: a person registers the keys that sign their votes, and revokes them.

use approval::{Algorithm, Bytes32, Registration, verify_registration};
use domain::{
    Actor, Permission,
    audit::AuditAction,
    view::approval::{PasskeyList, PasskeyRow, RegistrationAnswer, RegistrationOptions},
};
use store::{NewEvent, NewPasskey, Passkey};

use crate::{
    Control, Error,
    audit::of_change,
    canonical::hex,
    error::authorize,
    signing::{MOST_PASSKEYS, random},
};

/// Characters of a label, at most.
const LONGEST_LABEL: usize = 60;
/// What people see in their passkey's dialog.
const NAME: &str = "Agent Manager";
/// Digits of a key's name in the log.
const LOGGED_NAME: usize = 12;

/// What to give `navigator.credentials.create`.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn begin_registration(control: &Control, actor: &Actor) -> Result<RegistrationOptions, Error> {
    authorize(actor, Permission::ManageOwnPasskeys)?;
    let usable = usable_passkeys(control, actor).await?;
    check_room(&usable)?;
    let challenge = random()?;
    let lifetime = control.signing.challenge_lifetime;
    control.store.create_challenge(&challenge, &actor.id, None, lifetime).await?;
    Ok(RegistrationOptions {
        challenge: challenge.to_vec(),
        rp_id: control.signing.party.id.clone(),
        rp_name: NAME.to_owned(),
        user_id: Bytes32::sha256(format!("agent-manager.person/v1\0{}", actor.id).as_bytes()).0.to_vec(),
        user_name: actor.name.clone(),
        algorithms: Algorithm::ALL.map(Algorithm::number).to_vec(),
        exclude: usable.into_iter().map(|passkey| passkey.credential_id).collect(),
    })
}

/// What the person can sign with. Revoked ones stay for the votes that name them, and are good for nothing else.
pub(crate) async fn usable_passkeys(control: &Control, actor: &Actor) -> Result<Vec<Passkey>, Error> {
    let mut passkeys = control.store.list_passkeys(&actor.id).await?;
    passkeys.retain(|passkey| passkey.revoked_at.is_none());
    Ok(passkeys)
}

fn check_room(usable: &[Passkey]) -> Result<(), Error> {
    if usable.len() < MOST_PASSKEYS {
        return Ok(());
    }
    Err(Error::Conflict(format!("you have {MOST_PASSKEYS} passkeys, which is the most: revoke one of them")))
}

/// Keeps the public key of what the browser answered.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn finish_registration(
    control: &Control,
    actor: &Actor,
    label: &str,
    answer: &RegistrationAnswer,
) -> Result<(), Error> {
    authorize(actor, Permission::ManageOwnPasskeys)?;
    let label = label.trim();
    if label.is_empty() || label.chars().count() > LONGEST_LABEL || label.chars().any(char::is_control) {
        return Err(Error::invalid(
            "label",
            format!("name the passkey in 1 to {LONGEST_LABEL} characters, for example Work laptop"),
        ));
    }
    take_challenge(control, actor, &answer.challenge)
        .await?
        .is_none()
        .then_some(())
        .ok_or_else(|| Error::invalid("challenge", "it was made for a vote: begin again"))?;
    let registration = Registration {
        client_data_json: &answer.client_data_json,
        attestation_object: &answer.attestation_object,
    };
    let registered = verify_registration(&registration, &answer.challenge, &control.signing.party)
        .map_err(|refusal| Error::invalid("passkey", refusal.to_string()))?;
    // Others may have been registered since this one was begun.
    check_room(&usable_passkeys(control, actor).await?)?;

    let now = control.clock.now();
    let mut tx = control.store.begin().await?;
    let new = NewPasskey {
        credential_id: &registered.credential_id,
        person: &actor.id,
        cose_key: &registered.cose_key,
        sign_count: registered.sign_count,
        label,
        backup_eligible: registered.backup_eligible,
        at: now,
    };
    tx.insert_passkey(&new).await.map_err(|error| match error {
        store::Error::Conflict(_) => Error::Conflict("this passkey is registered already".to_owned()),
        other => other.into(),
    })?;
    let mut event = event(actor, AuditAction::RegisterPasskey, &registered.credential_id, now);
    // The log alone tells which key a vote is to be verified with: a claim asks it (`testimony`).
    let key = Bytes32::sha256(&registered.cose_key).to_string();
    event.after_sha256 = Some(key.parse().map_err(Error::internal)?);
    tx.append_audit(&event).await?;
    tx.commit().await?;
    Ok(())
}

/// Uses the challenge up; gives the statement of one that was made for a vote.
pub(crate) async fn take_challenge(
    control: &Control,
    actor: &Actor,
    challenge: &[u8],
) -> Result<Option<Vec<u8>>, Error> {
    let challenge: &[u8; 32] =
        challenge.try_into().map_err(|_| Error::invalid("challenge", "it does not have 32 bytes"))?;
    let taken = control.store.take_challenge(challenge, &actor.id).await?.ok_or_else(|| {
        Error::Precondition(
            "this question was answered before, is too old, or was asked of somebody else: begin again"
                .to_owned(),
        )
    })?;
    Ok(taken.statement)
}

/// The key's own name for itself: a label may hold personal words, which no log may. It is short, for people to read; that no other key
/// is taken for this one is for the key's whole digest to say.
pub(crate) fn logged_name(credential_id: &[u8]) -> String {
    let mut name = Bytes32::sha256(credential_id).to_string();
    name.truncate(LOGGED_NAME);
    name
}

fn event<'a>(
    actor: &'a Actor,
    action: AuditAction,
    credential_id: &[u8],
    now: domain::Timestamp,
) -> NewEvent<'a> {
    NewEvent::new(actor, action, format!("passkey {}", logged_name(credential_id)), now)
}

/// One's own.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn list_passkeys(control: &Control, actor: &Actor) -> Result<PasskeyList, Error> {
    authorize(actor, Permission::ManageOwnPasskeys)?;
    let passkeys = control.store.list_passkeys(&actor.id).await?;
    let roster = control.store.roster_in_force().await?;
    let open = control.store.count_open_votes(&actor.id).await?;
    Ok(PasskeyList {
        passkeys: passkeys
            .into_iter()
            .map(|passkey| PasskeyRow {
                id: hex(&passkey.credential_id),
                open_votes: open.get(&passkey.credential_id).copied().unwrap_or_default(),
                label: passkey.label,
                synced: passkey.backup_eligible,
                created_at: passkey.created_at,
                last_used_at: passkey.last_used_at,
                revoked_at: passkey.revoked_at,
            })
            .collect(),
        groups: roster.groups_of(&actor.id).into_iter().map(str::to_owned).collect(),
        now: control.clock.now(),
    })
}

/// Ends a passkey for good, and with it every vote of a change that has not begun. `id`: as the list has it.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn revoke_passkey(control: &Control, actor: &Actor, id: &str) -> Result<(), Error> {
    authorize(actor, Permission::ManageOwnPasskeys)?;
    let own = control.store.list_passkeys(&actor.id).await?;
    let passkey = own
        .into_iter()
        .find(|passkey| hex(&passkey.credential_id) == id)
        .ok_or_else(|| Error::NotFound("this passkey".to_owned()))?;
    let now = control.clock.now();
    let mut tx = control.store.begin().await?;
    if !tx.revoke_passkey(&actor.id, &passkey.credential_id, now).await? {
        return Err(Error::Conflict("this passkey is revoked already".to_owned()));
    }
    let because = "the passkey that signed it was revoked";
    let voided = tx.void_votes_of_key(&passkey.credential_id, because, now).await?;
    let mut events = vec![event(actor, AuditAction::RevokePasskey, &passkey.credential_id, now)];
    events.extend(voided.iter().map(|(change, environment)| {
        of_change(actor, AuditAction::VoidVotes, (*change, environment), change.to_string(), because, now)
    }));
    tx.append_audits(&events).await?;
    tx.commit().await?;
    Ok(())
}
