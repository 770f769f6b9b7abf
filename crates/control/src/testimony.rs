//! What the chained log says of a change and of the rules that it is judged by. Columns beside the log are not evidence: whoever can write
//! to them could bring a cancelled change back, strike an author off, or let the policy ask nobody.

use std::collections::BTreeSet;

use domain::{
    ChangeId,
    actor::ActorKind,
    approvals::{Policy, Roster},
    audit::{AuditAction, AuditEvent},
    change::Change,
};
use serde::Serialize;
use store::AuditFilter;

use crate::{Control, Error, canonical::canonical, evidence::Rules};

/// After any of them a change is over.
const ENDS: [AuditAction; 6] = [
    AuditAction::CancelChange,
    AuditAction::RejectChange,
    AuditAction::ExpireChange,
    AuditAction::SupersedeChange,
    AuditAction::FailChange,
    AuditAction::FinishChange,
];
/// Revisions of one change that are looked through for who wrote them; nobody edits one that often.
const MOST_REVISIONS: u32 = 1000;

/// What of a change that is to be claimed the log contradicts, with a code. None: nothing.
pub(crate) async fn contradicts(
    control: &Control,
    change: &Change,
    rules: &Rules,
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
