//! The policy of approvals and the roster in force, as the settings show them.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    approvals::{Applies, Requirement},
    environment::Tier,
};

/// Which revision is in force, since when and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// 0: none yet.
    pub revision: i64,
    pub since: Option<Timestamp>,
    /// None: no audit event tells of it.
    pub by: Option<RevisedBy>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisedBy {
    pub name: String,
    /// The number of the audit event.
    pub event: i64,
}

/// One rule, in the order in which they are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRow {
    pub applies: Applies,
    pub requirement: Requirement,
}

/// What the policy asks of one environment's changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentRule {
    pub environment: String,
    pub tier: Tier,
    pub requirement: Requirement,
    /// What the whole roster gives, where that is not enough: `sre 1 of 2, security 0 of 1`.
    pub short: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterGroup {
    pub name: String,
    /// By name; who has not signed in yet is called by the issuer's subject.
    pub people: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyView {
    pub id: String,
    pub policy: Standing,
    /// The first that applies decides.
    pub rules: Vec<RuleRow>,
    /// By name.
    pub environments: Vec<EnvironmentRule>,
    pub roster: Standing,
    pub groups: Vec<RosterGroup>,
    /// For how long a vote holds.
    pub vote_seconds: u64,
    /// For how long a change waits for its votes.
    pub change_seconds: u64,
    pub now: Timestamp,
}
