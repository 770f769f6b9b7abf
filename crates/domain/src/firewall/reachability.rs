//! Who gains and who loses by a change: what is allowed after it and was not before, and the other way round.
//!
//! Looked at are the fleet's pools and canaries whose tags are not their pool's, VMs that carry one tag of a rule, and all other VMs of the network. VMs outside of
//! the fleet that carry several tags of rules at once are not.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Direction,
    addresses::AddressSet,
    cells::{Reach, Vantage},
    matching::{Firewall, Tags},
    pool_vms::{moves, pool_tags},
    services::ServiceSet,
};
use crate::resource::ResourceSet;

/// Traffic that begins or ends to be allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrafficChange {
    pub direction: Direction,
    /// The VMs whose firewall it is: pools by their names, a canary of other tags as `web (canary)`, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pools: Vec<String>,
    /// … VMs outside of the fleet by a tag, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// … and all others of the network.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub others: bool,
    /// The other end: `10.0.0.0/8`, `all IPv4 but 10.0.0.0/8`, `pool web`, `VMs tagged bastion`.
    pub peers: Vec<String>,
    /// `tcp 22`, `all but udp 53`.
    pub services: Vec<String>,
    /// With what was allowed already, this opens the services to most of the internet, or no longer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub internet: bool,
}

impl TrafficChange {
    /// `from 10.0.0.0/8 to web: tcp 22`.
    pub fn sentence(&self) -> String {
        let (peers, targets) = (self.peers.join(", "), self.targets().join(", "));
        let services = self.services.join(", ");
        match self.direction {
            Direction::Ingress => format!("from {peers} to {targets}: {services}"),
            Direction::Egress => format!("from {targets} to {peers}: {services}"),
        }
    }

    /// Whose firewall it is, in words.
    pub fn targets(&self) -> Vec<String> {
        let tags = self.tags.iter().map(|tag| format!("VMs tagged {tag}"));
        let others = self.others.then(|| "other VMs of the network".to_owned());
        self.pools.iter().cloned().chain(tags).chain(others).collect()
    }

    /// The addresses among [`Self::peers`].
    pub fn address_set(&self) -> AddressSet {
        AddressSet::of_words(&self.peers)
    }

