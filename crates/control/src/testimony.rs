//! What the chained log says of a change and of the rules that it is judged by. Columns beside the log are not evidence: whoever can write
//! to them could bring a cancelled change back, strike an author off, let the policy ask nobody, write a key beside a voter's name,
//! or words into a voter's mouth.

use std::collections::BTreeSet;

use approval::{Bytes32, Statement};
use domain::{
    ChangeId, Timestamp,
    actor::ActorKind,
    approvals::{Ballot, Policy, Roster},
    audit::{AuditAction, AuditEvent},
    change::Change,
};
use serde::Serialize;
use store::{AuditFilter, Vote};

use crate::{
    Control, Error,
    canonical::canonical,
    evidence::{self, Rules},
    passkeys::logged_name,
};

/// After any of them a change is over.
const ENDS: [AuditAction; 6] = [
    AuditAction::CancelChange,
    AuditAction::RejectChange,
    AuditAction::ExpireChange,
    AuditAction::SupersedeChange,
    AuditAction::FailChange,
    AuditAction::FinishChange,
];
/// Revisions of one change, and votes of one person on it, that are looked through; nobody edits one that often.
const MOST_REVISIONS: u32 = 1000;
/// Events of one person about one key that are looked through: it is registered once and revoked once.
const MOST_OF_KEY: u32 = 8;

/// What of a change that is to be claimed the log contradicts, with a code. None: nothing. `votes`: those that were weighed, at `now`.
pub(crate) async fn contradicts(
    control: &Control,
    change: &Change,
    rules: &Rules,
    votes: &[Vote],
    now: Timestamp,
) -> Result<Option<String>, Error> {
    let because = if let Some(event) = end(control, change.id).await? {
        // By whom is in the log: names of people stand in no history.
        format!("the audit log ended it: event {} {}", event.seq, event.action.sentence(&event.object))
    } else if has_unnamed_author(control, change).await? {
        "the audit log knows an author of it who is not among its authors".to_owned()
    } else if !tells_of_policy(control, &rules.policy).await? {
        format!("policy {} is not as the audit log tells of it", rules.policy.name())
    } else if !tells_of_roster(control, &rules.roster).await? {
        format!("roster r{} is not as the audit log tells of it", rules.roster.revision)
    } else if let Some(why) = disowned_vote(control, change, votes, now).await? {
        why.to_owned()
    } else {
        return Ok(None);
    };
    Ok(Some(format!("{because} (evidence_invalid)")))
}

/// The newest event of that kind.
async fn newest(
    control: &Control,
    action: AuditAction,
    change: Option<ChangeId>,
) -> Result<Option<AuditEvent>, Error> {
    let filter = AuditFilter { action: Some(action), change, ..AuditFilter::default() };
    Ok(control.store.list_audit(&filter, 1).await?.pop())
}

