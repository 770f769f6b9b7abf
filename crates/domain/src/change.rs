//! A change: one proposed declaration of an environment, its plan, and how far it came.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{FleetSpec, Timestamp, approvals::Requirement, plan::Plan};

/// Shown and parsed as `chg-12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChangeId(pub i64);

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "chg-{}", self.0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no change id: it looks like chg-12")]
pub struct InvalidChangeId(pub String);

impl FromStr for ChangeId {
    type Err = InvalidChangeId;

    fn from_str(text: &str) -> Result<Self, InvalidChangeId> {
        text.strip_prefix("chg-")
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .filter(|number| *number > 0)
            .map(Self)
            .ok_or_else(|| InvalidChangeId(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for ChangeId {
    type Error = InvalidChangeId;

    fn try_from(text: String) -> Result<Self, InvalidChangeId> {
        text.parse()
    }
}

impl From<ChangeId> for String {
    fn from(id: ChangeId) -> Self {
        id.to_string()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    AwaitingApprovals,
    /// May run; waits for the reconciler to claim it.
    Approved,
    Applying,
    Applied,
    /// Compute Engine refused a step for good.
    Failed,
    Cancelled,
    /// Somebody who was asked said no.
    Rejected,
    /// Nobody agreed in time.
    Expired,
    /// Another change moved the environment first, so the plan no longer holds.
    Superseded,
}

impl ChangeState {
    pub const ALL: [Self; 9] = [
        Self::AwaitingApprovals,
        Self::Approved,
        Self::Applying,
        Self::Applied,
        Self::Failed,
        Self::Cancelled,
        Self::Rejected,
        Self::Expired,
        Self::Superseded,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingApprovals => "awaiting_approvals",
            Self::Approved => "approved",
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
        }
    }

    /// Nothing follows.
    pub const fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Applied
                | Self::Failed
                | Self::Cancelled
                | Self::Rejected
                | Self::Expired
                | Self::Superseded
        )
    }

    /// The only ways on.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (
                Self::AwaitingApprovals,
                Self::Approved
                    | Self::Cancelled
                    | Self::Rejected
                    | Self::Expired
                    | Self::Failed
                    | Self::Superseded
            ) | (
                // Back, when its votes are void; failed, when its evidence does not hold.
                Self::Approved,
                Self::AwaitingApprovals | Self::Applying | Self::Cancelled | Self::Failed | Self::Superseded
            ) | (Self::Applying, Self::Applied | Self::Failed)
        )
    }
}

impl FromStr for ChangeState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("unknown change state `{text}`"))
    }
}

/// What a change is found by in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    pub id: ChangeId,
    pub title: String,
    pub state: ChangeState,
    pub proposed_by_name: String,
    pub proposed_at: Timestamp,
}

/// How many changes there are, by what they are looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeCounts {
    pub every: u32,
    /// Proposed within the last seven days.
    pub recent: u32,
    /// For approvals.
    pub waiting: u32,
    /// For the vote of whoever asks.
    pub waiting_for_me: u32,
    /// Proposed or edited by whoever asks.
    pub mine: u32,
    /// Approved, or being applied.
    pub under_way: u32,
    pub failed: u32,
}

/// What the policy said of a plan, with its reason in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The policy's name and revision, for example `default r1`.
    pub policy: String,
    /// Seats of the requirement together.
    pub approvals_needed: u32,
    /// By group. Shown, never trusted: who runs a change asks the policy again.
    #[serde(default)]
    pub requirement: Requirement,
    pub reason: String,
}

/// The immutable payload of a change's revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    pub number: u32,
    /// The environment's generation that the plan was made against.
    pub base_generation: i64,
    pub desired: FleetSpec,
    pub plan: Plan,
    pub verdict: Verdict,
    /// SHA-256 of the canonical JSON of `desired`, in hex.
    pub payload_sha256: String,
    /// SHA-256 of the canonical JSON of `plan`, in hex.
    pub plan_sha256: String,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub id: ChangeId,
    pub environment: String,
    /// One sentence: what it does.
    pub title: String,
    /// Why, in the proposer's words; may be empty.
    pub reason: String,
    pub state: ChangeState,
    /// Why it failed, was superseded or cancelled.
    pub outcome: Option<String>,
    pub proposed_by: String,
    pub proposed_by_name: String,
    pub proposed_at: Timestamp,
    /// The ids of who proposed or edited it: none of them may approve it.
    pub authors: Vec<String>,
    /// When nobody may approve it any more, by the database's time.
    pub expires_at: Option<Timestamp>,
    pub approved_at: Option<Timestamp>,
    pub claimed_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub revision: Revision,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back_and_nonsense_is_not() {
        assert_eq!("chg-12".parse(), Ok(ChangeId(12)));
        assert_eq!(ChangeId(12).to_string(), "chg-12");
        for wrong in ["12", "chg-", "chg--1", "chg-0", "chg-1x", "chg-99999999999999999999"] {
            assert!(wrong.parse::<ChangeId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_follows_a_terminal_state() {
        for state in ChangeState::ALL {
            let successors = ChangeState::ALL.into_iter().filter(|next| state.may_become(*next)).count();
            assert_eq!(successors == 0, state.is_terminal(), "{state:?}");
        }
    }
}
