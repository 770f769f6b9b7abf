//! All packets at once: from one vantage (a VM's tags, a peer's tags) the address space falls into stretches in which
//! every address is treated alike, and in each of them services fall to the rules that decide them.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use super::{
    Direction,
    addresses::{AddressSet, Family},
    intervals::Interval,
    matching::{Firewall, Matcher, Tags, implied},
    services::ServiceSet,
};

/// From where packets are looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vantage<'a> {
    pub(super) direction: Direction,
    pub(super) tags: &'a Tags,
    /// None where no rule asks for the VM's own address.
    pub(super) own: Option<IpAddr>,
    pub(super) peer_tags: &'a Tags,
}

/// A stretch of peers that are treated alike.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) family: Family,
    pub(super) peers: Interval,
    /// Disjoint; the index of the deciding rule, None for the implied one.
    pub(super) decisions: Vec<(ServiceSet, Option<usize>)>,
}

impl Cell {
    pub(super) fn addresses(&self) -> AddressSet {
        AddressSet::of_intervals(self.family, vec![self.peers])
    }

    pub(super) fn first(&self) -> IpAddr {
        self.family.address(self.peers.0)
    }
}

/// Peers by services.
pub(super) type Reach = BTreeMap<ServiceSet, AddressSet>;

impl Firewall<'_> {
    /// The peers of `within` and the services of `of`, in cells. Only the first `rules` rules are looked at.
    pub(super) fn cells(
        &self,
        vantage: Vantage<'_>,
        within: &AddressSet,
        of: &ServiceSet,
        rules: usize,
    ) -> Vec<Cell> {
        let applicable: Vec<(usize, &Matcher<'_>)> = self
            .0
            .iter()
            .take(rules)
            .enumerate()
            .filter(|(_, matcher)| {
                matcher.rule.direction == vantage.direction
                    && matcher.is_for(vantage.tags)
                    && matcher.takes_own(vantage.own)
            })
            .collect();
        let families =
            Family::ALL.into_iter().filter(|family| vantage.own.is_none_or(|own| Family::of(own) == *family));
        families
            .flat_map(|family| {
                let edges = edges(family, &applicable);
                within
                    .family(family)
                    .parts()
                    .iter()
                    .flat_map(|part| stretches(*part, &edges))
                    .map(|peers| Cell {
                        family,
                        peers,
                        decisions: decisions(family, peers.0, vantage, of, &applicable),
                    })
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    pub(super) fn all_cells(&self, vantage: Vantage<'_>) -> Vec<Cell> {
        self.cells(vantage, &AddressSet::everything(), &ServiceSet::everything(), self.0.len())
    }

    pub(super) fn allows(&self, vantage: Vantage<'_>, decided_by: Option<usize>) -> bool {
        decided_by.map_or(implied(vantage.direction), |index| !self.0[index].denies)
    }

    /// Peers by the services that are allowed for them.
    pub(super) fn allowed(&self, vantage: Vantage<'_>) -> Reach {
        let mut allowed: BTreeMap<ServiceSet, BTreeMap<Family, Vec<Interval>>> = BTreeMap::new();
        for cell in self.all_cells(vantage) {
            let services = cell
                .decisions
                .iter()
                .filter(|(_, by)| self.allows(vantage, *by))
                .fold(ServiceSet::default(), |sum, (services, _)| sum.union(services));
            allowed.entry(services).or_default().entry(cell.family).or_default().push(cell.peers);
        }
        let addresses = |families: BTreeMap<Family, Vec<Interval>>| {
            families.into_iter().fold(AddressSet::default(), |sum, (family, parts)| {
                sum.union(&AddressSet::of_intervals(family, parts))
            })
        };
        allowed.into_iter().map(|(services, families)| (services, addresses(families))).collect()
    }

    /// One own address of each class that rules tell apart: None alone where no rule asks for it.
    pub(super) fn own_addresses(&self, direction: Direction) -> BTreeSet<Option<IpAddr>> {
        let asking: Vec<_> = self.0.iter().filter(|matcher| matcher.rule.direction == direction).collect();
        let sets: Vec<&AddressSet> = asking.iter().filter_map(|matcher| matcher.own.as_ref()).collect();
        if sets.is_empty() {
            return [None].into();
        }
        let starts = Family::ALL.into_iter().flat_map(|family| {
            let parts = sets.iter().flat_map(move |set| set.family(family).parts());
            let edges = parts.flat_map(|(first, last)| [Some(*first), last.checked_add(1)]).flatten();
            edges
                .chain([0])
                .filter(move |start| *start <= family.last())
                .map(move |start| Some(family.address(start)))
        });
        starts.collect()
    }
}

impl Firewall<'_> {
    /// The same for a VM that has one of these addresses.
    pub(super) fn own_addresses_in(
        &self,
        direction: Direction,
        own: &AddressSet,
    ) -> BTreeSet<Option<IpAddr>> {
        let classes = self.own_addresses(direction);
        if classes.contains(&None) {
            return classes;
        }
        let inside =
            classes.into_iter().filter(|address| address.is_some_and(|address| own.contains(address)));
        let firsts = Family::ALL.into_iter().flat_map(|family| {
            own.family(family).parts().iter().map(move |(first, _)| Some(family.address(*first)))
        });
        inside.chain(firsts).collect()
    }
}

/// Where treatment may change, sorted.
fn edges(family: Family, applicable: &[(usize, &Matcher<'_>)]) -> Vec<u128> {
    let parts = applicable.iter().flat_map(|(_, matcher)| matcher.peers.family(family).parts());
    let edges: BTreeSet<u128> =
        parts.flat_map(|(first, last)| [Some(*first), last.checked_add(1)]).flatten().collect();
    edges.into_iter().collect()
}

fn stretches((first, last): Interval, edges: &[u128]) -> Vec<Interval> {
    let inside = edges.iter().copied().filter(|edge| *edge > first && *edge <= last);
    let starts: Vec<u128> = [first].into_iter().chain(inside).collect();
    starts
        .iter()
        .enumerate()
        .map(|(at, start)| (*start, starts.get(at + 1).map_or(last, |next| next - 1)))
        .collect()
}

fn decisions(
    family: Family,
    peer: u128,
    vantage: Vantage<'_>,
    of: &ServiceSet,
    applicable: &[(usize, &Matcher<'_>)],
) -> Vec<(ServiceSet, Option<usize>)> {
    let (mut left, mut decisions) = (of.clone(), Vec::new());
    for (index, matcher) in applicable {
        if left.is_empty() {
            break;
        }
        if !matcher.takes_tags(vantage.peer_tags) && !matcher.peers.family(family).contains(peer) {
            continue;
        }
        let taken = left.intersection(&matcher.services);
        if !taken.is_empty() {
            left = left.difference(&taken);
            decisions.push((taken, Some(*index)));
        }
    }
    if !left.is_empty() {
        decisions.push((left, None));
    }
    decisions
}
