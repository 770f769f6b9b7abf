//! The rules of Compute Engine's firewall, read as its manual says them: one packet, one rule after the other.

use std::net::IpAddr;

use domain::{
    firewall::{Direction, Packet, Traffic},
    resource::FirewallRule,
};
use ipnet::IpNet;

/// A rule's texts, read once.
struct Rule<'a> {
    rule: &'a FirewallRule,
    peers: Vec<IpNet>,
    own: Vec<IpNet>,
    /// Protocol (None is all), first and last port.
    traffic: Vec<(Option<u8>, u16, u16)>,
}

pub(crate) struct Rules<'a>(Vec<Rule<'a>>);

fn ranges<'a>(texts: impl IntoIterator<Item = &'a String>) -> Vec<IpNet> {
    let read = |text: &String| text.parse().unwrap_or_else(|_| text.parse::<IpAddr>().unwrap().into());
    texts.into_iter().map(read).collect()
}

fn traffic(traffic: &Traffic) -> Vec<(Option<u8>, u16, u16)> {
    let protocol = match traffic.protocol.as_str() {
        "all" => None,
        "icmp" => Some(1),
        "tcp" => Some(6),
        "udp" => Some(17),
        number => Some(number.parse().unwrap()),
    };
    let ports = traffic.ports.iter().map(|text| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        (protocol, first.parse().unwrap(), last.parse().unwrap())
    });
    let all = traffic.ports.is_empty().then_some((protocol, 0, u16::MAX));
    ports.chain(all).collect()
}

impl Rule<'_> {
    fn matches(&self, packet: &Packet<'_>) -> bool {
        let rule = self.rule;
        let from_tag = rule.direction == Direction::Ingress
            && rule.source_tags.iter().any(|tag| packet.peer_tags.contains(tag));
        let everyone = self.peers.is_empty() && rule.source_tags.is_empty() && packet.peer.is_ipv4();
        rule.direction == packet.direction
            && (rule.target_tags.is_empty() || rule.target_tags.iter().any(|tag| packet.tags.contains(tag)))
            && (from_tag || everyone || self.peers.iter().any(|range| range.contains(&packet.peer)))
            && (self.own.is_empty() || self.own.iter().any(|range| range.contains(&packet.own)))
            && self.traffic.iter().any(|(protocol, first, last)| {
                protocol.is_none_or(|protocol| protocol == packet.protocol)
                    && (*first..=*last).contains(&packet.port)
            })
    }
}

impl<'a> Rules<'a> {
    pub(crate) fn new(rules: &'a [FirewallRule]) -> Self {
        let read = |rule: &'a FirewallRule| {
            let (peers, own) = match rule.direction {
                Direction::Ingress => (&rule.source_ranges, &rule.destination_ranges),
                Direction::Egress => (&rule.destination_ranges, &rule.source_ranges),
            };
            let declared = if rule.deny.is_empty() { &rule.allow } else { &rule.deny };
            Rule {
                rule,
                peers: ranges(peers),
                own: ranges(own),
                traffic: declared.iter().flat_map(traffic).collect(),
            }
        };
        Self(rules.iter().map(read).collect())
    }

    /// Whether the packet passes, and the name of the rule that says so.
    pub(crate) fn decide(&self, packet: &Packet<'_>) -> (bool, Option<&'a str>) {
        let mut best: Option<&'a FirewallRule> = None;
        for Rule { rule, .. } in self.0.iter().filter(|rule| rule.matches(packet)) {
            let better = match best {
                None => true,
                Some(best) if rule.priority != best.priority => rule.priority < best.priority,
                Some(best) if rule.deny.is_empty() != best.deny.is_empty() => !rule.deny.is_empty(),
                Some(best) => rule.name < best.name,
            };
            if better {
                best = Some(rule);
            }
        }
        match best {
            Some(rule) => (rule.deny.is_empty(), Some(&rule.name)),
            None => (packet.direction == Direction::Egress, None),
        }
    }
}
