//! A declared firewall rule as Compute Engine holds it.

use crate::{
    environment::EnvironmentSpec,
    firewall::{FirewallRuleSpec, Traffic},
    name,
    resource::FirewallRule,
};

pub(super) fn firewall_rule(
    environment: &EnvironmentSpec,
    key: &str,
    declared: &FirewallRuleSpec,
) -> FirewallRule {
    FirewallRule {
        name: name::firewall_rule(&environment.name_prefix, key),
        description: declared.description.clone(),
        network: environment.network_id.clone(),
        direction: declared.direction,
        priority: declared.priority,
        source_ranges: declared.source_ranges.iter().cloned().collect(),
        destination_ranges: declared.destination_ranges.iter().cloned().collect(),
        source_tags: declared.source_tags.iter().cloned().collect(),
        target_tags: declared.target_tags.iter().cloned().collect(),
        allow: declared.allow.iter().map(traffic).collect(),
        deny: declared.deny.iter().map(traffic).collect(),
        logging: environment.enable_firewall_logging,
        disabled: false,
    }
}

/// Compute Engine answers with lower-case protocols whatever it was sent.
fn traffic(declared: &Traffic) -> Traffic {
    Traffic { protocol: declared.protocol.to_lowercase(), ports: declared.ports.clone() }
}
