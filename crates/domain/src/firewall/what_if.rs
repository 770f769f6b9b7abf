//! May this one talk to that one, and which rule says so? A packet between two VMs of the network passes two firewalls:
//! what leaves is decided at its source, what arrives at its target.

use serde::{Deserialize, Serialize};

use super::{
    Direction,
    addresses::AddressSet,
    cells::Vantage,
    matching::{Firewall, Tags},
    services::ServiceSet,
};

/// Where a VM of the network may be while nothing was observed.
const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/// One end of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    pub name: String,
    /// Of a VM of the network; None is elsewhere, where no rule of ours decides.
    pub tags: Option<Tags>,
    pub addresses: AddressSet,
}

impl Party {
    /// VMs at the addresses that were seen, or anywhere private.
    pub fn vms<'a>(name: &str, tags: Tags, seen: impl IntoIterator<Item = &'a String>) -> Self {
        let seen = AddressSet::of_texts(seen);
        let private =
            || AddressSet::of_nets(PRIVATE.iter().filter_map(|range| super::addresses::parse(range)));
        let addresses = if seen.is_empty() { private() } else { seen };
        Self { name: name.to_owned(), tags: Some(tags), addresses }
    }

    /// Whoever is in a range.
    pub fn range(name: &str, range: ipnet::IpNet) -> Self {
        Self { name: name.to_owned(), tags: None, addresses: AddressSet::of_nets([range]) }
    }
}

/// How one firewall decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The other end's addresses, where they are not all decided alike.
    pub peers: Vec<String>,
    pub allowed: bool,
    /// The deciding rule's name; None is the implied rule.
    pub rule: Option<String>,
}

/// One of the firewalls on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    pub direction: Direction,
    /// Whose firewall it is.
    pub at: String,
    /// Never empty; more than one where it depends on the address.
    pub answers: Vec<Answer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Allowed,
    Denied,
    /// On the addresses.
    Depends,
}

impl Leg {
    pub fn outcome(&self) -> Outcome {
        match (self.answers.iter().any(|a| a.allowed), self.answers.iter().any(|a| !a.allowed)) {
            (true, true) => Outcome::Depends,
            (true, false) => Outcome::Allowed,
            _ => Outcome::Denied,
        }
    }
}

/// Of all legs together: what one of them denies does not arrive.
pub fn outcome(legs: &[Leg]) -> Outcome {
    let outcomes: Vec<Outcome> = legs.iter().map(Leg::outcome).collect();
    if outcomes.contains(&Outcome::Denied) {
        Outcome::Denied
    } else if outcomes.contains(&Outcome::Depends) {
        Outcome::Depends
    } else {
        Outcome::Allowed
    }
}

impl Firewall<'_> {
    /// The firewalls that a packet passes, in its order. Empty where neither end is a VM of the network.
    pub fn what_if(&self, source: &Party, target: &Party, protocol: u8, port: u16) -> Vec<Leg> {
        let service = ServiceSet::one(protocol, port);
        let leaves = self.leg(Direction::Egress, source, target, &service);
        let arrives = self.leg(Direction::Ingress, target, source, &service);
        leaves.into_iter().chain(arrives).collect()
    }

    fn leg(&self, direction: Direction, at: &Party, peer: &Party, service: &ServiceSet) -> Option<Leg> {
        let tags = at.tags.as_ref()?;
        let nobody = Tags::new();
        let peer_tags = peer.tags.as_ref().unwrap_or(&nobody);
        let mut found: Vec<(bool, Option<usize>, AddressSet)> = Vec::new();
        for own in self.own_addresses_in(direction, &at.addresses) {
            let vantage = Vantage { direction, tags, own, peer_tags };
            for cell in self.cells(vantage, &peer.addresses, service, self.0.len()) {
                for (_, by) in &cell.decisions {
                    let allowed = self.allows(vantage, *by);
                    match found.iter_mut().find(|(_, known, _)| known == by) {
                        Some((_, _, peers)) => *peers = peers.union(&cell.addresses()),
                        None => found.push((allowed, *by, cell.addresses())),
                    }
                }
            }
        }
        let alone = found.len() == 1;
        let answers = found.into_iter().map(|(allowed, by, peers)| Answer {
            peers: if alone { Vec::new() } else { peers.texts() },
            allowed,
            rule: by.map(|index| self.0[index].rule.name.clone()),
        });
        Some(Leg { direction, at: at.name.clone(), answers: answers.collect() })
            .filter(|leg| !leg.answers.is_empty())
    }
}