    /// What [`Self::services`] says.
    pub fn service_set(&self) -> ServiceSet {
        let read = self.services.iter().filter_map(|text| ServiceSet::of_text(text));
        read.fold(ServiceSet::default(), |sum, set| sum.union(&set))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrafficImpact {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gained: Vec<TrafficChange>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<TrafficChange>,
}

impl TrafficImpact {
    pub fn is_empty(&self) -> bool {
        self.gained.is_empty() && self.lost.is_empty()
    }
}

/// From one set of resources to another. All that reaches a pool that is new is gained; a pool that goes loses nothing
/// that anyone would miss. A canary is compared with what its VMs were before: its pool's, or those of another canary.
pub fn traffic_impact(before: &ResourceSet, after: &ResourceSet) -> TrafficImpact {
    let (old, new) =
        (Firewall::new(before.firewall_rules.values()), Firewall::new(after.firewall_rules.values()));
    let subjects = Subjects::new([&old, &new], &pool_tags(before), &pool_tags(after));
    let (mut gained, mut lost) = (Found::default(), Found::default());
    for direction in [Direction::Ingress, Direction::Egress] {
        let owns = old.own_addresses(direction).into_iter().chain(new.own_addresses(direction));
        // Where only one side asks for the VM's own address, its answers hold for the other too.
        let owns: BTreeSet<_> = owns.collect();
        let owns: Vec<_> = owns.iter().filter(|own| own.is_some() || owns.len() == 1).collect();
        for (target, names) in &subjects.targets {
            if target.before.is_none() && direction == Direction::Egress {
                continue;
            }
            for own in &owns {
                let between = |(was, is): &(Tags, Tags)| {
                    let at = |firewall: &Firewall<'_>, tags, peer_tags| {
                        firewall.allowed(Vantage { direction, tags, own: **own, peer_tags })
                    };
                    let before = target.before.as_ref().map(|tags| at(&old, tags, was)).unwrap_or_default();
                    let after = at(&new, &target.after, is);
                    (difference(&after, &before), difference(&before, &after), before, after)
                };
                let (more, less, before, after) = between(&anybody());
                gained.ranges(direction, names, &more, &after);
                lost.ranges(direction, names, &less, &before);
                // No rule looks at the tags of whom a VM calls.
                for (peer, peers) in subjects.peers.iter().filter(|_| direction == Direction::Ingress) {
                    let (own_more, own_less, ..) = between(peer);
                    gained.named(direction, names, peers, &difference(&own_more, &more));
                    lost.named(direction, names, peers, &difference(&own_less, &less));
                }
            }
        }
    }
    TrafficImpact { gained: gained.done(), lost: lost.done() }
}

fn anybody() -> (Tags, Tags) {
    Default::default()
}

/// What `of` holds and `other` does not. Either names an address once at most.
fn difference(of: &Reach, other: &Reach) -> Reach {
    let mut found = Reach::new();
    let mut add = |services: ServiceSet, addresses: AddressSet| {
        let known = found.entry(services).or_default();
        *known = known.union(&addresses);
    };
    for (services, addresses) in of {
        let mut rest = addresses.clone();
        for (theirs, at) in other {
            let both = addresses.intersection(at);
            let more = services.difference(theirs);
            if !both.is_empty() && !more.is_empty() {
                add(more, both.clone());
            }
            rest = rest.difference(&both);
        }
        if !rest.is_empty() && !services.is_empty() {
            add(services.clone(), rest);
        }
    }
    found
}

/// The same by services: what is said of each is said of all its peers at once.
fn by_service(reach: &Reach) -> Vec<(ServiceSet, AddressSet)> {
    let edges = ServiceSet::edges(reach.keys());
    let atoms = reach.keys().fold(ServiceSet::default(), |sum, services| sum.union(services)).cut_at(&edges);
    let holders = |atom: &ServiceSet| {
        let holding = reach.iter().filter(|(services, _)| !services.intersection(atom).is_empty());
        holding.fold(AddressSet::default(), |sum, (_, addresses)| sum.union(addresses))
    };
    atoms
        .into_iter()
        .map(|atom| {
            let addresses = holders(&atom);
            (atom, addresses)
        })
        .collect()
}

/// VMs that all rules treat alike: only tags that rules name count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Target {
    /// None: it was not there.
    before: Option<Tags>,
    after: Tags,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Names {
    pools: Vec<String>,
    tags: Vec<String>,
    /// The network's other VMs.
    others: bool,
}

/// Everybody that is looked at, in classes; peers are those whom a rule may know by a tag.
struct Subjects {
    targets: BTreeMap<Target, Names>,
    peers: BTreeMap<(Tags, Tags), Names>,
}

impl Subjects {
    fn new(
        firewalls: [&Firewall<'_>; 2],
        before: &BTreeMap<String, Tags>,
        after: &BTreeMap<String, Tags>,
    ) -> Self {
        let rules = || firewalls.into_iter().flat_map(Firewall::rules);
        let targeted: Tags = rules().flat_map(|rule| rule.target_tags.iter().cloned()).collect();
        let sources: Tags = rules().flat_map(|rule| rule.source_tags.iter().cloned()).collect();
        let mut targets: BTreeMap<Target, Names> = BTreeMap::new();
        let mut peers: BTreeMap<(Tags, Tags), Names> = BTreeMap::new();
        for (pool, was, tags) in moves(before, after) {
            let target = Target { before: was.map(|tags| tags & &targeted), after: tags & &targeted };
            targets.entry(target).or_default().pools.push(pool.clone());
            let peer = (was.unwrap_or(tags) & &sources, tags & &sources);
            peers.entry(peer).or_default().pools.push(pool.clone());
        }
        let carried: Tags = before.values().chain(after.values()).flatten().cloned().collect();
        for tag in targeted.difference(&carried) {
            let alone = Tags::from([tag.clone()]);
            targets
                .entry(Target { before: Some(alone.clone()), after: alone })
                .or_default()
                .tags
                .push(tag.clone());
        }
        for tag in sources.difference(&carried) {
            let alone = Tags::from([tag.clone()]);
            peers.entry((alone.clone(), alone)).or_default().tags.push(tag.clone());
        }
        targets.entry(Target { before: Some(Tags::new()), after: Tags::new() }).or_default().others = true;
        peers.remove(&anybody());
        Self { targets, peers }
    }
}

/// Differences, joined where they say the same of several.
#[derive(Default)]
struct Found(Vec<(Direction, Names, Peers, ServiceSet)>);

enum Peers {
    /// And whether they are, with what there was, most of the internet.
    Ranges(AddressSet, bool),
    Named(Vec<String>),
}

impl Found {
    /// `whole` is all that is allowed on the side that has more.
    fn ranges(&mut self, direction: Direction, names: &Names, reach: &Reach, whole: &Reach) {
        for (service, addresses) in by_service(reach) {
            let with = whole.iter().filter(|(services, _)| services.intersection(&service) == service);
            let all = with.fold(AddressSet::default(), |sum, (_, addresses)| sum.union(addresses));
            let internet = all.holds_most_of_the_internet();
            let same = self.0.iter_mut().find_map(|(known, whose, peers, what)| match peers {
                Peers::Ranges(set, open)
                    if (*known, &*whose, &*set, *open) == (direction, names, &addresses, internet) =>
                {
                    Some(what)
                }
                _ => None,
            });
            match same {
                Some(what) => *what = what.union(&service),
                None => self.0.push((direction, names.clone(), Peers::Ranges(addresses, internet), service)),
            }
        }
    }

