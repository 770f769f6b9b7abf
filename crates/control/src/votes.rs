//! Votes: a person is given a statement to sign, and what they signed is verified, stored as it came, and counted.

mod polls;
mod tally;
mod view;

use approval::{Assertion, Bytes32, Statement, groups, verify_assertion};
use chrono::{SubsecRound as _, TimeDelta};
use domain::{
    Actor, ChangeId, ChangeState, Permission, Timestamp,
    approvals::{Ballot, Requirement, Roster},
    audit::AuditAction,
    change::Change,
    view::approval::{VoteAnswer, VoteBlock, VoteOptions},
};
use store::{NewEvent, NewVote, Tx, Vote};

pub(crate) use polls::{awaited, seats, waiting_for};
pub(crate) use tally::Counted;
pub(crate) use view::approvals;

use crate::{
    Control, Error,
    audit::of_change,
    drift,
    error::authorize,
    evidence::{self, Forged, Rules},
    passkeys::{take_challenge, usable_passkeys},
    signing::random,
};

/// Characters of a voter's reason, at most.
const LONGEST_REASON: usize = 2000;

/// What to give `navigator.credentials.get`. `revision`: the one that the person looked at.
#[tracing::instrument(skip_all, fields(actor = actor.id, change = %id), err(level = "debug"))]
pub async fn begin_vote(
    control: &Control,
    actor: &Actor,
    id: ChangeId,
    revision: u32,
    ballot: Ballot,
) -> Result<VoteOptions, Error> {
    authorize(actor, Permission::VoteOnChange)?;
    let change = control.store.get_change(id).await?.ok_or_else(|| Error::NotFound(id.to_string()))?;
    look_again(&change, revision)?;
    let passkeys = usable_passkeys(control, actor).await?;
    let credential_ids: Vec<Vec<u8>> = passkeys.into_iter().map(|passkey| passkey.credential_id).collect();
    let mut tx = control.store.begin().await?;
    let (rules, now) = (Rules::read(&mut tx).await?, tx.database_time().await?);
    let votes = tx.list_votes(id).await?;
    tx.rollback().await?;
    let blocked = block(actor, &change, &rules, &votes, now)
        .or_else(|| credential_ids.is_empty().then(without_passkey));
    if let Some(block) = blocked {
        return Err(Error::Conflict(block.reason));
    }
    // A no is to the bytes that were shown and ends the change, wherever the target went: only a yes asks whether it is still there.
    if ballot == Ballot::Approve
        && let Some(drift) = drift::look(control, &change).await?
    {
        let because = unsignable(&drift, &change);
        let mut tx = control.store.begin().await?;
        let locked = tx.lock_change(id).await?;
        if locked.state == change.state && locked.revision.number == revision {
            let system = Actor::system(&rules.policy.name(), &actor.request_id);
            let events =
                drift::take_back(&mut tx, &system, &locked, &rules, drift, control.clock.now()).await?;
            tx.append_audits(&events).await?;
            tx.commit().await?;
        }
        return Err(Error::Precondition(because));
    }

    let not_before = now.trunc_subsecs(0);
    let lifetime = TimeDelta::from_std(control.signing.vote_lifetime).map_err(Error::internal)?;
    let statement = Statement {
        v: approval::VERSION,
        env: change.environment.clone(),
        action: ballot,
        change_id: id,
        revision,
        payload_sha256: change.revision.payload_sha256.parse().map_err(Error::internal)?,
        plan_sha256: change.revision.plan_sha256.parse().map_err(Error::internal)?,
        target_generation: change.revision.base_generation,
        policy_id: rules.policy.id.clone(),
        policy_rev: rules.policy.revision,
        roster_rev: rules.roster.revision,
        requester: change.proposed_by.clone(),
        approver: actor.id.clone(),
        nonce: Bytes32(random()?),
        not_before,
        not_after: not_before + lifetime,
    };
    let bytes = statement.to_bytes().map_err(Error::internal)?;
    let digest = Statement::digest(&bytes);
    let lifetime = control.signing.challenge_lifetime;
    control.store.create_challenge(&digest.0, &actor.id, Some(&bytes), lifetime).await?;
    Ok(VoteOptions {
        challenge: digest.0.to_vec(),
        rp_id: control.signing.party.id.clone(),
        credential_ids,
        digest: groups(&digest),
        statement: String::from_utf8(bytes).map_err(Error::internal)?,
    })
}

/// What the voter can do about it: look at what was planned anew, or have the change mended.
fn unsignable(drift: &drift::Drift, change: &Change) -> String {
    let (because, id, revision) = (&drift.because, change.id, change.revision.number);
    if drift.is_planned_again() {
        format!("{because}. You looked at revision {revision} of {id}: look again")
    } else {
        format!("{because}. No vote can clear revision {revision} of {id}: edit it, or cancel it")
    }
}

/// A vote over old bytes is refused with the revision that it is about.
fn look_again(change: &Change, revision: u32) -> Result<(), Error> {
    let newest = change.revision.number;
    if newest == revision {
        return Ok(());
    }
    Err(Error::Precondition(format!(
        "{} was edited: you looked at revision {revision}, and revision {newest} is what would run now",
        change.id
    )))
}

