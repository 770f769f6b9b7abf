//! Whether the people who approved are enough. Each person takes one seat, whatever keys and groups they have; where somebody could sit in
//! two groups, they sit where the most seats are filled (a maximal matching by augmenting paths).

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::{Requirement, Roster};

/// One group's seats, and who sits in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seats {
    pub group: String,
    pub needed: u32,
    /// At most `needed`, in the order of their names.
    pub people: Vec<String>,
}

impl Seats {
    pub fn taken(&self) -> u32 {
        u32::try_from(self.people.len()).unwrap_or(u32::MAX)
    }
}

/// How far a requirement is satisfied, in its own order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quorum(pub Vec<Seats>);

impl Quorum {
    pub fn is_satisfied(&self) -> bool {
        self.0.iter().all(|seats| seats.taken() >= seats.needed)
    }

    /// Seats that somebody sits in.
    pub fn taken(&self) -> u32 {
        self.0.iter().map(Seats::taken).fold(0, u32::saturating_add)
    }

    /// Groups of which somebody is still missing.
    pub fn short_of(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|seats| seats.taken() < seats.needed).map(|seats| seats.group.as_str())
    }

    /// The group for which a person counts.
    pub fn seat_of(&self, person: &str) -> Option<&str> {
        let sits = |seats: &&Seats| seats.people.iter().any(|sitting| sitting == person);
        self.0.iter().find(sits).map(|seats| seats.group.as_str())
    }
}

impl fmt::Display for Quorum {
    /// `sre 1 of 2, security 0 of 1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, seats) in self.0.iter().enumerate() {
            let before = if number == 0 { "" } else { ", " };
            write!(f, "{before}{} {} of {}", seats.group, seats.taken(), seats.needed)?;
        }
        Ok(())
    }
}

/// Seats the people who approved. `excluded`: who proposed or edited the change, whose approval counts for nothing.
pub fn evaluate(
    requirement: &Requirement,
    roster: &Roster,
    approvers: &BTreeSet<String>,
    excluded: &BTreeSet<String>,
) -> Quorum {
    let people: Vec<&str> = approvers.difference(excluded).map(String::as_str).collect();
    let mut seating = Seating {
        requirement,
        may: people
            .iter()
            .map(|person| {
                requirement.0.iter().map(|quota| roster.holds(&quota.group, person)).collect::<Vec<_>>()
            })
            .collect(),
        seated: vec![BTreeSet::new(); requirement.0.len()],
    };
    for person in 0..people.len() {
        seating.seat(person, &mut vec![false; requirement.0.len()]);
    }
    let seats = requirement.0.iter().zip(&seating.seated).map(|(quota, seated)| Seats {
        group: quota.group.clone(),
        needed: quota.approvals.get(),
        people: seated.iter().map(|person| people[*person].to_owned()).collect(),
    });
    Quorum(seats.collect())
}

/// Whether the person's approval, beside those that are there, would fill a seat that is still empty.
pub fn would_seat(
    requirement: &Requirement,
    roster: &Roster,
    approvers: &BTreeSet<String>,
    excluded: &BTreeSet<String>,
    person: &str,
) -> bool {
    let mut with = approvers.clone();
    with.insert(person.to_owned());
    let taken = |approvers: &BTreeSet<String>| evaluate(requirement, roster, approvers, excluded).taken();
    taken(&with) > taken(approvers)
}

struct Seating<'a> {
    requirement: &'a Requirement,
    /// Person by group.
    may: Vec<Vec<bool>>,
    /// Group to people.
    seated: Vec<BTreeSet<usize>>,
}

