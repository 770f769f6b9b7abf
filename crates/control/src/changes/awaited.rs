//! Whose signature a change still lacks: by group, who can give it, and what hinders the others.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Actor, Permission,
    approvals::{Quorum, Roster},
    change::Change,
    view::approval::{Awaited, AwaitedGroup, Standing},
};
use store::Voter;

use crate::{Control, Error, votes::Counted};

/// People of a group that are named at first.
const NAMED: usize = 12;

/// Empty where nobody is waited for any more.
pub(super) async fn of_change(
    control: &Control,
    actor: &Actor,
    change: &Change,
    counted: &Counted,
    whole: bool,
) -> Result<Vec<AwaitedGroup>, Error> {
    let Some(in_force) = counted.in_force.as_ref().filter(|_| counted.overtaken_by.is_none()) else {
        return Ok(Vec::new());
    };
    if change.expires_at.is_some_and(|end| end <= in_force.now) {
        return Ok(Vec::new());
    }
    let (authors, quorum) = (&counted.tally.authors, &counted.tally.quorum);
    let asked = missing(quorum, &in_force.rules.roster);
    let people: BTreeSet<&String> = asked.iter().flat_map(|(_, people)| people).collect();
    let people: Vec<String> = people.into_iter().cloned().collect();
    let voters = control.store.voters(&people).await?;
    let named = if whole { usize::MAX } else { NAMED };
    let groups = asked.into_iter().map(|(group, people)| {
        let mut people: Vec<Awaited> = people
            .into_iter()
            .map(|person| Awaited {
                standing: standing(&person, &voters, authors, quorum),
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

/// As `votes::begin_vote` would answer them, by what is known of them since they last signed in.
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
