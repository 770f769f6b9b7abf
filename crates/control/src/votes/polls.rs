//! What lists tell of approvals: how many seats are taken, which groups are still asked, and whether the viewer's vote is wanted.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Actor, ChangeId, ChangeState, Permission, Timestamp,
    approvals::{Ballot, Quorum, Requirement, evaluate, would_seat},
    view::change::RowSeats,
};
use store::Poll;

use super::barred;
use crate::{
    Control, Error,
    evidence::{self, Rules},
};

/// The rules in force, and the database's time.
struct InForce {
    rules: Rules,
    now: Timestamp,
}

impl InForce {
    async fn read(control: &Control) -> Result<Self, Error> {
        let mut tx = control.store.begin().await?;
        let (rules, now) = (Rules::read(&mut tx).await?, tx.database_time().await?);
        tx.rollback().await?;
        Ok(Self { rules, now })
    }

    /// Of one that waits, by its votes that count. Where nobody can tell what is asked for, nobody is asked.
    fn of_waiting(&self, actor: &Actor, poll: &Poll) -> RowSeats {
        let Some(environment) = &poll.environment else { return self.of_ended(poll) };
        let requirement = self.rules.require(environment);
        let approvers = self.approvers(poll);
        RowSeats {
            for_me: self.wants(actor, poll, &requirement, &approvers),
            ..self.count(poll, &requirement, &approvers)
        }
    }

    /// Where the person's approval is wanted: how far it is without.
    fn awaits(&self, actor: &Actor, poll: &Poll) -> Option<Quorum> {
        let requirement = self.rules.require(poll.environment.as_ref()?);
        let approvers = self.approvers(poll);
        self.wants(actor, poll, &requirement, &approvers)
            .then(|| evaluate(&requirement, &self.rules.roster, &approvers, &authors(poll)))
    }

    /// Who has given an approval that counts.
    fn approvers(&self, poll: &Poll) -> BTreeSet<String> {
        let counts = |vote: &store::Cast| {
            evidence::void_by(&vote.statement, vote.key_revoked, &self.rules, self.now).is_none()
        };
        approvers(poll, counts)
    }

    /// Whether the person may vote on it, and would fill a seat that is still empty. Whether they have a passkey does not matter: who has
    /// none is to register one.
    fn wants(
        &self,
        actor: &Actor,
        poll: &Poll,
        requirement: &Requirement,
        approvers: &BTreeSet<String>,
    ) -> bool {
        let voted = poll.votes.iter().any(|vote| vote.person == actor.id && vote.in_time);
        barred(actor, &poll.authors, requirement, &self.rules.roster, voted).is_none()
            && would_seat(requirement, &self.rules.roster, approvers, &authors(poll), &actor.id)
    }

    fn count(&self, poll: &Poll, requirement: &Requirement, approvers: &BTreeSet<String>) -> RowSeats {
        let quorum = evaluate(requirement, &self.rules.roster, approvers, &authors(poll));
        RowSeats {
            taken: quorum.taken(),
            needed: requirement.approvals(),
            short_of: quorum.short_of().map(str::to_owned).collect(),
            ..RowSeats::default()
        }
    }

    /// Of one that ended before it was approved, by what it asked for.
    fn of_ended(&self, poll: &Poll) -> RowSeats {
        let counted = self.count(poll, &poll.requirement, &approvers(poll, |_| true));
        RowSeats { short_of: Vec::new(), ..counted }
    }
}

fn authors(poll: &Poll) -> BTreeSet<String> {
    poll.authors.iter().cloned().collect()
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
        false => Some(InForce::read(control).await?),
    };
    let told = polls.iter().map(|poll| {
        let seats = match &in_force {
            Some(in_force) if waits(poll) => in_force.of_waiting(actor, poll),
            Some(in_force) if !poll.approved => in_force.of_ended(poll),
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
    let in_force = InForce::read(control).await?;
    Ok(polls.iter().filter_map(|poll| Some((poll.id, in_force.awaits(actor, poll)?))).collect())
}