    /// Whoever is known by a tag has no address that would be worth saying.
    fn named(&mut self, direction: Direction, names: &Names, peers: &Names, reach: &Reach) {
        let services = reach.keys().fold(ServiceSet::default(), |sum, services| sum.union(services));
        if services.is_empty() {
            return;
        }
        let pools = peers.pools.iter().map(|pool| format!("pool {pool}"));
        let said: Vec<String> =
            pools.chain(peers.tags.iter().map(|tag| format!("VMs tagged {tag}"))).collect();
        let same = self.0.iter_mut().find_map(|(known, whose, peers, what)| match peers {
            Peers::Named(peers) if (*known, &*whose, &*peers) == (direction, names, &said) => Some(what),
            _ => None,
        });
        match same {
            Some(what) => *what = what.union(&services),
            None => self.0.push((direction, names.clone(), Peers::Named(said), services)),
        }
    }

    fn done(self) -> Vec<TrafficChange> {
        let mut changes: Vec<TrafficChange> = Vec::new();
        for (direction, names, peers, services) in self.0 {
            let (peers, internet) = match peers {
                Peers::Ranges(set, internet) => (set.words(), internet),
                Peers::Named(said) => (said, false),
            };
            let services = services.texts();
            let same = changes.iter_mut().find(|known| {
                (known.direction, &known.peers, &known.services, known.internet)
                    == (direction, &peers, &services, internet)
            });
            match same {
                Some(known) => {
                    known.pools.extend(names.pools);
                    known.tags.extend(names.tags);
                    known.others |= names.others;
                }
                None => changes.push(TrafficChange {
                    direction,
                    pools: names.pools,
                    tags: names.tags,
                    others: names.others,
                    peers,
                    services,
                    internet,
                }),
            }
        }
        for change in &mut changes {
            change.pools.sort();
            change.tags.sort();
        }
        changes
    }
}
