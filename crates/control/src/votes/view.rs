//! What a change's page shows of its approvals, as far as one person may act on them.

use std::collections::BTreeSet;

use approval::{Statement, groups};
use domain::{
    Actor, ChangeState,
    approvals::{Quorum, evaluate},
    change::Change,
    view::approval::{ApprovalsView, SeatsView, VoteView},
};
use store::Vote;

use super::block;
use crate::{
    Control, Error,
    evidence::{self, Rules},
    passkeys::usable_passkeys,
};

pub(crate) async fn approvals(
    control: &Control,
    actor: &Actor,
    change: &Change,
) -> Result<ApprovalsView, Error> {
    let mut tx = control.store.begin().await?;
    let (rules, now) = (Rules::read(&mut tx).await?, tx.database_time().await?);
    let votes = tx.list_votes(change.id).await?;
    tx.rollback().await?;
    let has_passkey = !usable_passkeys(control, actor).await?.is_empty();

    // What has begun was counted by the rules of its day, which its verdict keeps.
    let waits = change.state == ChangeState::AwaitingApprovals;
    let requirement =
        if waits { rules.requirement(change) } else { change.revision.verdict.requirement.clone() };
    let void = |vote: &Vote| void(vote, change, waits.then_some(&rules), now);
    let counts = |vote: &&Vote| void(vote).is_none();
    let approved = domain::approvals::Ballot::Approve;
    let approvers: BTreeSet<String> = votes
        .iter()
        .filter(|vote| vote.revision == change.revision.number && vote.ballot == approved)
        .filter(counts)
        .map(|vote| vote.person.clone())
        .collect();
    let authors: BTreeSet<String> = change.authors.iter().cloned().collect();
    let quorum = evaluate(&requirement, &rules.roster, &approvers, &authors);
    let name = |person: &String| {
        let of = votes.iter().find(|vote| vote.person == *person);
        of.map_or_else(|| person.clone(), |vote| vote.person_name.clone())
    };
    Ok(ApprovalsView {
        seats: quorum
            .0
            .iter()
            .map(|seats| SeatsView {
                group: seats.group.clone(),
                needed: seats.needed,
                people: seats.people.iter().map(name).collect(),
            })
            .collect(),
        votes: votes
            .iter()
            .map(|vote| VoteView {
                person_name: vote.person_name.clone(),
                ballot: vote.ballot,
                reason: vote.reason.clone(),
                revision: vote.revision,
                cast_at: vote.cast_at,
                expires_at: vote.not_after,
                group: quorum
                    .seat_of(&vote.person)
                    .filter(|_| counts(&vote) && vote.revision == change.revision.number)
                    .map(str::to_owned),
                digest: groups(&Statement::digest(&vote.statement)),
                void: void(vote),
            })
            .collect(),
        block: block(actor, change, &rules, &votes, has_passkey, now),
        expires_at: change.expires_at.filter(|_| waits),
        stuck: waits.then(|| stuck(&rules, &requirement, &authors)).flatten(),
        requirement,
    })
}

/// Why a vote does not count. `rules`: those in force, of a change that waits.
fn void(vote: &Vote, change: &Change, rules: Option<&Rules>, now: domain::Timestamp) -> Option<String> {
    if vote.voided_at.is_some() {
        return Some(vote.voided_because.clone().unwrap_or_default());
    }
    let rules = rules.filter(|_| vote.revision == change.revision.number)?;
    evidence::void_by(&vote.statement, vote.key_revoked_at.is_some(), rules, now)
}

/// Everybody of the roster but the authors is not enough: no vote could ever clear this change.
fn stuck(
    rules: &Rules,
    requirement: &domain::approvals::Requirement,
    authors: &BTreeSet<String>,
) -> Option<String> {
    let most: Quorum = evaluate(requirement, &rules.roster, &rules.roster.people(), authors);
    (!most.is_satisfied()).then(|| {
        format!(
            "nobody can clear it: without its authors the roster (r{}) has only {most}",
            rules.roster.revision
        )
    })
}
