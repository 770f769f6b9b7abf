//! Which votes on a change count, by which rules, and how far that goes: for lists, for its page, and for whom it waits.
//! What is to run is not told from here: that is proved by `evidence::weigh`.

use std::collections::BTreeSet;

use domain::{
    ChangeId, ChangeState, Timestamp,
    approvals::{Ballot, Quorum, Requirement, Roster, evaluate, would_seat},
    change::Change,
};
use store::{Tx, Vote};

use crate::{
    Control, Error,
    evidence::{self, Rules},
};

/// The rules in force, and the database's time.
#[derive(Clone, Debug)]
pub(crate) struct InForce {
    pub(crate) rules: Rules,
    pub(crate) now: Timestamp,
}

impl InForce {
    pub(super) async fn read(tx: &mut Tx) -> Result<Self, Error> {
        Ok(Self { rules: Rules::read(tx).await?, now: tx.database_time().await? })
    }

    /// Why a vote on the newest revision that nobody took back does not count.
    pub(super) fn void_by(&self, statement: &[u8], key_revoked: bool) -> Option<String> {
        evidence::void_by(statement, key_revoked, &self.rules, self.now)
    }
}

/// How far the approvals of a change go that count.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) requirement: Requirement,
    /// Who proposed or edited it: they never sit.
    pub(crate) authors: BTreeSet<String>,
    approvers: BTreeSet<String>,
    pub(crate) quorum: Quorum,
}

impl Tally {
    pub(super) fn of(
        requirement: Requirement,
        roster: &Roster,
        approvers: BTreeSet<String>,
        authors: &[String],
    ) -> Self {
        let authors: BTreeSet<String> = authors.iter().cloned().collect();
        let quorum = evaluate(&requirement, roster, &approvers, &authors);
        Self { requirement, authors, approvers, quorum }
    }

    /// Whether the person's approval would fill a seat that is still empty.
    pub(super) fn has_seat_for(&self, person: &str, roster: &Roster) -> bool {
        would_seat(&self.requirement, roster, &self.approvers, &self.authors, person)
    }
}

/// The votes on one change, read once for all that is told of them.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    /// None: it does not wait any more. What has begun was counted by the rules of its day, which its verdict keeps.
    pub(crate) in_force: Option<InForce>,
    /// Oldest first, void ones too.
    pub(crate) votes: Vec<Vote>,
    pub(crate) tally: Tally,
    /// While it waits: the change whose declaration took the place of the one that its plan was made against.
    pub(crate) overtaken_by: Option<ChangeId>,
}

impl Counted {
    pub(crate) async fn read(control: &Control, change: &Change) -> Result<Self, Error> {
        if change.state == ChangeState::AwaitingApprovals {
            Self::by_rules_in_force(control, change).await
        } else {
            Self::by_verdict(control, change).await
        }
    }

    async fn by_rules_in_force(control: &Control, change: &Change) -> Result<Self, Error> {
        let mut tx = control.store.begin().await?;
        let in_force = InForce::read(&mut tx).await?;
        let votes = tx.list_votes(change.id).await?;
        let overtaken_by = tx.overtaken_by(&change.environment, change.revision.base_generation).await?;
        tx.rollback().await?;
        let (rules, approvers) = (&in_force.rules, approvers(&votes, change, Some(&in_force)));
        let tally = Tally::of(rules.requirement(change), &rules.roster, approvers, &change.authors);
        Ok(Self { in_force: Some(in_force), votes, tally, overtaken_by })
    }

    async fn by_verdict(control: &Control, change: &Change) -> Result<Self, Error> {
        let votes = control.store.list_votes(change.id).await?;
        let approvers = approvers(&votes, change, None);
        // Where nobody approved, nobody sits, whoever is in which group.
        let roster = match approvers.is_empty() {
            true => Roster::default(),
            false => control.store.roster_in_force().await?,
        };
        let requirement = change.revision.verdict.requirement.clone();
        let tally = Tally::of(requirement, &roster, approvers, &change.authors);
        Ok(Self { in_force: None, votes, tally, overtaken_by: None })
    }

    /// Why the vote does not count.
    pub(super) fn void(&self, vote: &Vote, change: &Change) -> Option<String> {
        void(vote, change, self.in_force.as_ref())
    }
}

fn approvers(votes: &[Vote], change: &Change, in_force: Option<&InForce>) -> BTreeSet<String> {
    let approved = votes.iter().filter(|vote| {
        vote.revision == change.revision.number
            && vote.ballot == Ballot::Approve
            && void(vote, change, in_force).is_none()
    });
    approved.map(|vote| vote.person.clone()).collect()
}

fn void(vote: &Vote, change: &Change, in_force: Option<&InForce>) -> Option<String> {
    if vote.voided_at.is_some() {
        return Some(vote.voided_because.clone().unwrap_or_default());
    }
    let in_force = in_force.filter(|_| vote.revision == change.revision.number)?;
    in_force.void_by(&vote.statement, vote.key_revoked_at.is_some())
}