/// Verifies and keeps what was signed. A rejection ends the change; the approval that fills the last seat lets it run.
#[tracing::instrument(skip_all, fields(actor = actor.id, change = %id), err(level = "debug"))]
pub async fn finish_vote(
    control: &Control,
    actor: &Actor,
    id: ChangeId,
    answer: &VoteAnswer,
    reason: &str,
) -> Result<(), Error> {
    authorize(actor, Permission::VoteOnChange)?;
    let reason = reason.trim();
    if reason.chars().count() > LONGEST_REASON || reason.contains('\0') {
        return Err(Error::invalid("reason", format!("write at most {LONGEST_REASON} characters of text")));
    }
    let bytes = take_challenge(control, actor, &answer.challenge)
        .await?
        .ok_or_else(|| Error::invalid("challenge", "it was made for a registration: begin again"))?;
    let statement = Statement::from_bytes(&bytes).map_err(Error::internal)?;
    if statement.action == Ballot::Reject && reason.is_empty() {
        return Err(Error::invalid("reason", "say why you reject it: its author has to mend it"));
    }

    let mut tx = control.store.begin().await?;
    let change = tx.lock_change(id).await?;
    let (rules, now) = (Rules::read(&mut tx).await?, tx.database_time().await?);
    let votes = tx.list_votes(id).await?;
    check_statement(&statement, &change, &rules, now)?;
    check_base(&mut tx, &statement, &change).await?;
    let passkey = tx
        .lock_passkey(&answer.credential_id)
        .await?
        .filter(|passkey| passkey.person == actor.id && passkey.revoked_at.is_none())
        .ok_or_else(|| Error::invalid("passkey", "it is not one of yours, or was revoked"))?;
    if let Some(block) = block(actor, &change, &rules, &votes, now) {
        return Err(Error::Conflict(block.reason));
    }
    let digest = Statement::digest(&bytes);
    let assertion = Assertion {
        client_data_json: &answer.client_data_json,
        authenticator_data: &answer.authenticator_data,
        signature: &answer.signature,
    };
    let signing = &control.signing;
    let counter =
        verify_assertion(&assertion, &digest.0, &signing.party, &passkey.cose_key, Some(passkey.sign_count))
            .map_err(|refusal| Error::invalid("passkey", refusal.to_string()))?;

    let at = control.clock.now();
    let policy = Actor::system(&rules.policy.name(), &actor.request_id);
    let mut events = void_ended(&mut tx, &policy, &change, &votes, (now, at)).await?;
    tx.use_passkey(&passkey.credential_id, counter, at).await?;
    tx.insert_vote(&NewVote {
        change: id,
        environment: &change.environment,
        revision: change.revision.number,
        person: &actor.id,
        ballot: statement.action,
        reason,
        nonce: &statement.nonce.0,
        statement: &bytes,
        client_data_json: &answer.client_data_json,
        authenticator_data: &answer.authenticator_data,
        signature: &answer.signature,
        credential_id: &passkey.credential_id,
        not_after: statement.not_after,
        at: now,
    })
    .await?;
    events.push(cast(actor, &change, &statement, (digest, reason), at));
    events.extend(count(control, &mut tx, &policy, &change, &rules, (statement.action, now, at)).await?);
    tx.append_audits(&events).await?;
    tx.commit().await?;
    Ok(())
}

/// What was signed is still what would run.
fn check_statement(
    statement: &Statement,
    change: &Change,
    rules: &Rules,
    now: Timestamp,
) -> Result<(), Error> {
    if statement.change_id != change.id {
        return Err(Error::invalid("challenge", format!("you signed for {}", statement.change_id)));
    }
    look_again(change, statement.revision)?;
    let moved = Err(Error::Precondition(format!(
        "you signed revision {} of {}, and the change, the policy or the roster moved meanwhile: look at it again",
        statement.revision, change.id
    )));
    if evidence::mismatches(statement, change).iter().any(|(_, differs)| *differs) {
        return moved;
    }
    let (policy, roster) = (&rules.policy, &rules.roster);
    if (&statement.policy_id, statement.policy_rev, statement.roster_rev)
        != (&policy.id, policy.revision, roster.revision)
        || !statement.is_valid_at(now)
    {
        return moved;
    }
    Ok(())
}

/// Nobody approves what another change has overtaken, however late they were asked; a no ends it all the same.
async fn check_base(tx: &mut Tx, statement: &Statement, change: &Change) -> Result<(), Error> {
    if statement.action == Ballot::Reject {
        return Ok(());
    }
    match tx.overtaken_by(&change.environment, change.revision.base_generation).await? {
        None => Ok(()),
        Some(by) => Err(Error::Precondition(format!(
            "{} was overtaken by {by}: edit the change, or propose it again",
            change.id
        ))),
    }
}

