//! Who gains and who loses by a change of rules and tags.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use domain::{AgentType, Amount, FleetSpec, ObservedFleet};
use domain::{
    derive,
    environment::EnvironmentSpec,
    firewall::{
        AddressSet, Direction, FirewallRuleSpec, Packet, ServiceSet, Tags, Traffic, TrafficChange,
        traffic_impact,
    },
    plan::plan,
    pool::{CanarySpec, PoolSpec},
    resource::{Canary, FirewallRule, ResourceSet},
    template::TemplateSpec,
};
use proptest::prelude::*;

use crate::{
    brute,
    rules::rules,
    world::{each_packet, tag_sets},
};

fn fleet() -> FleetSpec {
    let mut fleet = FleetSpec::new(EnvironmentSpec::new("p-project", "us-central1", "dev", "n", "s"));
    fleet.agent_vm_templates = vec![TemplateSpec::new("t", AgentType::Architect)];
    fleet.agent_pools = ["one", "two"].map(|name| PoolSpec::new(name, AgentType::Architect, "t")).to_vec();
    fleet
}

/// Two pools with tags of the world, beside the rules; a pool without tags is not there.
fn resources(rules: &[FirewallRule], tags: &[Option<Tags>; 2]) -> ResourceSet {
    tried(rules, tags, None)
}

/// The same, and the first pool tries a version of those tags.
fn tried(rules: &[FirewallRule], tags: &[Option<Tags>; 2], canary: Option<&Tags>) -> ResourceSet {
    let mut set = derive::resources(&fleet(), &["us-central1-a".to_owned()]);
    set.firewall_rules = rules.iter().map(|rule| (rule.name.clone(), rule.clone())).collect();
    let template = set.templates.values().next().unwrap().clone();
    for (name, tags) in ["genesis-pool-one", "genesis-pool-two"].into_iter().zip(tags) {
        match tags {
            None => drop(set.groups.remove(name)),
            Some(tags) => {
                let version = format!("template-of-{name}");
                set.groups.get_mut(name).unwrap().template.clone_from(&version);
                set.templates.insert(
                    version,
                    domain::resource::InstanceTemplate { tags: tags.clone(), ..template.clone() },
                );
            }
        }
    }
    if let (Some(tags), Some(group)) = (canary, set.groups.get_mut("genesis-pool-one")) {
        let version = "template-of-the-canary".to_owned();
        group.canary = Some(Canary { template: version.clone(), target_size: Amount::Fixed(1) });
        set.templates.insert(version, domain::resource::InstanceTemplate { tags: tags.clone(), ..template });
    }
    set
}

/// The canary's tags, where rules tell it from its pool.
fn apart(pool: Option<&Tags>, canary: Option<&Tags>) -> Option<Tags> {
    canary.filter(|tags| pool.is_some_and(|own| own != *tags)).cloned()
}

/// A change with its texts read.
struct Said<'a> {
    change: &'a TrafficChange,
    ranges: AddressSet,
    services: ServiceSet,
}

fn read(changes: &[TrafficChange]) -> Vec<Said<'_>> {
    let read =
        |change| Said { change, ranges: TrafficChange::address_set(change), services: change.service_set() };
    changes.iter().map(read).collect()
}

