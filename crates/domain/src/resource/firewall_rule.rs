//! A VPC firewall rule, global.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::firewall::{Direction, Traffic};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallRule {
    pub name: String,
    pub description: String,
    pub network: String,
    pub direction: Direction,
    pub priority: u32,
    pub source_ranges: BTreeSet<String>,
    pub destination_ranges: BTreeSet<String>,
    pub source_tags: BTreeSet<String>,
    pub target_tags: BTreeSet<String>,
    pub allow: Vec<Traffic>,
    pub deny: Vec<Traffic>,
    pub logging: bool,
    /// Switched off by hand: it is there and decides nothing. No declaration says so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}