/// Makes room for the new vote: a person has one on a revision that is not void, and theirs may have ended since anybody looked.
async fn void_ended<'a>(
    tx: &mut Tx,
    policy: &'a Actor,
    change: &Change,
    votes: &[Vote],
    (now, at): (Timestamp, Timestamp),
) -> Result<Vec<NewEvent<'a>>, Error> {
    let ended: Vec<i64> = votes
        .iter()
        .filter(|vote| vote.voided_at.is_none() && vote.not_after <= now)
        .map(|vote| vote.id)
        .collect();
    if ended.is_empty() {
        return Ok(Vec::new());
    }
    drift::void_some(tx, policy, change, (&ended, evidence::ENDED), at).await
}

fn cast<'a>(
    actor: &'a Actor,
    change: &Change,
    statement: &Statement,
    (digest, reason): (Bytes32, &str),
    at: Timestamp,
) -> NewEvent<'a> {
    let action = match statement.action {
        Ballot::Approve => AuditAction::VoteToApprove,
        Ballot::Reject => AuditAction::VoteToReject,
    };
    let detail = format!("revision {}, signed {}", statement.revision, groups(&digest));
    let environment = (change.id, change.environment.as_str());
    let mut event = of_change(actor, action, environment, change.id.to_string(), detail, at);
    event.payload.insert("statement_digest".to_owned(), digest.to_string().into());
    let reason = evidence::reason_digest(statement, reason);
    event.payload.insert("reason_digest".to_owned(), reason.to_string().into());
    event
}

/// What follows from the new vote, over everything that is stored.
async fn count<'a>(
    control: &Control,
    tx: &mut Tx,
    policy: &'a Actor,
    change: &Change,
    rules: &Rules,
    (ballot, now, at): (Ballot, Timestamp, Timestamp),
) -> Result<Vec<NewEvent<'a>>, Error> {
    let environment = (change.id, change.environment.as_str());
    let event =
        |action, detail: String| of_change(policy, action, environment, change.id.to_string(), detail, at);
    if ballot == Ballot::Reject {
        let outcome = "one of those who were asked rejected it";
        tx.set_change_state(change.id, change.state, ChangeState::Rejected, Some(outcome), at).await?;
        return Ok(vec![event(AuditAction::RejectChange, "one rejection is enough".to_owned())]);
    }
    let votes = tx.list_votes(change.id).await?;
    let weighed = evidence::weigh(&control.signing, change, rules, &votes, now)
        .map_err(|Forged(why)| Error::internal(why))?;
    let mut events = Vec::new();
    if !weighed.stale.is_empty() {
        let because = weighed.stale[0].because.clone();
        events.extend(drift::void_some(tx, policy, change, (&weighed.stale_ids(), &because), at).await?);
    }
    // Those that are void now were not counted.
    if weighed.quorum.is_satisfied() && !weighed.rejected {
        tx.set_change_state(change.id, change.state, ChangeState::Approved, None, at).await?;
        events.push(event(AuditAction::ApproveChange, format!("signed by {}", weighed.quorum)));
    }
    Ok(events)
}

/// Why the person cannot vote on the change now. None: they can, with a passkey.
fn block(actor: &Actor, change: &Change, rules: &Rules, votes: &[Vote], now: Timestamp) -> Option<VoteBlock> {
    if change.state != ChangeState::AwaitingApprovals {
        return Some(closed(change));
    }
    if change.expires_at.is_some_and(|end| end <= now) {
        return Some(blocked(format!("the time in which {} could be approved is over", change.id)));
    }
    let voted = votes.iter().any(|vote| vote.person == actor.id && vote.is_live(change.revision.number, now));
    barred(actor, &change.authors, &rules.requirement(change), &rules.roster, voted).map(blocked)
}

/// Of a change that waits for nobody's vote.
fn closed(change: &Change) -> VoteBlock {
    blocked(format!("{} is {}: nobody votes on it any more", change.id, said(change.state)))
}

/// Of who has nothing to sign with, where nothing else keeps them from it.
fn without_passkey() -> VoteBlock {
    let reason = "a vote is signed with a passkey, and you have none yet".to_owned();
    VoteBlock { reason, needs_passkey: true }
}

fn blocked(reason: String) -> VoteBlock {
    VoteBlock { reason, needs_passkey: false }
}

/// Why it is not this person's to vote on a change that waits, with whatever passkey. `voted`: on its revision.
fn barred(
    actor: &Actor,
    authors: &[String],
    requirement: &Requirement,
    roster: &Roster,
    voted: bool,
) -> Option<String> {
    if !actor.may(Permission::VoteOnChange) {
        return Some("you may not vote on changes: it takes the role approver".to_owned());
    }
    if authors.contains(&actor.id) {
        return Some("you proposed or edited this change: somebody else must approve it".to_owned());
    }
    if !requirement.0.iter().any(|quota| roster.holds(&quota.group, &actor.id)) {
        return Some(format!("it takes {requirement}, and you are in none of these groups"));
    }
    voted.then(|| "you have voted on this revision".to_owned())
}

fn said(state: ChangeState) -> String {
    state.as_str().replace('_', " ")
}
