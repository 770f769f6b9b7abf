//! A firewall rule as declared (`firewall_rules`, a map from its key to this), and what rules do together: which one
//! decides a packet, which are shadowed, what they open, whom a change lets in. All of it exact, over whole ranges.

mod addresses;
mod cells;
mod exposure;
mod intervals;
mod matching;
mod pool_vms;
mod probes;
mod reachability;
mod services;
mod shadow;
mod warnings;
mod what_if;

pub use addresses::{AddressSet, parse as parse_range};
pub use exposure::is_remote_control;
pub use matching::{Firewall, Packet, Tags, Verdict, denies, effective_order};
pub use pool_vms::{canary_of, pool_of_canary, pool_tags};
pub use probes::{BlockedProbes, PROBERS};
pub use reachability::{TrafficChange, TrafficImpact, traffic_impact};
pub use services::{ServiceSet, TCP, UDP, has_ports as protocol_has_ports, protocol_number, protocol_word};
pub use shadow::{Effect, Witness};
pub use warnings::{Severity, Warning, WarningKind, key as rule_key, warnings};
pub use what_if::{Answer, Leg, Outcome, Party, outcome};

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingress => "INGRESS",
            Self::Egress => "EGRESS",
        }
    }
}

/// One protocol and its ports. Ports are texts as declared: `8080` or `8000-8999`; none means all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    pub protocol: String,
    #[serde(default)]
    pub ports: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirewallRuleSpec {
    pub description: String,
    pub direction: Direction,
    /// 0 decides first, 65535 last.
    pub priority: u32,
    pub source_ranges: Vec<String>,
    pub destination_ranges: Vec<String>,
    pub source_tags: Vec<String>,
    pub target_tags: Vec<String>,
    pub allow: Vec<Traffic>,
    pub deny: Vec<Traffic>,
}

impl FirewallRuleSpec {
    pub fn new(description: &str, direction: Direction) -> Self {
        Self {
            description: description.to_owned(),
            direction,
            priority: 1000,
            source_ranges: Vec::new(),
            destination_ranges: Vec::new(),
            source_tags: Vec::new(),
            target_tags: Vec::new(),
            allow: Vec::new(),
            deny: Vec::new(),
        }
    }
}
