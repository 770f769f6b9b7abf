//! Arbitrary rules of the small world.

use domain::{
    firewall::{Direction, Traffic},
    resource::FirewallRule,
};
use proptest::{collection, prelude::*, sample};

use crate::world::{OWN, PORTS, TAGS, V4, V6};

fn texts(from: &'static [&'static str], most: usize) -> impl Strategy<Value = Vec<String>> {
    sample::subsequence(from, 0..=most).prop_map(|some| some.into_iter().map(str::to_owned).collect())
}

fn ranges() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![4 => texts(V4, 3), 1 => texts(V6, 2)]
}

fn traffic() -> impl Strategy<Value = Vec<Traffic>> {
    let ported = (sample::select(&["tcp", "udp", "6"][..]), texts(PORTS, 2));
    let whole = (sample::select(&["all", "icmp", "58", "17"][..]), Just(Vec::new()));
    let one = prop_oneof![3 => ported, 1 => whole]
        .prop_map(|(protocol, ports)| Traffic { protocol: protocol.to_owned(), ports });
    collection::vec(one, 1..3)
}

prop_compose! {
    fn rule()(
        egress in prop::bool::weighted(0.25),
        priority in 1_u32..4,
        peers in ranges(),
        own in prop_oneof![6 => Just(Vec::new()), 1 => texts(OWN, 2)],
        sources in texts(&TAGS, 2),
        targets in texts(&TAGS, 2),
        deny: bool,
        traffic in traffic(),
    ) -> FirewallRule {
        let direction = if egress { Direction::Egress } else { Direction::Ingress };
        let (source_ranges, destination_ranges) = if egress { (own, peers) } else { (peers, own) };
        FirewallRule {
            name: String::new(),
            description: String::new(),
            network: "n".to_owned(),
            direction,
            priority,
            source_ranges: source_ranges.into_iter().collect(),
            destination_ranges: destination_ranges.into_iter().collect(),
            source_tags: if egress { Default::default() } else { sources.into_iter().collect() },
            target_tags: targets.into_iter().collect(),
            allow: if deny { Vec::new() } else { traffic.clone() },
            deny: if deny { traffic } else { Vec::new() },
            logging: false,
            disabled: false,
        }
    }
}

/// Named by their place.
pub(crate) fn rules() -> impl Strategy<Value = Vec<FirewallRule>> {
    collection::vec(rule(), 0..6).prop_map(|rules| {
        rules
            .into_iter()
            .enumerate()
            .map(|(at, rule)| FirewallRule { name: format!("r{at}"), ..rule })
            .collect()
    })
}
