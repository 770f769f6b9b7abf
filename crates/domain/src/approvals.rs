//! Who must agree to a change: the policy (rules to a requirement), the roster (people in groups), and whether a set of people is enough.
//! Everything that is read fails closed: what is not understood, or would be satisfied by nobody's approval by accident, is refused.

mod policy;
mod quorum;
mod roster;

pub use policy::{Applies, Policy, PolicyError, Rule};
pub use quorum::{Quorum, Seats, evaluate, would_seat};
pub use roster::{Roster, RosterError};

use std::{fmt, num::NonZeroU32};

use serde::{Deserialize, Serialize};

/// Groups in one requirement, and approvals from one group, at most.
const MOST: usize = 20;

/// How many people of one group must approve: at least one, by its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    pub group: String,
    pub approvals: NonZeroU32,
}

/// All of the quotas, by distinct people. None: nobody is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Requirement(pub Vec<Quota>);

impl Requirement {
    pub fn is_nobody(&self) -> bool {
        self.0.is_empty()
    }

    /// People that it takes.
    pub fn approvals(&self) -> u32 {
        self.0.iter().map(|quota| quota.approvals.get()).fold(0, u32::saturating_add)
    }
}

impl fmt::Display for Requirement {
    /// `2 of sre and 1 of security`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_nobody() {
            return f.write_str("nobody");
        }
        for (number, quota) in self.0.iter().enumerate() {
            let before = match number {
                0 => "",
                last if last + 1 == self.0.len() => " and ",
                _ => ", ",
            };
            write!(f, "{before}{} of {}", quota.approvals, quota.group)?;
        }
        Ok(())
    }
}

/// What a vote says about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ballot {
    Approve,
    /// One is enough to end the change.
    Reject,
}

impl Ballot {
    pub const ALL: [Self; 2] = [Self::Approve, Self::Reject];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}