impl Said<'_> {
    fn holds(&self, packet: &Packet<'_>, target: &str, peer: Option<&str>) -> bool {
        let mine = match target {
            "others" => self.change.others,
            pool => self.change.pools.iter().any(|known| known == pool),
        };
        self.change.direction == packet.direction
            && mine
            && self.services.contains(packet.protocol, packet.port)
            && match peer {
                Some(pool) => self.change.peers.contains(&format!("pool {pool}")),
                None => self.ranges.contains(packet.peer),
            }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_gained_and_lost_is_said_and_nothing_else(
        before in rules(),
        after in prop_oneof![3 => rules().prop_map(Some), 1 => Just(None)],
        was in prop::array::uniform2(prop::option::of(prop::sample::select(tag_sets()))),
        is in prop::array::uniform2(prop::option::weighted(0.8, prop::sample::select(tag_sets()))),
        canary in prop::array::uniform2(prop::option::of(prop::sample::select(tag_sets()))),
    ) {
        let after = after.unwrap_or_else(|| before.clone());
        let (old, new) = (brute::Rules::new(&before), brute::Rules::new(&after));
        let impact = traffic_impact(
            &tried(&before, &was, canary[0].as_ref()),
            &tried(&after, &is, canary[1].as_ref()),
        );
        // What is no canary's VM is its pool's.
        let (began, ended) =
            (apart(was[0].as_ref(), canary[0].as_ref()), apart(is[0].as_ref(), canary[1].as_ref()));
        let (tries_had, tries_has) = if began.is_some() || ended.is_some() {
            (began.or_else(|| was[0].clone()), ended.or_else(|| is[0].clone()))
        } else {
            (None, None)
        };
        let said = [read(&impact.gained), read(&impact.lost)];
        let none = Some(Tags::new());
        let pools = [
            ("one", &was[0], &is[0]),
            ("two", &was[1], &is[1]),
            ("one (canary)", &tries_had, &tries_has),
        ];
        let targets = pools.into_iter().chain([("others", &none, &none)]);
        let peers = pools.map(|(pool, had, has)| (Some(pool), had, has));
        let peers: Vec<_> = [(None, &none, &none)].into_iter().chain(peers).collect();
        for (target, had, has) in targets {
            let Some(has) = has else { continue };
            for &(peer, peer_had, peer_has) in &peers {
                let Some(peer_has) = peer_has else { continue };
                let peer_had = peer_had.as_ref().unwrap_or(peer_has);
                for direction in [Direction::Ingress, Direction::Egress] {
                    if had.is_none() && direction == Direction::Egress {
                        continue;
                    }
                    // By service and peer, whether some VM's own address gains or loses.
                    let mut found: BTreeMap<(u8, u16, IpAddr), [bool; 2]> = BTreeMap::new();
                    each_packet(direction, std::slice::from_ref(has), std::slice::from_ref(peer_has), |packet| {
                        let is = new.decide(packet).0;
                        let was = had.as_ref().is_some_and(|tags| {
                            old.decide(&Packet { tags, peer_tags: peer_had, ..*packet }).0
                        });
                        let [gained, lost] =
                            found.entry((packet.protocol, packet.port, packet.peer)).or_default();
                        *gained |= is && !was;
                        *lost |= was && !is;
                    });
                    let mut named: BTreeMap<(u8, u16), [bool; 2]> = BTreeMap::new();
                    for ((protocol, port, address), expected) in &found {
                        let packet = Packet {
                            direction, tags: has, own: *address, peer: *address, peer_tags: peer_has,
                            protocol: *protocol, port: *port,
                        };
                        for (at, changes) in said.iter().enumerate() {
                            let to_anybody = changes.iter().any(|change| change.holds(&packet, target, None));
                            let by_name = peer.is_some()
                                && changes.iter().any(|change| change.holds(&packet, target, peer));
                            match peer {
                                None => prop_assert_eq!(
                                    to_anybody, expected[at], "{} {:?} {}", target, packet, at
                                ),
                                Some(_) => {
                                    if expected[at] {
                                        prop_assert!(to_anybody || by_name, "{target} {peer:?} {packet:?} {at}");
                                    }
                                    if by_name {
                                        named.entry((*protocol, *port)).or_default()[at] |= expected[at];
                                    }
                                }
                            }
                        }
                    }
                    // What is said of a pool by its name holds at some address.
                    for (service, held) in named {
                        for (at, changes) in said.iter().enumerate() {
                            let packet = Packet {
                                direction, tags: has, own: [0; 4].into(), peer: [0; 4].into(), peer_tags: peer_has,
                                protocol: service.0, port: service.1,
                            };
                            let is_said = changes.iter().any(|change| change.holds(&packet, target, peer));
                            prop_assert_eq!(is_said, held[at], "{} {:?} {:?} {}", target, peer, service, at);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_changes_where_nothing_is_changed() {
    let set = resources(&[], &[Some(Tags::new()), Some(BTreeSet::from(["a".to_owned()]))]);
    assert!(traffic_impact(&set, &set).is_empty());
}

#[test]
fn a_plan_says_whom_it_lets_in() {
    let observed = ObservedFleet::default();
    let plan = plan(&fleet(), &observed, Default::default());
    let said: Vec<String> = plan.impact.traffic.gained.iter().map(TrafficChange::sentence).collect();
    assert_eq!(said, ["from 10.0.0.0/8 to one, two: tcp 22, tcp 8080, tcp 9090"]);
    assert!(plan.impact.traffic.lost.is_empty());
}

/// The first pool tries a version of its template whose VMs carry one more tag.
fn with_a_canary(door: &str) -> FleetSpec {
    let mut fleet = fleet();
    fleet.environment.zones = vec!["us-central1-a".to_owned()];
    let tagged = TemplateSpec {
        additional_tags: vec!["door".to_owned()],
        ..TemplateSpec::new("tagged", AgentType::Architect)
    };
    fleet.agent_vm_templates.push(tagged);
    fleet.agent_pools[0].canary = Some(CanarySpec {
        template_name: Some("tagged".to_owned()),
        template_version: None,
        target_size: Amount::Fixed(1),
    });
    let rule = FirewallRuleSpec {
        source_ranges: vec![door.to_owned()],
        target_tags: vec!["door".to_owned()],
        allow: vec![Traffic { protocol: "tcp".to_owned(), ports: vec!["22".to_owned()] }],
        ..FirewallRuleSpec::new("", Direction::Ingress)
    };
    fleet.firewall_rules.insert("door".to_owned(), rule);
    fleet
}

#[test]
fn a_canary_that_a_rule_opens_is_said_and_so_is_its_end() {
    let zones = ["us-central1-a".to_owned()];
    let tried = with_a_canary("0.0.0.0/0");
    let mut alone = tried.clone();
    alone.agent_pools[0].canary = None;
    let (alone, tried) = (derive::resources(&alone, &zones), derive::resources(&tried, &zones));
    let said = |changes: &[TrafficChange]| {
        changes.iter().map(|change| (change.sentence(), change.internet)).collect::<Vec<_>>()
    };
    let opened = traffic_impact(&alone, &tried);
    let door = ("from all IPv4 but 10.0.0.0/8 to one (canary): tcp 22".to_owned(), true);
    assert_eq!((said(&opened.gained), opened.lost), (vec![door.clone()], vec![]));
    let ended = traffic_impact(&tried, &alone);
    assert_eq!((ended.gained, said(&ended.lost)), (vec![], vec![door]));
}

#[test]
fn a_plan_says_what_opens_a_canary() {
    let observed = ObservedFleet::default();
    let plan = plan(&with_a_canary("0.0.0.0/0"), &observed, Default::default());
    assert!(
        plan.impact.traffic.gained.iter().any(|one| one.internet && one.pools == ["one (canary)"]),
        "{:?}",
        plan.impact.traffic
    );
    assert!(
        plan.notes.iter().any(|note| note.message.starts_with("opens tcp 22 of one (canary) to the whole"))
    );
}

#[test]
fn what_is_opened_step_by_step_is_still_open_to_the_internet() {
    let rule = |name: &str, ranges: &[&str]| FirewallRule {
        name: name.to_owned(),
        description: String::new(),
        network: "n".to_owned(),
        direction: Direction::Ingress,
        priority: 1000,
        source_ranges: ranges.iter().map(|&range| range.to_owned()).collect(),
        destination_ranges: BTreeSet::new(),
        source_tags: BTreeSet::new(),
        target_tags: BTreeSet::from(["a".to_owned()]),
        allow: vec![Traffic { protocol: "tcp".to_owned(), ports: vec!["22".to_owned()] }],
        deny: Vec::new(),
        logging: false,
        disabled: false,
    };
    let tags = [Some(BTreeSet::from(["a".to_owned()])), None];
    let said = |before: &[&str], after: &[&str]| {
        let impact =
            traffic_impact(&resources(&[rule("r", before)], &tags), &resources(&[rule("r", after)], &tags));
        impact.gained.iter().map(|change| (change.sentence(), change.internet)).collect::<Vec<_>>()
    };
    let open = said(&["10.0.0.0/8"], &["0.0.0.0/0"]);
    assert_eq!(open, [("from all IPv4 but 10.0.0.0/8 to one: tcp 22".to_owned(), true)]);
    let quarter = said(&["0.0.0.0/2"], &["0.0.0.0/2", "64.0.0.0/2"]);
    assert_eq!(quarter, [("from 64.0.0.0/2 to one: tcp 22".to_owned(), true)]);
    let little = said(&["10.0.0.0/8"], &["10.0.0.0/8", "11.0.0.0/8"]);
    assert_eq!(little, [("from 11.0.0.0/8 to one: tcp 22".to_owned(), false)]);
}
