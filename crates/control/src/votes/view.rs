//! What a change's page shows of its approvals, as far as one person may act on them.

use std::collections::BTreeSet;

use approval::{Statement, groups};
use domain::{
    Actor,
    approvals::{Quorum, Requirement, evaluate},
    change::Change,
    view::approval::{ApprovalsView, SeatsView, VoteView},
};

use super::{Counted, block, closed, tally::InForce, without_passkey};
use crate::{Control, Error, drift, evidence::Rules, passkeys::usable_passkeys};

pub(crate) async fn approvals(
    control: &Control,
    actor: &Actor,
    change: &Change,
    counted: &Counted,
) -> Result<ApprovalsView, Error> {
    let Counted { in_force, votes, tally, overtaken_by } = counted;
    let mut block = match in_force {
        Some(InForce { rules, now }) => block(actor, change, rules, votes, *now),
        None => Some(closed(change)),
    };
    // Whoever may vote may still reject it.
    let broken = match in_force {
        Some(_) if overtaken_by.is_none() => drift::broken_by_now(control, change)
            .await?
            .map(|because| format!("no vote can clear it: {because}. Edit it, or cancel it")),
        _ => None,
    };
    // Most who look have another reason not to vote: their passkeys are not asked for.
    if block.is_none() && usable_passkeys(control, actor).await?.is_empty() {
        block = Some(without_passkey());
    }
    let name = |person: &String| {
        let of = votes.iter().find(|vote| vote.person == *person);
        of.map_or_else(|| person.clone(), |vote| vote.person_name.clone())
    };
    let vote = |vote: &store::Vote| {
        let void = counted.void(vote, change);
        let counts = void.is_none() && vote.revision == change.revision.number;
        VoteView {
            person_name: vote.person_name.clone(),
            ballot: vote.ballot,
            reason: vote.reason.clone(),
            revision: vote.revision,
            cast_at: vote.cast_at,
            expires_at: vote.not_after,
            group: tally.quorum.seat_of(&vote.person).filter(|_| counts).map(str::to_owned),
            digest: groups(&Statement::digest(&vote.statement)),
            void,
        }
    };
    Ok(ApprovalsView {
        // What is overtaken asks nobody.
        seats: tally
            .quorum
            .0
            .iter()
            .filter(|_| overtaken_by.is_none())
            .map(|seats| SeatsView {
                group: seats.group.clone(),
                needed: seats.needed,
                people: seats.people.iter().map(name).collect(),
            })
            .collect(),
        votes: votes.iter().map(vote).collect(),
        block,
        expires_at: change.expires_at.filter(|_| in_force.is_some()),
        stuck: broken.or_else(|| {
            let rules = &in_force.as_ref().filter(|_| overtaken_by.is_none())?.rules;
            stuck(rules, &tally.requirement, &tally.authors)
        }),
        overtaken_by: *overtaken_by,
        requirement: tally.requirement.clone(),
    })
}

/// Everybody of the roster but the authors is not enough: no vote could ever clear this change.
fn stuck(rules: &Rules, requirement: &Requirement, authors: &BTreeSet<String>) -> Option<String> {
    let most: Quorum = evaluate(requirement, &rules.roster, &rules.roster.people(), authors);
    (!most.is_satisfied()).then(|| {
        format!(
            "nobody can clear it: without its authors the roster (r{}) has only {most}",
            rules.roster.revision
        )
    })
}
