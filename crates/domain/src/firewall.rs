//! A firewall rule as declared: `firewall_rules`, a map from its key to this.

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
