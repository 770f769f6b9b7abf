//! Sets of services: protocols with their ports. A service is one number, its protocol's and then its port's bits;
//! a packet of a protocol without ports counts as port 0.

use std::collections::BTreeSet;

use super::{
    Traffic,
    intervals::{Interval, Intervals},
};
use crate::rules::port_range;

pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
const SCTP: u8 = 132;

/// The words that Compute Engine takes besides numbers.
const WORDS: [(&str, u8); 7] =
    [("icmp", 1), ("tcp", TCP), ("udp", UDP), ("esp", 50), ("ah", 51), ("ipip", 94), ("sctp", SCTP)];

const LAST: u128 = at(u8::MAX, u16::MAX);

/// More protocols than this are said by what is missing.
const FEW: usize = 128;

pub(super) const fn at(protocol: u8, port: u16) -> u128 {
    ((protocol as u128) << 16) | port as u128
}

pub const fn has_ports(protocol: u8) -> bool {
    matches!(protocol, TCP | UDP | SCTP)
}

/// `tcp`, `6` and `TCP` are one protocol.
pub fn protocol_number(text: &str) -> Option<u8> {
    let text = text.to_lowercase();
    WORDS
        .iter()
        .find_map(|(word, number)| (*word == text).then_some(*number))
        .or_else(|| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten())
}