impl Seating<'_> {
    /// Finds a seat, asking people who already sit to move where that frees one. `seen`: groups that were tried.
    fn seat(&mut self, person: usize, seen: &mut [bool]) -> bool {
        for group in 0..self.seated.len() {
            if !self.may[person][group] || seen[group] {
                continue;
            }
            seen[group] = true;
            let needed = usize::try_from(self.requirement.0[group].approvals.get()).unwrap_or(usize::MAX);
            let free = self.seated[group].len() < needed;
            let moved = if free {
                None
            } else {
                let sitting: Vec<usize> = self.seated[group].iter().copied().collect();
                match sitting.into_iter().find(|other| self.seat(*other, seen)) {
                    Some(moved) => Some(moved),
                    None => continue,
                }
            };
            if let Some(moved) = moved {
                self.seated[group].remove(&moved);
            }
            self.seated[group].insert(person);
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;
    use crate::approvals::Quota;

    fn requirement(quotas: &[(&str, u32)]) -> Requirement {
        Requirement(
            quotas
                .iter()
                .map(|(group, approvals)| Quota {
                    group: (*group).to_owned(),
                    approvals: NonZeroU32::new(*approvals).unwrap(),
                })
                .collect(),
        )
    }

    fn set(people: &[&str]) -> BTreeSet<String> {
        people.iter().map(|&person| person.to_owned()).collect()
    }

    fn said(roster: &Roster, approvers: &[&str], excluded: &[&str]) -> String {
        let asked = requirement(&[("sre", 2), ("security", 1)]);
        evaluate(&asked, roster, &set(approvers), &set(excluded)).to_string()
    }

    #[test]
    fn all_groups_are_needed_and_authors_count_for_nothing() {
        let roster = Roster::of(1, &[("sre", &["a", "b", "c"]), ("security", &["s"])]);
        assert_eq!(said(&roster, &["a"], &[]), "sre 1 of 2, security 0 of 1");
        assert_eq!(said(&roster, &["a", "b", "c"], &[]), "sre 2 of 2, security 0 of 1");
        assert_eq!(said(&roster, &["a", "b", "s"], &[]), "sre 2 of 2, security 1 of 1");
        assert_eq!(said(&roster, &["a", "b", "s"], &["b"]), "sre 1 of 2, security 1 of 1");
        assert_eq!(said(&roster, &["stranger"], &[]), "sre 0 of 2, security 0 of 1");
        assert!(evaluate(&Requirement::default(), &roster, &set(&[]), &set(&[])).is_satisfied());
    }

    #[test]
    fn a_person_in_two_groups_takes_the_seat_that_helps_most_and_only_one() {
        let roster = Roster::of(1, &[("sre", &["a", "b", "c"]), ("security", &["a"])]);
        assert_eq!(said(&roster, &["a", "b"], &[]), "sre 2 of 2, security 0 of 1");
        // b and c fill sre, so a is moved to security.
        assert_eq!(said(&roster, &["a", "b", "c"], &[]), "sre 2 of 2, security 1 of 1");
    }

    #[test]
    fn a_vote_is_wanted_while_it_would_fill_a_seat() {
        let roster = Roster::of(1, &[("sre", &["a", "b", "c", "d"]), ("security", &["a", "s"])]);
        let asked = requirement(&[("sre", 2), ("security", 1)]);
        let wanted = |approvers: &[&str], excluded: &[&str], person: &str| {
            would_seat(&asked, &roster, &set(approvers), &set(excluded), person)
        };
        assert!(wanted(&[], &[], "d"));
        assert!(wanted(&["b"], &[], "d"));
        assert!(!wanted(&["b", "c"], &[], "d"), "both seats of sre are taken");
        assert!(wanted(&["a", "b"], &[], "d"), "a moves on to security");
        assert!(!wanted(&["a", "b", "c"], &[], "s"), "a sits in the seat of security");
        assert!(wanted(&["b", "c"], &[], "s"));
        assert!(!wanted(&[], &["d"], "d") && !wanted(&[], &[], "stranger") && !wanted(&["d"], &[], "d"));
        let short = evaluate(&asked, &roster, &set(&["b", "c"]), &set(&[]));
        assert_eq!((short.taken(), short.short_of().collect::<Vec<_>>()), (2, vec!["security"]));
        assert!(!would_seat(&Requirement::default(), &roster, &set(&[]), &set(&[]), "a"));
    }

    /// The most seats that any assignment fills, by trying all of them.
    fn brute_force(quotas: &[u32], may: &[Vec<bool>], person: usize, taken: &mut Vec<u32>) -> u32 {
        if person == may.len() {
            return taken.iter().sum();
        }
        let mut best = brute_force(quotas, may, person + 1, taken);
        for group in 0..quotas.len() {
            if may[person][group] && taken[group] < quotas[group] {
                taken[group] += 1;
                best = best.max(brute_force(quotas, may, person + 1, taken));
                taken[group] -= 1;
            }
        }
        best
    }

    proptest! {
        #[test]
        fn as_many_seats_are_filled_as_any_assignment_could(
            quotas in prop::collection::vec(1_u32..4, 0..4),
            members in prop::collection::vec(prop::collection::vec(any::<bool>(), 4), 0..7),
            excluded in prop::collection::vec(any::<bool>(), 7),
        ) {
            let groups: Vec<String> = (0..quotas.len()).map(|group| format!("g{group}")).collect();
            let mut roster = Roster { revision: 1, ..Roster::default() };
            for (person, member) in members.iter().enumerate() {
                for (group, _) in groups.iter().zip(member).filter(|(_, member)| **member) {
                    roster.groups.entry(group.clone()).or_default().insert(format!("p{person}"));
                }
            }
            let asked = Requirement(
                groups.iter().zip(&quotas)
                    .map(|(group, approvals)| Quota { group: group.clone(), approvals: NonZeroU32::new(*approvals).unwrap() })
                    .collect(),
            );
            let approvers: BTreeSet<String> = (0..members.len()).map(|person| format!("p{person}")).collect();
            let out: BTreeSet<String> =
                (0..members.len()).filter(|person| excluded[*person]).map(|person| format!("p{person}")).collect();
            let quorum = evaluate(&asked, &roster, &approvers, &out);

            let may: Vec<Vec<bool>> = members.iter().enumerate().filter(|(person, _)| !excluded[*person])
                .map(|(_, member)| member[..quotas.len()].to_vec()).collect();
            let best = brute_force(&quotas, &may, 0, &mut vec![0; quotas.len()]);
            prop_assert_eq!(quorum.taken(), best);
            // Somebody is wanted exactly where the best assignment with them is better than the one without.
            if let Some((last, others)) = members.split_last().filter(|_| !excluded[members.len() - 1]) {
                let without: BTreeSet<String> = (0..others.len()).map(|person| format!("p{person}")).collect();
                let may: Vec<Vec<bool>> = others.iter().enumerate().filter(|(person, _)| !excluded[*person])
                    .map(|(_, member)| member[..quotas.len()].to_vec()).collect();
                let before = brute_force(&quotas, &may, 0, &mut vec![0; quotas.len()]);
                let person = format!("p{}", others.len());
                prop_assert_eq!(would_seat(&asked, &roster, &without, &out, &person), best > before, "{:?}", last);
            }
            prop_assert_eq!(quorum.is_satisfied(), best == quotas.iter().sum::<u32>());
            // Nobody sits twice, nobody sits where they do not belong, no author sits at all.
            let mut sitting = BTreeSet::new();
            for seats in &quorum.0 {
                prop_assert!(seats.taken() <= seats.needed);
                for person in &seats.people {
                    prop_assert!(sitting.insert(person.clone()));
                    prop_assert!(roster.holds(&seats.group, person) && !out.contains(person));
                }
            }
        }
    }
}
