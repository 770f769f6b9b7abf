//! Whose signature a change still lacks: by group, who can give it, and what hinders the others.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Actor, ChangeState, Permission,
    approvals::{Ballot, Quorum, Roster, evaluate},
    change::Change,
    view::approval::{Awaited, AwaitedGroup, Standing},
};
use store::Voter;

use crate::{
    Control, Error,
    evidence::{self, Rules},
};

/// People of a group that are named at first.
const NAMED: usize = 12;

/// Empty where nobody is waited for any more.
pub(super) async fn of_change(
    control: &Control,
    actor: &Actor,
    change: &Change,
    whole: bool,
) -> Result<Vec<AwaitedGroup>, Error> {
    if change.state != ChangeState::AwaitingApprovals {
        return Ok(Vec::new());
    }
    let mut tx = control.store.begin().await?;
    let (rules, now) = (Rules::read(&mut tx).await?, tx.database_time().await?);
    let votes = tx.list_votes(change.id).await?;
    tx.rollback().await?;
    if change.expires_at.is_some_and(|end| end <= now) {
        return Ok(Vec::new());
    }
    let counts = |vote: &&store::Vote| {
        vote.is_live(change.revision.number, now)
            && evidence::void_by(&vote.statement, vote.key_revoked_at.is_some(), &rules, now).is_none()
    };
    let approvers: BTreeSet<String> = votes
        .iter()
        .filter(|vote| vote.ballot == Ballot::Approve)
        .filter(counts)
        .map(|vote| vote.person.clone())
        .collect();
    let authors: BTreeSet<String> = change.authors.iter().cloned().collect();
    let quorum = evaluate(&rules.requirement(change), &rules.roster, &approvers, &authors);
    let asked = missing(&quorum, &rules.roster);
    let people: BTreeSet<&String> = asked.iter().flat_map(|(_, people)| people).collect();
    let people: Vec<String> = people.into_iter().cloned().collect();
    let voters = control.store.voters(&people).await?;
    let named = if whole { usize::MAX } else { NAMED };
    let groups = asked.into_iter().map(|(group, people)| {
        let mut people: Vec<Awaited> = people
            .into_iter()
            .map(|person| Awaited {
                standing: standing(&person, &voters, &authors, &quorum),
                you: person == actor.id,
                name: voters.get(&person).map_or(person, |voter| voter.name.clone()),
            })
            .collect();
        people.sort();
        let more = u32::try_from(people.len().saturating_sub(named)).unwrap_or(u32::MAX);
        people.truncate(named);
        AwaitedGroup { group, people, more }
    });
    Ok(groups.collect())
}

/// The groups with a free seat, each with those of the roster who sit in none of its seats.
fn missing(quorum: &Quorum, roster: &Roster) -> Vec<(String, Vec<String>)> {
    let free = quorum.0.iter().filter(|seats| seats.taken() < seats.needed);
    free.map(|seats| {
        let group = roster.groups.get(&seats.group).into_iter().flatten();
        let people = group.filter(|person| !seats.people.contains(person)).cloned().collect();
        (seats.group.clone(), people)
    })
    .collect()
}

/// As `votes::block` would answer them, by what is known of them since they last signed in.
fn standing(
    person: &str,
    voters: &BTreeMap<String, Voter>,
    authors: &BTreeSet<String>,
    quorum: &Quorum,
) -> Standing {
    if authors.contains(person) {
        return Standing::Author;
    }
    if let Some(group) = quorum.seat_of(person) {
        return Standing::SignedFor(group.to_owned());
    }
    match voters.get(person) {
        None => Standing::NeverSignedIn,
        Some(voter) if !Permission::VoteOnChange.roles().iter().any(|role| voter.roles.contains(role)) => {
            Standing::NotApprover
        }
        Some(voter) if !voter.has_passkey => Standing::WithoutPasskey,
        Some(_) => Standing::CanSign,
    }
}