pub fn protocol_word(protocol: u8) -> String {
    let word = WORDS.iter().find(|(_, number)| *number == protocol);
    word.map_or_else(|| format!("protocol {protocol}"), |(word, _)| (*word).to_owned())
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceSet(Intervals);

impl ServiceSet {
    pub fn everything() -> Self {
        Self(Intervals::one(0, LAST))
    }

    /// Protocols and ports that make no sense are left out: the rules of [`crate::rules`] name them.
    pub fn of_traffic(traffic: &[Traffic]) -> Self {
        let mut parts: Vec<Interval> = Vec::new();
        for one in traffic {
            if one.protocol.eq_ignore_ascii_case("all") {
                return Self::everything();
            }
            let Some(protocol) = protocol_number(&one.protocol) else { continue };
            if one.ports.is_empty() {
                parts.push((at(protocol, 0), at(protocol, u16::MAX)));
            } else if !has_ports(protocol) {
                continue;
            }
            let ranges = one.ports.iter().filter_map(|text| port_range(text));
            parts.extend(ranges.map(|(first, last)| (at(protocol, first), at(protocol, last))));
        }
        Self(Intervals::of(parts))
    }

    pub fn one(protocol: u8, port: u16) -> Self {
        Self(Intervals::one(at(protocol, port), at(protocol, port)))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contains(&self, protocol: u8, port: u16) -> bool {
        self.0.contains(at(protocol, port))
    }

    /// Some service of the set, as its protocol and port.
    pub(super) fn first(&self) -> Option<(u8, u16)> {
        let (first, _) = self.0.parts().first()?;
        Some(((first >> 16) as u8, (first & 0xffff) as u16))
    }

    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0))
    }

    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0))
    }

    pub fn difference(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0))
    }

    /// Where any of the sets begins or ends.
    pub(super) fn edges<'a>(sets: impl IntoIterator<Item = &'a Self>) -> BTreeSet<u128> {
        sets.into_iter().flat_map(|set| set.0.parts()).flat_map(|(first, last)| [*first, last + 1]).collect()
    }

    /// In pieces that no edge lies inside of.
    pub(super) fn cut_at(&self, edges: &BTreeSet<u128>) -> Vec<Self> {
        let mut pieces = Vec::new();
        for (first, last) in self.0.parts() {
            let inside = edges.range(first + 1..last + 1);
            let starts: Vec<u128> = [first].into_iter().chain(inside).copied().collect();
            for (at, start) in starts.iter().enumerate() {
                let end = starts.get(at + 1).map_or(*last, |next| next - 1);
                pieces.push(Self(Intervals::one(*start, end)));
            }
        }
        pieces
    }

    /// How many ports of TCP, UDP and SCTP it holds.
    pub fn ports(&self) -> u32 {
        let ported = self.by_protocol().into_iter().filter(|(protocol, ..)| has_ports(*protocol));
        ported.fold(0, |sum, (_, first, last)| sum + u32::from(last) - u32::from(first) + 1)
    }

    /// Protocol, first and last port, in order.
    fn by_protocol(&self) -> Vec<(u8, u16, u16)> {
        let mut parts = Vec::new();
        for (first, last) in self.0.parts() {
            for protocol in (first >> 16)..=(last >> 16) {
                let (from, to) = ((*first).max(protocol << 16), (*last).min((protocol << 16) | 0xffff));
                parts.push((protocol as u8, (from & 0xffff) as u16, (to & 0xffff) as u16));
            }
        }
        parts
    }

    /// `all`, `tcp 22`, `tcp 8000-8999`, `icmp`, `all but tcp 22`: what [`Self::of_text`] takes, a text each.
    pub fn texts(&self) -> Vec<String> {
        let everything = Self::everything();
        if *self == everything {
            return vec!["all".to_owned()];
        }
        let protocols: BTreeSet<u8> = self.by_protocol().into_iter().map(|(protocol, ..)| protocol).collect();
        if protocols.len() > FEW {
            return vec![format!("all but {}", everything.difference(self).listed().join(", "))];
        }
        self.listed()
    }

    fn listed(&self) -> Vec<String> {
        let said = |(protocol, first, last)| {
            let word = protocol_word(protocol);
            match (first, last) {
                (0, u16::MAX) => word,
                (first, last) if first == last => format!("{word} {first}"),
                (first, last) => format!("{word} {first}-{last}"),
            }
        };
        self.by_protocol().into_iter().map(said).collect()
    }

    /// Reads what [`Self::texts`] writes, one text of it.
    pub fn of_text(text: &str) -> Option<Self> {
        if text == "all" {
            return Some(Self::everything());
        }
        if let Some(missing) = text.strip_prefix("all but ") {
            let missing = missing.split(", ").map(Self::of_text).collect::<Option<Vec<_>>>()?;
            let missing = missing.iter().fold(Self::default(), |sum, set| sum.union(set));
            return Some(Self::everything().difference(&missing));
        }
        let text = text.strip_prefix("protocol ").unwrap_or(text);
        let (protocol, ports) = text.split_once(' ').map_or((text, None), |(word, rest)| (word, Some(rest)));
        let protocol = protocol_number(protocol)?;
        let (first, last) = ports.map_or(Some((0, u16::MAX)), port_range)?;
        Some(Self(Intervals::one(at(protocol, first), at(protocol, last))))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn traffic(protocol: &str, ports: &[&str]) -> Traffic {
        Traffic { protocol: protocol.to_owned(), ports: ports.iter().map(|&port| port.to_owned()).collect() }
    }

    proptest! {
        #[test]
        fn what_is_said_is_read_back(
            parts in prop::collection::vec((any::<u8>(), any::<u16>(), any::<u16>()), 0..6), inverse: bool,
        ) {
            let parts = parts.into_iter().map(|(protocol, a, b)| {
                let (first, last) = if has_ports(protocol) { (a.min(b), a.max(b)) } else { (0, u16::MAX) };
                (at(protocol, first), at(protocol, last))
            });
            let set = ServiceSet(Intervals::of(parts.collect()));
            let set = if inverse { ServiceSet::everything().difference(&set) } else { set };
            let read = set.texts().iter().map(|text| ServiceSet::of_text(text).unwrap()).collect::<Vec<_>>();
            prop_assert_eq!(read.iter().fold(ServiceSet::default(), |sum, one| sum.union(one)), set);
        }
    }

    #[test]
    fn declared_traffic_is_said_shortly() {
        let said = |list: &[Traffic]| ServiceSet::of_traffic(list).texts();
        assert_eq!(
            said(&[traffic("TCP", &["8081", "8080", "22"]), traffic("icmp", &[])]),
            ["icmp", "tcp 22", "tcp 8080-8081"]
        );
        assert_eq!(said(&[traffic("6", &[]), traffic("58", &[])]), ["tcp", "protocol 58"]);
        assert_eq!(said(&[traffic("tcp", &["1"]), traffic("all", &[])]), ["all"]);
        assert!(said(&[traffic("tpc", &[]), traffic("tcp", &["http"])]).is_empty());
        let but = ServiceSet::everything().difference(&ServiceSet::one(TCP, 22));
        assert_eq!(but.texts(), ["all but tcp 22"]);
    }

    #[test]
    fn ports_are_counted_where_there_are_any() {
        assert_eq!(ServiceSet::of_traffic(&[traffic("tcp", &["1-10"]), traffic("icmp", &[])]).ports(), 10);
        assert_eq!(ServiceSet::everything().ports(), 3 * 65_536);
    }
}
