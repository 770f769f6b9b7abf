//! Whether Google's health probes reach the agents. Where they do not, every VM looks ill and its group makes it anew,
//! again and again.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;

use super::{Note, Scope, listed, note};
use crate::{
    firewall::{Direction, FirewallRuleSpec},
    resource::InstanceGroup,
    rules::port_range,
};

/// <https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges>
const PROBERS: [&str; 2] = ["130.211.0.0/22", "35.191.0.0/16"];

pub(super) fn notes(scope: &Scope<'_>, notes: &mut Vec<Note>) {
    let environment = &scope.spec.environment;
    if !environment.enable_health_checks {
        return;
    }
    let port = environment.default_health_port;
    let blocked: Vec<&str> = scope
        .wanted
        .groups
        .values()
        .filter(|group| !PROBERS.iter().all(|prober| reaches(scope, group, prober, port)))
        .map(|group| group.base_instance_name.trim_start_matches("agent-"))
        .collect();
    if !blocked.is_empty() {
        note(
            notes,
            "firewall_rules",
            format!(
                "no rule here lets Google's health probes ({}) reach tcp {port} of {}: unless the network does, their VMs count as ill and are made anew over and over",
                PROBERS.join(", "),
                listed(&blocked)
            ),
        );
    }
}

fn reaches(scope: &Scope<'_>, group: &InstanceGroup, prober: &str, port: u16) -> bool {
    let Some(tags) = scope.wanted.templates.get(&group.template).map(|template| &template.tags) else {
        return true;
    };
    let Ok(prober) = prober.parse::<Ipv4Net>() else { return false };
    scope.spec.firewall_rules.values().any(|rule| opens(rule, tags, &prober, port))
}

fn opens(rule: &FirewallRuleSpec, tags: &BTreeSet<String>, prober: &Ipv4Net, port: u16) -> bool {
    let from = rule
        .source_ranges
        .iter()
        .filter_map(|range| range.parse::<Ipv4Net>().ok())
        .any(|range| range.contains(prober));
    let to = rule.target_tags.is_empty() || rule.target_tags.iter().any(|tag| tags.contains(tag));
    let with = rule.allow.iter().any(|traffic| match traffic.protocol.to_lowercase().as_str() {
        "all" => true,
        "tcp" | "6" => {
            traffic.ports.is_empty()
                || traffic
                    .ports
                    .iter()
                    .filter_map(|text| port_range(text))
                    .any(|(first, last)| (first..=last).contains(&port))
        }
        _ => false,
    });
    rule.direction == Direction::Ingress && from && to && with
}
