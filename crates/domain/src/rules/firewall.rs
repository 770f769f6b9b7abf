//! Rules of firewall rules.

use ipnet::IpNet;

use super::{Findings, Rule, Scope};
use crate::firewall::{Direction, FirewallRuleSpec, Traffic};

const PROTOCOLS: [&str; 8] = ["all", "tcp", "udp", "icmp", "esp", "ah", "sctp", "ipip"];

pub(super) fn check(scope: &Scope<'_>, findings: &mut Findings) {
    for (key, rule) in &scope.spec.firewall_rules {
        let at = |attribute: &str| format!("firewall_rules[\"{key}\"].{attribute}");
        ends(rule, &at, findings);
        verdict(rule, &at, findings);
        if rule.priority > 65_535 {
            let message = format!("{} is no priority: 0 (first) to 65535 (last)", rule.priority);
            findings.breaks_with_fix(Rule::Priority, at("priority"), message, "65535");
        }
    }
}

fn ends(rule: &FirewallRuleSpec, at: &dyn Fn(&str) -> String, findings: &mut Findings) {
    match rule.direction {
        Direction::Ingress if rule.source_ranges.is_empty() && rule.source_tags.is_empty() => {
            findings.breaks(
                Rule::FirewallSources,
                at("source_ranges"),
                "an INGRESS rule without source_ranges or source_tags would hold for the whole internet: name its sources",
            );
        }
        Direction::Egress if rule.destination_ranges.is_empty() => {
            findings.breaks(
                Rule::FirewallDestinations,
                at("destination_ranges"),
                "an EGRESS rule without destination_ranges would hold for the whole internet: name its destinations",
            );
        }
        Direction::Ingress | Direction::Egress => {}
    }
    if rule.direction == Direction::Egress && !rule.source_tags.is_empty() {
        findings.breaks(
            Rule::FirewallSources,
            at("source_tags"),
            "an EGRESS rule has no source_tags: the VMs that it is for are target_tags",
        );
    }
    ranges(&at("source_ranges"), &rule.source_ranges, findings);
    ranges(&at("destination_ranges"), &rule.destination_ranges, findings);
}

fn ranges(attribute: &str, ranges: &[String], findings: &mut Findings) {
    let mut families = [false; 2];
    for (index, text) in ranges.iter().enumerate() {
        let attribute = format!("{attribute}[{index}]");
        match text.parse::<IpNet>() {
            Ok(net) if net.trunc() != net => {
                let message = format!("`{text}` has bits set behind its prefix");
                findings.breaks_with_fix(Rule::Cidr, attribute, message, net.trunc().to_string());
            }
            Ok(net) => families[usize::from(matches!(net, IpNet::V6(_)))] = true,
            Err(_) => {
                let message = format!("`{text}` is no address range: it looks like 10.0.0.0/8");
                let fix = text.parse().ok().map(|address: std::net::IpAddr| IpNet::from(address).to_string());
                findings.add(Rule::Cidr, attribute, message, fix);
            }
        }
    }
    if families == [true, true] {
        findings.breaks(
            Rule::Cidr,
            attribute,
            "IPv4 and IPv6 ranges do not mix in one rule: declare a rule for each",
        );
    }
}

fn verdict(rule: &FirewallRuleSpec, at: &dyn Fn(&str) -> String, findings: &mut Findings) {
    match (rule.allow.is_empty(), rule.deny.is_empty()) {
        (false, false) => {
            let message = "a rule allows or denies, not both: declare a rule for each";
            findings.breaks(Rule::AllowXorDeny, at("deny"), message);
        }
        (true, true) => {
            let message = "the rule neither allows nor denies anything: declare allow or deny";
            findings.breaks(Rule::AllowXorDeny, at("allow"), message);
        }
        _ => {}
    }
    for (attribute, list) in [("allow", &rule.allow), ("deny", &rule.deny)] {
        for (index, one) in list.iter().enumerate() {
            traffic(&at(&format!("{attribute}[{index}]")), one, findings);
        }
    }
}

fn traffic(attribute: &str, traffic: &Traffic, findings: &mut Findings) {
    let protocol = traffic.protocol.to_lowercase();
    let number = is_number(&protocol).then(|| protocol.parse::<u8>().ok()).flatten();
    if !PROTOCOLS.contains(&protocol.as_str()) && number.is_none() {
        let message = format!(
            "`{}` is no protocol: {} or an IP protocol number",
            traffic.protocol,
            PROTOCOLS.join(", ")
        );
        findings.breaks(Rule::Protocol, format!("{attribute}.protocol"), message);
        return;
    }
    let has_ports =
        matches!(protocol.as_str(), "tcp" | "udp" | "sctp") || matches!(number, Some(6 | 17 | 132));
    if !traffic.ports.is_empty() && !has_ports {
        let message = format!("{protocol} has no ports: leave them out");
        findings.breaks(Rule::Ports, format!("{attribute}.ports"), message);
        return;
    }
    for (index, text) in traffic.ports.iter().enumerate() {
        if port_range(text).is_none() {
            let message = format!("`{text}` is neither a port nor a range: 8080 or 8000-8999, up to 65535");
            findings.breaks(Rule::Ports, format!("{attribute}.ports[{index}]"), message);
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// First and last port of `8080` or `8000-8999`.
pub(crate) fn port_range(text: &str) -> Option<(u16, u16)> {
    let port = |text: &str| is_number(text).then(|| text.parse::<u16>().ok()).flatten();
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (port(first)?, port(last)?),
        None => (port(text)?, port(text)?),
    };
    (first <= last).then_some((first, last))
}
