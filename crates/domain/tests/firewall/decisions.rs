//! One packet, one rule, one question: exact over everything that the rules can tell apart.

use std::collections::{BTreeMap, BTreeSet};

use domain::firewall::{
    Direction, Effect, Firewall, PROBERS, Packet, Party, Tags, is_remote_control, parse_range,
};
use proptest::prelude::*;

use crate::{
    brute,
    rules::rules,
    world::{addresses, each_packet, own_addresses, services, tag_sets},
};

const DIRECTIONS: [Direction; 2] = [Direction::Ingress, Direction::Egress];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_packet_is_decided_as_the_manual_says(rules in rules()) {
        let (firewall, brute) = (Firewall::new(&rules), brute::Rules::new(&rules));
        let mut wrong = None;
        for direction in DIRECTIONS {
            each_packet(direction, &tag_sets(), &tag_sets(), |packet| {
                let verdict = firewall.decide(packet);
                let said = (verdict.allowed, verdict.rule.map(|rule| rule.name.as_str()));
                if said != brute.decide(packet) {
                    wrong = Some(format!("{packet:?}: {said:?}"));
                }
            });
        }
        prop_assert_eq!(wrong, None);
    }

    #[test]
    fn a_rule_is_shadowed_when_no_packet_falls_to_it_and_only_then(rules in rules()) {
        let (firewall, brute) = (Firewall::new(&rules), brute::Rules::new(&rules));
        let mut deciding = BTreeSet::new();
        for direction in DIRECTIONS {
            each_packet(direction, &tag_sets(), &tag_sets(), |packet| {
                deciding.extend(brute.decide(packet).1.map(str::to_owned));
            });
        }
        for rule in &rules {
            match firewall.effect(&rule.name).unwrap() {
                Effect::Decides(witness) => {
                    let packet = Packet {
                        direction: rule.direction,
                        tags: &witness.tags,
                        own: witness.own,
                        peer: witness.peer,
                        peer_tags: &witness.peer_tags,
                        protocol: witness.protocol,
                        port: witness.port,
                    };
                    prop_assert_eq!(brute.decide(&packet).1, Some(rule.name.as_str()), "{:?}", packet);
                }
                Effect::Shadowed(by) => {
                    prop_assert!(!deciding.contains(&rule.name), "{} decides", rule.name);
                    prop_assert!(!by.is_empty());
                    let order: Vec<_> = firewall.rules().map(|rule| &rule.name).collect();
                    let at = |name| order.iter().position(|known| *known == name);
                    prop_assert!(by.iter().all(|other| at(&other.name) < at(&rule.name)));
                }
                Effect::MatchesNothing => prop_assert!(!deciding.contains(&rule.name), "{}", rule.name),
            }
        }
    }

    #[test]
    fn for_one_pool_a_rule_decides_what_its_own_packets_fall_to(rules in rules()) {
        let (firewall, brute) = (Firewall::new(&rules), brute::Rules::new(&rules));
        for tags in tag_sets() {
            let mut deciding = BTreeSet::new();
            for direction in DIRECTIONS {
                each_packet(direction, std::slice::from_ref(&tags), &tag_sets(), |packet| {
                    deciding.extend(brute.decide(packet).1.map(str::to_owned));
                });
            }
            let decides = |name: &String| matches!(firewall.effect_for(name, &tags), Some(Effect::Decides(_)));
            let said: BTreeSet<String> = rules.iter().map(|rule| rule.name.clone()).filter(decides).collect();
            prop_assert_eq!(said, deciding);
        }
    }

    #[test]
    fn what_a_rule_opens_to_the_internet_is_what_falls_to_it(rules in rules()) {
        let (firewall, brute) = (Firewall::new(&rules), brute::Rules::new(&rules));
        for tags in tag_sets() {
            let mut opened: BTreeMap<&str, BTreeSet<(u8, u16)>> = BTreeMap::new();
            each_packet(Direction::Ingress, std::slice::from_ref(&tags), &[Tags::new()], |packet| {
                if let (true, Some(rule)) = brute.decide(packet) {
                    opened.entry(rule).or_default().insert((packet.protocol, packet.port));
                }
            });
            for rule in &rules {
                let said = firewall.opened_to_the_internet(&rule.name, &tags);
                let wide = ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0"];
                let everybody = wide.iter().any(|range| rule.source_ranges.contains(*range))
                    || (rule.source_ranges.is_empty() && rule.source_tags.is_empty());
                let open = opened.get(rule.name.as_str()).filter(|_| everybody);
                for (protocol, port) in services() {
                    let is = open.is_some_and(|services| services.contains(&(protocol, port)));
                    prop_assert_eq!(said.contains(protocol, port), is, "{} {} {}", rule.name, protocol, port);
                }
                if said.contains(6, 22) {
                    prop_assert!(is_remote_control(&said));
                }
            }
        }
    }

    #[test]
    fn probes_are_blocked_where_a_prober_is(rules in rules(), port in prop::sample::select(&[22_u16, 8080][..])) {
        let (firewall, brute) = (Firewall::new(&rules), brute::Rules::new(&rules));
        let probers: Vec<_> = PROBERS.iter().map(|range| parse_range(range).unwrap()).collect();
        let nobody = Tags::new();
        for tags in tag_sets() {
            let blocked = firewall.blocked_probes(&tags, port);
            for peer in addresses().into_iter().filter(|peer| probers.iter().any(|range| range.contains(peer))) {
                let stopped: BTreeSet<_> = own_addresses()
                    .into_iter()
                    .filter(|own| own.is_ipv4())
                    .map(|own| {
                        let packet = Packet {
                            direction: Direction::Ingress, tags: &tags, own, peer, peer_tags: &nobody, protocol: 6, port,
                        };
                        brute.decide(&packet)
                    })
                    .filter(|(allowed, _)| !allowed)
                    .map(|(_, rule)| rule)
                    .collect();
                let said: BTreeSet<_> = blocked
                    .iter()
                    .filter(|blocked| blocked.from.contains(peer))
                    .map(|blocked| blocked.by.map(|rule| rule.name.as_str()))
                    .collect();
                prop_assert_eq!(said, stopped, "{}", peer);
            }
            let strangers: Vec<_> = blocked
                .iter()
                .flat_map(|blocked| blocked.from.nets())
                .filter(|net| !probers.iter().any(|range| range.contains(net)))
                .collect();
            prop_assert_eq!(strangers, vec![]);
        }
    }

    #[test]
    fn a_what_if_answers_for_every_address_of_its_range(
        rules in rules(),
        range in prop::sample::select(&["10.0.0.0/29", "0.0.0.0/0", "10.0.0.3/32", "2001:db8::/125"][..]),
        tags in prop::sample::select(tag_sets()),
        service in prop::sample::select(services()),
        own in prop::sample::select(own_addresses()),
    ) {
        let range = parse_range(range).unwrap();
        prop_assume!(range.addr().is_ipv4() == own.is_ipv4());
        let (firewall, brute) = (Firewall::new(&rules), brute::Rules::new(&rules));
        let vm = Party::vms("web", tags.clone(), [&own.to_string()]);
        let other = Party::range("there", range);
        let nobody = Tags::new();
        for (direction, source, target) in
            [(Direction::Ingress, &other, &vm), (Direction::Egress, &vm, &other)]
        {
            let legs = firewall.what_if(source, target, service.0, service.1);
            prop_assert_eq!(legs.len(), 1);
            prop_assert_eq!((legs[0].direction, legs[0].at.as_str()), (direction, "web"));
            for peer in addresses().into_iter().filter(|peer| range.contains(peer)) {
                let packet = Packet {
                    direction, tags: &tags, own, peer, peer_tags: &nobody, protocol: service.0, port: service.1,
                };
                let said: Vec<_> = legs[0]
                    .answers
                    .iter()
                    .filter(|answer| {
                        let holds = |net: &String| parse_range(net).unwrap().contains(&peer);
                        answer.peers.is_empty() || answer.peers.iter().any(holds)
                    })
                    .map(|answer| (answer.allowed, answer.rule.as_deref()))
                    .collect();
                prop_assert_eq!(said, vec![brute.decide(&packet)], "{}", peer);
            }
        }
    }
}

#[test]
fn between_two_pools_both_firewalls_are_asked() {
    let firewall = Firewall::default();
    let party = |name: &str| Party::vms(name, Tags::new(), []);
    let legs = firewall.what_if(&party("web"), &party("db"), 6, 5432);
    let said: Vec<_> =
        legs.iter().map(|leg| (leg.direction, leg.at.as_str(), leg.answers[0].allowed)).collect();
    assert_eq!(said, [(Direction::Egress, "web", true), (Direction::Ingress, "db", false)]);
}
