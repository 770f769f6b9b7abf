//! A small world: a handful of ranges, ports and tags, and every packet in which rules made of them can differ.

use std::{collections::BTreeSet, net::IpAddr};

use domain::firewall::{Direction, Packet, Tags};

pub(crate) const V4: &[&str] = &[
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "10.0.0.0/30",
    "10.0.0.2/31",
    "10.0.0.4",
    "130.211.0.0/22",
    "130.211.2.0/23",
    "35.191.0.0/16",
];
pub(crate) const V6: &[&str] = &["::/0", "2001:db8::/126", "2001:db8::2/127"];
/// Of VMs themselves.
pub(crate) const OWN: &[&str] = &["10.0.0.0/8", "10.0.0.0/30"];
pub(crate) const PORTS: &[&str] = &["22", "21-23", "8080", "0-65535"];
pub(crate) const TAGS: [&str; 2] = ["a", "b"];

/// An address of each stretch that the ranges above cut the address space into, and the ends of the short ones.
const EDGES: &[&str] = &[
    "0.0.0.0",
    "10.0.0.0",
    "10.0.0.1",
    "10.0.0.2",
    "10.0.0.3",
    "10.0.0.4",
    "10.0.0.5",
    "35.191.0.0",
    "35.191.255.255",
    "127.255.255.255",
    "128.0.0.0",
    "130.211.1.255",
    "130.211.2.0",
    "130.211.3.255",
    "130.211.4.0",
    "255.255.255.255",
    "::",
    "2001:db8::1",
    "2001:db8::2",
    "2001:db8::4",
];

pub(crate) fn addresses() -> Vec<IpAddr> {
    EDGES.iter().map(|text| text.parse().unwrap()).collect()
}

pub(crate) fn services() -> Vec<(u8, u16)> {
    let ports = [20, 21, 22, 8080];
    let ported = [6, 17].into_iter().flat_map(|protocol| ports.map(|port| (protocol, port)));
    ported.chain([1, 58, 99].map(|protocol| (protocol, 0))).collect()
}

pub(crate) fn tag_sets() -> Vec<Tags> {
    let [a, b] = TAGS.map(str::to_owned);
    vec![BTreeSet::new(), BTreeSet::from([a.clone()]), BTreeSet::from([b.clone()]), BTreeSet::from([a, b])]
}

/// VMs' own addresses, one of each kind that a rule may ask for.
pub(crate) fn own_addresses() -> Vec<IpAddr> {
    ["9.9.9.9", "10.0.0.1", "10.9.9.9", "2001:db8::1"].map(|text| text.parse().unwrap()).to_vec()
}

/// Calls `look` with every packet; packets whose ends are of two families do not exist.
pub(crate) fn each_packet(
    direction: Direction,
    tags: &[Tags],
    peer_tags: &[Tags],
    mut look: impl FnMut(&Packet<'_>),
) {
    for own in own_addresses() {
        for peer in addresses().into_iter().filter(|peer| peer.is_ipv4() == own.is_ipv4()) {
            for (protocol, port) in services() {
                for tags in tags {
                    for peer_tags in peer_tags {
                        look(&Packet { direction, tags, own, peer, peer_tags, protocol, port });
                    }
                }
            }
        }
    }
}
