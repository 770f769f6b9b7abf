//! The two columns of a firewall rule's page. Equal settings give equal texts, because that is how a difference is seen.

use std::collections::BTreeSet;

use super::pool::Setting;
use crate::{
    firewall::{ServiceSet, denies},
    name::last_segment,
    resource::FirewallRule,
};

type Row = (&'static str, fn(&FirewallRule) -> String);

const ROWS: &[Row] = &[
    ("Direction", |rule| rule.direction.as_str().to_lowercase()),
    ("Priority", |rule| rule.priority.to_string()),
    ("Action", |rule| if denies(rule) { "deny" } else { "allow" }.to_owned()),
    ("Protocols and ports", |rule| {
        ServiceSet::of_traffic(if denies(rule) { &rule.deny } else { &rule.allow }).texts().join(", ")
    }),
    ("Source ranges", |rule| listed(&rule.source_ranges)),
    ("Source tags", |rule| listed(&rule.source_tags)),
    ("Destination ranges", |rule| listed(&rule.destination_ranges)),
    ("Target tags", |rule| {
        if rule.target_tags.is_empty() {
            "every VM of the network".to_owned()
        } else {
            listed(&rule.target_tags)
        }
    }),
    ("Network", |rule| last_segment(&rule.network).to_owned()),
    ("Enforced", |rule| if rule.disabled { "no" } else { "yes" }.to_owned()),
    ("Logging", |rule| if rule.logging { "on" } else { "off" }.to_owned()),
    (
        "Description",
        |rule| if rule.description.is_empty() { NONE.to_owned() } else { rule.description.clone() },
    ),
];

const NONE: &str = "none";

fn listed(texts: &BTreeSet<String>) -> String {
    if texts.is_empty() {
        return NONE.to_owned();
    }
    texts.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Nothing is in a column where the rule is not declared, or not there.
pub fn firewall_settings(desired: Option<&FirewallRule>, observed: Option<&FirewallRule>) -> Vec<Setting> {
    ROWS.iter()
        .map(|(name, text)| Setting {
            name: (*name).to_owned(),
            desired: desired.map(text),
            observed: observed.map(text),
            detail: false,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::{Direction, Traffic};

    fn rule(protocol: &str, ports: &[&str]) -> FirewallRule {
        FirewallRule {
            name: "genesis-agent-ssh".into(),
            description: String::new(),
            network: "projects/p/global/networks/vpc".into(),
            direction: Direction::Ingress,
            priority: 1000,
            source_ranges: BTreeSet::from(["10.0.0.0/8".into()]),
            destination_ranges: BTreeSet::new(),
            source_tags: BTreeSet::new(),
            target_tags: BTreeSet::new(),
            allow: vec![Traffic {
                protocol: protocol.into(),
                ports: ports.iter().map(|&port| port.into()).collect(),
            }],
            deny: Vec::new(),
            logging: true,
            disabled: false,
        }
    }

    #[test]
    fn two_spellings_of_one_rule_do_not_differ() {
        let rows = firewall_settings(Some(&rule("tcp", &["22", "23"])), Some(&rule("6", &["22-23"])));
        assert!(rows.iter().all(|row| !row.differs()), "{rows:?}");
        let rows = firewall_settings(Some(&rule("tcp", &["22"])), Some(&rule("tcp", &["23"])));
        let differing: Vec<_> =
            rows.iter().filter(|row| row.differs()).map(|row| row.name.as_str()).collect();
        assert_eq!(differing, ["Protocols and ports"]);
        assert!(firewall_settings(None, Some(&rule("tcp", &[]))).iter().all(|row| row.desired.is_none()));
    }
}
