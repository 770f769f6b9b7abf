//! The roster: which people are in which groups. Each change of it is a new revision, and votes name the one they were cast under.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// People in one group, and groups in one roster, at most.
const MOST: usize = 500;

/// One revision of it. People are named by their issuer's subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    pub revision: i64,
    pub groups: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RosterError {
    #[error("a group has no name")]
    Nameless,
    #[error("group {0} holds a person without a name")]
    Nobody(String),
    #[error("at most {MOST} {0} fit in a roster")]
    TooMany(&'static str),
}

impl Roster {
    /// For tests and configuration: groups and their people.
    pub fn of(revision: i64, groups: &[(&str, &[&str])]) -> Self {
        let groups = groups
            .iter()
            .map(|(group, people)| {
                ((*group).to_owned(), people.iter().map(|&person| person.to_owned()).collect())
            })
            .collect();
        Self { revision, groups }
    }

    pub fn check(&self) -> Result<(), RosterError> {
        if self.groups.len() > MOST {
            return Err(RosterError::TooMany("groups"));
        }
        for (group, people) in &self.groups {
            if group.trim().is_empty() {
                return Err(RosterError::Nameless);
            }
            if people.iter().any(|person| person.trim().is_empty()) {
                return Err(RosterError::Nobody(group.clone()));
            }
            if people.len() > MOST {
                return Err(RosterError::TooMany("people of one group"));
            }
        }
        Ok(())
    }

    pub fn holds(&self, group: &str, person: &str) -> bool {
        self.groups.get(group).is_some_and(|people| people.contains(person))
    }

    /// Everybody in any group.
    pub fn people(&self) -> BTreeSet<String> {
        self.groups.values().flatten().cloned().collect()
    }

    pub fn groups_of(&self, person: &str) -> Vec<&str> {
        self.groups
            .iter()
            .filter(|(_, people)| people.contains(person))
            .map(|(group, _)| group.as_str())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nameless_groups_and_people_are_refused() {
        assert_eq!(Roster::of(1, &[("sre", &["a"])]).check(), Ok(()));
        assert_eq!(Roster::of(1, &[("", &["a"])]).check(), Err(RosterError::Nameless));
        assert_eq!(Roster::of(1, &[("sre", &[" "])]).check(), Err(RosterError::Nobody("sre".into())));
    }

    #[test]
    fn a_person_may_be_in_more_than_one_group() {
        let roster = Roster::of(1, &[("sre", &["a", "b"]), ("security", &["a"])]);
        assert_eq!(roster.groups_of("a"), ["security", "sre"]);
        assert_eq!(roster.people().len(), 2);
        assert!(roster.holds("sre", "b") && !roster.holds("security", "b") && !roster.holds("other", "b"));
    }
}
