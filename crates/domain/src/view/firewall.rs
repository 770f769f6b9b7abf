//! Firewall rules: in the order in which they decide, desired beside observed, and what they do together.

use serde::{Deserialize, Serialize};

use super::{change::ChangeRow, pool::Setting};
use crate::{
    Timestamp,
    firewall::{Direction, FirewallRuleSpec, Leg, Outcome, Warning},
};

/// How a declared rule and the one of Compute Engine compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Drift {
    Equal,
    Differs,
    /// Declared, and not there.
    Missing,
    /// There, and no longer declared.
    Undeclared,
    /// Compute Engine was never read.
    Unread,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallRuleRow {
    pub environment: String,
    pub key: String,
    /// Compute Engine's name of it.
    pub name: String,
    pub direction: Direction,
    pub priority: u32,
    pub denies: bool,
    /// Ranges, and tags as `tag db`.
    pub peers: Vec<String>,
    /// Target tags; empty: every VM of the network.
    pub targets: Vec<String>,
    /// Ranges of these VMs' own addresses; empty: each address.
    pub addresses: Vec<String>,
    /// `tcp 22`, `all`.
    pub services: Vec<String>,
    /// The pools that it holds for; a canary whose tags are not its pool's stands as `web (canary)`.
    pub pools: Vec<String>,
    pub drift: Drift,
    /// A change that is being applied does something to it.
    pub moving: bool,
    /// Those that are about this rule.
    pub warnings: Vec<Warning>,
}

/// Who talks to whom, as it was asked. Texts as they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    pub source: String,
    pub target: String,
    pub protocol: String,
    pub port: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhatIf {
    /// As understood: `10.0.0.0/8`, `pool web`.
    pub source: String,
    pub target: String,
    /// `tcp 22`.
    pub service: String,
    pub outcome: Outcome,
    pub legs: Vec<Leg>,
}

/// A field of the question, and what is wrong with it.
pub type Refused = (String, String);

/// One environment's rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallView {
    /// None: no environment exists yet.
    pub environment: Option<String>,
    /// The network's name.
    pub network: String,
    /// In effective order, ingress first; those that are no longer declared decide among the others while they are there.
    pub rules: Vec<FirewallRuleRow>,
    /// Those that are about no single rule.
    pub warnings: Vec<Warning>,
    pub pools: Vec<String>,
    /// Canaries whose tags are not their pool's, by the name that a what-if knows them by: `web (canary)`.
    pub canaries: Vec<String>,
    /// Where something was asked.
    pub answer: Option<Result<WhatIf, Vec<Refused>>>,
    pub observed_at: Option<Timestamp>,
    pub now: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FirewallRuleView {
    pub row: FirewallRuleRow,
    pub description: String,
    pub settings: Vec<Setting>,
    /// Newest first, at most ten.
    pub changes: Vec<ChangeRow>,
    pub observed_at: Option<Timestamp>,
    pub now: Timestamp,
}

/// A rule as it holds for one pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectiveRule {
    pub row: FirewallRuleRow,
    /// Some packet of this pool falls to it; otherwise rules before it decide all that it matches.
    pub decides: bool,
}

/// What holds for a canary's VMs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanaryFirewall {
    /// As a what-if knows it: `web (canary)`.
    pub name: String,
    pub tags: Vec<String>,
    /// In effective order, ingress first.
    pub rules: Vec<EffectiveRule>,
}

/// What holds for one pool's VMs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolFirewall {
    /// Of its VMs, as the declaration derives them.
    pub tags: Vec<String>,
    /// In effective order, ingress first.
    pub rules: Vec<EffectiveRule>,
    /// Where it tries a version whose tags are not those of its other VMs.
    pub canary: Option<CanaryFirewall>,
    /// Those that hold for its VMs as long as they are there, and are declared no more.
    pub leaving: Vec<FirewallRuleRow>,
    /// Those that name this pool.
    pub warnings: Vec<Warning>,
}

/// What the form of a rule needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallRuleForm {
    pub environment: String,
    /// What it is read from; a form sends it back, so that an older one is noticed.
    pub generation: i64,
    pub name_prefix: String,
    /// Keys that are taken.
    pub keys: Vec<String>,
    /// Tags that VMs of this environment carry.
    pub tags: Vec<String>,
    /// The rule that is edited.
    pub rule: Option<FirewallRuleSpec>,
}
