//! May it run? Everything that a claim and each step prove again, from raw evidence and with the database's time.

use domain::{Actor, audit::AuditAction, change::Change};
use store::{AuditFilter, NewEvent, Tx};

use super::Stopped;
use crate::{
    Control,
    drift::{self, Drift},
    evidence::{self, Forged, Rules},
    testimony,
};

/// A change is claimed once; more than that were never written.
const CLAIMS: u32 = 4;

pub(super) enum Proof<'a> {
    /// The change as it was read under the lock.
    Holds(Box<Change>),
    /// It is not what was looked at: another round looks at what it is.
    Moved,
    /// Its votes are void by now, and it waits again; the events are to be appended.
    TakenBack(Vec<NewEvent<'a>>),
    /// Something that this control plane never wrote stands in the database.
    Refused(String),
}

/// The cause of a row whose bytes do not have their digests, with its code.
pub(super) fn bytes_mismatch(error: &store::Error) -> String {
    format!("its stored bytes are not what was digested: {error} (bytes_mismatch)")
}

pub(super) async fn needs_signatures(control: &Control, change: &Change) -> Result<bool, Stopped> {
    let mut tx = control.store.begin().await?;
    let rules = Rules::read(&mut tx).await?;
    tx.rollback().await?;
    Ok(!rules.requirement(change).is_nobody())
}

/// In the transaction that claims: locks the change, verifies each signature, counts people, compares every digest.
pub(super) async fn of_claim<'a>(
    control: &Control,
    tx: &mut Tx,
    actor: &'a Actor,
    change: &Change,
    drift: Option<Drift>,
) -> Result<Proof<'a>, Stopped> {
    let locked = match tx.lock_change(change.id).await {
        Err(error @ store::Error::Corrupt { .. }) => return Ok(Proof::Refused(bytes_mismatch(&error))),
        locked => locked?,
    };
    if locked.state != change.state || locked.revision.number != change.revision.number {
        return Ok(Proof::Moved);
    }
    let (rules, now) = (Rules::read(tx).await?, tx.database_time().await?);
    let votes = tx.list_votes(change.id).await?;
    let weighed = match evidence::weigh(&control.signing, &locked, &rules, &votes, now) {
        Ok(weighed) => weighed,
        Err(Forged(why)) => return Ok(Proof::Refused(why)),
    };
    let at = control.clock.now();
    if let Some(drift) = drift {
        return Ok(Proof::TakenBack(drift::take_back(tx, actor, &locked, &rules, drift, at).await?));
    }
    if weighed.holds() {
        let Some(why) = testimony::contradicts(control, &locked, &rules, &votes, now).await? else {
            return Ok(Proof::Holds(Box::new(locked)));
        };
        // The log was read after them: a policy or a roster that was set in force in between is no forgery, nor is a key revoked.
        let again = Rules::read(tx).await?;
        let same = again.policy == rules.policy
            && again.roster == rules.roster
            && tx.list_votes(change.id).await? == votes;
        return Ok(if same { Proof::Refused(why) } else { Proof::Moved });
    }
    let because = weighed.stale.first().map_or_else(
        || format!("its signatures are not enough: {}", weighed.quorum),
        |stale| stale.because.clone(),
    );
    let void = weighed.stale_ids();
    Ok(Proof::TakenBack(drift::void_some(tx, actor, &locked, (&void, &because), at).await?))
}

/// Before each call: the stored bytes, read again, are those that were claimed, and every signature is still over them. Why not, with a code.
/// What only time or a policy ends does not stop a change half-way.
pub(super) async fn before_step(control: &Control, change: &Change) -> Result<Option<String>, Stopped> {
    let stored = match control.store.get_change(change.id).await {
        Err(error @ store::Error::Corrupt { .. }) => return Ok(Some(bytes_mismatch(&error))),
        Ok(None) => return Ok(Some(format!("{} is not stored any more (bytes_mismatch)", change.id))),
        stored => stored?.unwrap_or_else(|| change.clone()),
    };
    let same = stored.revision.number == change.revision.number
        && stored.revision.payload_sha256 == change.revision.payload_sha256
        && stored.revision.plan_sha256 == change.revision.plan_sha256;
    if !same {
        return Ok(Some("its revision was exchanged while it ran (bytes_mismatch)".to_owned()));
    }
    let mut tx = control.store.begin().await?;
    let (rules, now) = (Rules::read(&mut tx).await?, tx.database_time().await?);
    let votes = tx.list_votes(change.id).await?;
    tx.rollback().await?;
    if let Err(Forged(why)) = evidence::weigh(&control.signing, &stored, &rules, &votes, now) {
        return Ok(Some(why));
    }
    let claimed = was_claimed(control, &stored).await?;
    Ok((!claimed)
        .then(|| "no event of the audit log says that these bytes were claimed (not_claimed)".to_owned()))
}

/// A state that says "applying" is not evidence. The claim wrote an event, with the digests of what it proved, into the chained log.
async fn was_claimed(control: &Control, change: &Change) -> Result<bool, Stopped> {
    let of_claim = AuditFilter {
        change: Some(change.id),
        action: Some(AuditAction::ClaimChange),
        ..AuditFilter::default()
    };
    let revision = &change.revision;
    let events = control.store.list_audit(&of_claim, CLAIMS).await?;
    Ok(events.iter().any(|event| {
        let plan = event.facts.iter().find(|(name, _)| name == "plan_sha256").map(|(_, value)| value);
        event.after_sha256.as_ref() == Some(&revision.payload_sha256) && plan == Some(&revision.plan_sha256)
    }))
}