async fn end(control: &Control, id: ChangeId) -> Result<Option<AuditEvent>, Error> {
    for action in ENDS {
        let found = newest(control, action, Some(id)).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

async fn has_unnamed_author(control: &Control, change: &Change) -> Result<bool, Error> {
    let mut authors = BTreeSet::new();
    for action in [AuditAction::ProposeChange, AuditAction::ReviseChange] {
        let filter = AuditFilter { action: Some(action), change: Some(change.id), ..AuditFilter::default() };
        let events = control.store.list_audit(&filter, MOST_REVISIONS).await?;
        // The control plane itself only plans a declaration again.
        let people = events.into_iter().filter(|event| event.actor_kind == ActorKind::Person);
        authors.extend(people.map(|event| event.actor_id));
    }
    Ok(authors.iter().any(|author| !change.authors.contains(author)))
}

/// The first policy comes with the schema; any other was set in force by an event with its digest.
async fn tells_of_policy(control: &Control, policy: &Policy) -> Result<bool, Error> {
    match newest(control, AuditAction::RevisePolicy, None).await? {
        None => Ok(*policy == Policy::first()),
        Some(event) => names(&event, &format!("policy {}", policy.name()), policy),
    }
}

/// Nobody has the empty one; any other was set in force by an event with its digest.
pub(crate) async fn tells_of_roster(control: &Control, roster: &Roster) -> Result<bool, Error> {
    match newest(control, AuditAction::ReviseRoster, None).await? {
        None => Ok(*roster == Roster::default()),
        Some(event) => names(&event, &format!("roster r{}", roster.revision), roster),
    }
}

fn names(event: &AuditEvent, object: &str, value: &impl Serialize) -> Result<bool, Error> {
    let digest = canonical(value)?.sha256;
    Ok(event.object == object && event.after_sha256.as_deref() == Some(digest.as_str()))
}

/// What the log says against a vote that counts.
async fn disowned_vote(
    control: &Control,
    change: &Change,
    votes: &[Vote],
    now: Timestamp,
) -> Result<Option<&'static str>, Error> {
    for vote in votes {
        // What holds no more was not counted.
        if !vote.is_live(change.revision.number, now) || vote.key_revoked_at.is_some() {
            continue;
        }
        if let Some(why) = disowned_key(control, vote).await? {
            return Ok(Some(why));
        }
        if !tells_of_vote(control, vote).await? {
            return Ok(Some("the audit log does not know a vote on it, or its reason, as it stands"));
        }
    }
    Ok(None)
}

/// A signature is as true as the key that it is verified with. Whose that is, and whether its person revoked it, the log tells.
async fn disowned_key(control: &Control, vote: &Vote) -> Result<Option<&'static str>, Error> {
    let name = logged_name(&vote.credential_id);
    let registered = of_key(control, vote, &name, AuditAction::RegisterPasskey).await?;
    let key = Bytes32::sha256(&vote.cose_key).to_string();
    if !registered.iter().any(|event| event.after_sha256.as_deref() == Some(key.as_str())) {
        return Ok(Some("the audit log does not know a key that signed it as its voter's"));
    }
    // A key that was revoked is never registered again, so that one such event is enough, whenever it was.
    let revoked = of_key(control, vote, &name, AuditAction::RevokePasskey).await?;
    Ok((!revoked.is_empty()).then_some("the audit log knows that a key that signed it was revoked"))
}

/// What the voter did to the key.
async fn of_key(
    control: &Control,
    vote: &Vote,
    name: &str,
    action: AuditAction,
) -> Result<Vec<AuditEvent>, Error> {
    let filter = AuditFilter {
        actor: Some(vote.person.as_str()),
        action: Some(action),
        object: Some(name),
        ..AuditFilter::default()
    };
    let mut events = control.store.list_audit(&filter, MOST_OF_KEY).await?;
    events.retain(|event| is_of(event, vote));
    Ok(events)
}

/// Its voter cast it, for that reason, which no signature covers and later voters read.
async fn tells_of_vote(control: &Control, vote: &Vote) -> Result<bool, Error> {
    let Ok(statement) = Statement::from_bytes(&vote.statement) else { return Ok(false) };
    let action = match vote.ballot {
        Ballot::Approve => AuditAction::VoteToApprove,
        Ballot::Reject => AuditAction::VoteToReject,
    };
    let filter = AuditFilter {
        actor: Some(vote.person.as_str()),
        action: Some(action),
        change: Some(vote.change),
        ..AuditFilter::default()
    };
    let events = control.store.list_audit(&filter, MOST_REVISIONS).await?;
    let signed = Statement::digest(&vote.statement).to_string();
    let reason = evidence::reason_digest(&statement, &vote.reason).to_string();
    Ok(events.iter().filter(|event| is_of(event, vote)).any(|event| {
        let fact = |name: &str| event.facts.iter().find(|(fact, _)| fact == name).map(|(_, value)| value);
        // Events of before the log kept the reason's digest have none.
        fact("statement_digest") == Some(&signed) && fact("reason_digest").is_none_or(|told| *told == reason)
    }))
}

/// Done by the voter. The filter finds who is called so, too.
fn is_of(event: &AuditEvent, vote: &Vote) -> bool {
    event.actor_kind == ActorKind::Person && event.actor_id == vote.person
}
