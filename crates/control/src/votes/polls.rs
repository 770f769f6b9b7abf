//! What lists tell of approvals: how many seats are taken, which groups are still asked, and whether the viewer's vote is wanted.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Actor, ChangeId, ChangeState, Permission,
    approvals::{Ballot, Quorum, Roster},
    view::change::RowSeats,
};
use store::Poll;

use super::{
    barred,
    tally::{InForce, Tally},
};
use crate::{Control, Error};

impl InForce {
    /// Of one that waits, by its votes that count. Where nobody can tell what is asked for, or it is overtaken, nobody is asked.
    fn of_waiting(&self, actor: &Actor, poll: &Poll) -> RowSeats {
        if poll.overtaken_by.is_some() {
            return RowSeats { overtaken_by: poll.overtaken_by, ..RowSeats::default() };
        }
        let Some(tally) = self.tally(poll) else { return of_ended(poll, &self.rules.roster) };
        RowSeats { for_me: self.wants(actor, poll, &tally), ..count(&tally) }
    }

    /// Where the person's approval is wanted: how far it is without.
    fn awaits(&self, actor: &Actor, poll: &Poll) -> Option<Quorum> {
        if poll.overtaken_by.is_some() {
            return None;
        }
        let tally = self.tally(poll)?;
        self.wants(actor, poll, &tally).then_some(tally.quorum)
    }

    /// None: what it declares cannot be read, so nobody knows what it asks for.
    fn tally(&self, poll: &Poll) -> Option<Tally> {
        let requirement = self.rules.require(poll.environment.as_ref()?);
        let counts = |vote: &store::Cast| self.void_by(&vote.statement, vote.key_revoked).is_none();
        Some(Tally::of(requirement, &self.rules.roster, approvers(poll, counts), &poll.authors))
    }

    /// Whether the person may vote on it, and would fill a seat that is still empty. Whether they have a passkey does not matter: who has
    /// none is to register one.
    fn wants(&self, actor: &Actor, poll: &Poll, tally: &Tally) -> bool {
        let roster = &self.rules.roster;
        let voted = poll.votes.iter().any(|vote| vote.person == actor.id && vote.in_time);
        barred(actor, &poll.authors, &tally.requirement, roster, voted).is_none()
            && tally.has_seat_for(&actor.id, roster)
    }
}

async fn in_force(control: &Control) -> Result<InForce, Error> {
    let mut tx = control.store.begin().await?;
    let in_force = InForce::read(&mut tx).await?;
    tx.rollback().await?;
    Ok(in_force)
}

fn count(tally: &Tally) -> RowSeats {
    RowSeats {
        taken: tally.quorum.taken(),
        needed: tally.requirement.approvals(),
        short_of: tally.quorum.short_of().map(str::to_owned).collect(),
        ..RowSeats::default()
    }
}

/// Of one that ended before it was approved, by what it asked for.
fn of_ended(poll: &Poll, roster: &Roster) -> RowSeats {
    let tally = Tally::of(poll.requirement.clone(), roster, approvers(poll, |_| true), &poll.authors);
    RowSeats { short_of: Vec::new(), ..count(&tally) }
}

fn approvers(poll: &Poll, counts: impl Fn(&store::Cast) -> bool) -> BTreeSet<String> {
    let approved = poll.votes.iter().filter(|vote| vote.ballot == Ballot::Approve && counts(vote));
    approved.map(|vote| vote.person.clone()).collect()
}

fn waits(poll: &Poll) -> bool {
    poll.state == ChangeState::AwaitingApprovals
}

/// Seats of each of these changes, as the person sees them.
pub(crate) async fn seats(
    control: &Control,
    actor: &Actor,
    ids: &[ChangeId],
) -> Result<BTreeMap<ChangeId, RowSeats>, Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let polls = control.store.list_polls(ids).await?;
    // What was approved had all that it took, by the rules of its day.
    let settled = |poll: &Poll| poll.approved && !waits(poll);
    let in_force = match polls.iter().all(settled) {
        true => None,
        false => Some(in_force(control).await?),
    };
    let told = polls.iter().map(|poll| {
        let seats = match &in_force {
            Some(in_force) if waits(poll) => in_force.of_waiting(actor, poll),
            Some(in_force) if !poll.approved => of_ended(poll, &in_force.rules.roster),
            _ => {
                let needed = poll.requirement.approvals();
                RowSeats { taken: needed, needed, ..RowSeats::default() }
            }
        };
        (poll.id, RowSeats { rejected_by: rejected_by(poll), ..seats })
    });
    Ok(told.collect())
}

fn rejected_by(poll: &Poll) -> Option<String> {
    let mut rejections = poll.votes.iter().filter(|vote| vote.ballot == Ballot::Reject);
    rejections
        .next_back()
        .filter(|_| poll.state == ChangeState::Rejected)
        .map(|vote| vote.person_name.clone())
}

/// The changes that wait for the person's vote, oldest first.
pub(crate) async fn waiting_for(control: &Control, actor: &Actor) -> Result<Vec<ChangeId>, Error> {
    Ok(awaited(control, actor).await?.into_iter().map(|(id, _)| id).collect())
}

/// The same, each with how far its approval is.
pub(crate) async fn awaited(control: &Control, actor: &Actor) -> Result<Vec<(ChangeId, Quorum)>, Error> {
    if !actor.may(Permission::VoteOnChange) {
        return Ok(Vec::new());
    }
    let polls = control.store.list_waiting_changes().await?;
    if polls.is_empty() {
        return Ok(Vec::new());
    }
    let in_force = in_force(control).await?;
    Ok(polls.iter().filter_map(|poll| Some((poll.id, in_force.awaits(actor, poll)?))).collect())
}
