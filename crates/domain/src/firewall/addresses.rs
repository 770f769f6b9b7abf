//! Sets of addresses, IPv4 and IPv6 apart: a range of one family never holds an address of the other.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Net, Ipv6Subnets};

use super::intervals::{Interval, Intervals};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    pub(super) const ALL: [Self; 2] = [Self::V4, Self::V6];

    pub(super) const fn last(self) -> u128 {
        match self {
            Self::V4 => u32::MAX as u128,
            Self::V6 => u128::MAX,
        }
    }

    pub(super) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    pub(super) fn address(self, number: u128) -> IpAddr {
        match self {
            Self::V4 => Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)).into(),
            Self::V6 => Ipv6Addr::from(number).into(),
        }
    }
}

pub(super) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// 2000::/3: <https://www.iana.org/assignments/ipv6-address-space>
const GIVEN_OUT: Interval = (0x2000 << 112, (0x4000 << 112) - 1);

const ALL_V4_BUT: &str = "all IPv4 but ";
const ALL_V6_BUT: &str = "all IPv6 but ";

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressSet {
    v4: Intervals,
    v6: Intervals,
}

impl AddressSet {
    pub fn everything() -> Self {
        let all = |family: Family| Intervals::one(0, family.last());
        Self { v4: all(Family::V4), v6: all(Family::V6) }
    }

    /// What is no range is left out: the rules of [`crate::rules`] name it.
    pub fn of_texts<'a>(texts: impl IntoIterator<Item = &'a String>) -> Self {
        Self::of_nets(texts.into_iter().filter_map(|text| parse(text)))
    }

    pub fn of_nets(nets: impl IntoIterator<Item = IpNet>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for net in nets {
            let interval = (number(net.network()), number(net.broadcast()));
            match net {
                IpNet::V4(_) => v4.push(interval),
                IpNet::V6(_) => v6.push(interval),
            }
        }
        Self { v4: Intervals::of(v4), v6: Intervals::of(v6) }
    }

    pub(super) fn of_intervals(family: Family, parts: Vec<Interval>) -> Self {
        let intervals = Intervals::of(parts);
        match family {
            Family::V4 => Self { v4: intervals, v6: Intervals::default() },
            Family::V6 => Self { v4: Intervals::default(), v6: intervals },
        }
    }

    pub(super) fn family(&self, family: Family) -> &Intervals {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        self.family(Family::of(address)).contains(number(address))
    }

    pub fn union(&self, other: &Self) -> Self {
        Self { v4: self.v4.union(&other.v4), v6: self.v6.union(&other.v6) }
    }

    pub fn intersection(&self, other: &Self) -> Self {
        Self { v4: self.v4.intersection(&other.v4), v6: self.v6.intersection(&other.v6) }
    }

    pub fn difference(&self, other: &Self) -> Self {
        Self { v4: self.v4.difference(&other.v4), v6: self.v6.difference(&other.v6) }
    }

    /// All of IPv4 or all of IPv6, by one range or by several.
    pub fn holds_the_internet(&self) -> bool {
        Family::ALL.into_iter().any(|family| self.family(family).parts() == [(0, family.last())])
    }

    /// At least half of the addresses of IPv4, or of those that IPv6 has given out.
    pub fn holds_most_of_the_internet(&self) -> bool {
        let held = |family: Family, all: Interval| {
            let public = self.family(family).intersection(&Intervals::one(all.0, all.1));
            let count =
                public.parts().iter().fold(0_u128, |sum, (first, last)| sum.saturating_add(last - first + 1));
            count > (all.1 - all.0) / 2
        };
        held(Family::V4, (0, Family::V4.last())) || held(Family::V6, GIVEN_OUT)
    }

    /// As people read it, and [`Self::of_words`] reads it back: ranges, or what is missing where that is shorter.
    pub fn words(&self) -> Vec<String> {
        let everything = Self::everything();
        let of_family = |(family, word): (Family, &str)| {
            let mine = |set: &Self| Self::of_intervals(family, set.family(family).parts().to_vec()).texts();
            let (held, missing) = (mine(self), mine(&everything.difference(self)));
            if held.len() > missing.len() + 1 { vec![format!("{word}{}", missing.join(", "))] } else { held }
        };
        [(Family::V4, ALL_V4_BUT), (Family::V6, ALL_V6_BUT)].into_iter().flat_map(of_family).collect()
    }

    pub fn of_words<'a>(words: impl IntoIterator<Item = &'a String>) -> Self {
        let everything = Self::everything();
        let read = |word: &'a String| {
            for (family, prefix) in [(Family::V4, ALL_V4_BUT), (Family::V6, ALL_V6_BUT)] {
                if let Some(missing) = word.strip_prefix(prefix) {
                    let missing = Self::of_nets(missing.split(", ").filter_map(parse));
                    let held = everything.difference(&missing);
                    return Self::of_intervals(family, held.family(family).parts().to_vec());
                }
            }
            Self::of_nets(parse(word))
        };
        words.into_iter().map(read).fold(Self::default(), |sum, set| sum.union(&set))
    }

    /// The fewest ranges that are this set.
    pub fn nets(&self) -> Vec<IpNet> {
        let v4 = self.v4.parts().iter().flat_map(|(first, last)| {
            let end = |number: u128| Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX));
            Ipv4Subnets::new(end(*first), end(*last), 0).map(|net: Ipv4Net| IpNet::V4(net))
        });
        let v6 = self.v6.parts().iter().flat_map(|(first, last)| {
            Ipv6Subnets::new(Ipv6Addr::from(*first), Ipv6Addr::from(*last), 0)
                .map(|net: Ipv6Net| IpNet::V6(net))
        });
        v4.chain(v6).collect()
    }

    /// `10.0.0.0/8`, one text a range.
    pub fn texts(&self) -> Vec<String> {
        self.nets().iter().map(IpNet::to_string).collect()
    }
}

/// A range, or an address as the range of itself. Bits behind the prefix do not count.
pub fn parse(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().map(|net| net.trunc()).or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn set(texts: &[&str]) -> AddressSet {
        AddressSet::of_texts(&texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn ranges_and_sets_are_the_same(
            nets in prop::collection::vec((any::<u32>(), 0..=32_u8, any::<u128>(), 0..=128_u8), 0..5),
        ) {
            let nets = nets.into_iter().flat_map(|(v4, short, v6, long)| [
                IpNet::new(Ipv4Addr::from(v4).into(), short).unwrap(),
                IpNet::new(Ipv6Addr::from(v6).into(), long).unwrap(),
            ]);
            let set = AddressSet::of_nets(nets);
            prop_assert_eq!(AddressSet::of_nets(set.nets()), set.clone());
            prop_assert_eq!(AddressSet::of_texts(&set.texts()), set.clone());
            prop_assert_eq!(AddressSet::of_words(&set.words()), set.clone());
            let rest = AddressSet::everything().difference(&set);
            prop_assert_eq!(AddressSet::of_words(&rest.words()), rest);
        }
    }

    #[test]
    fn the_internet_is_known_in_every_spelling() {
        for whole in [&["0.0.0.0/0"][..], &["::/0"], &["0.0.0.0/1", "128.0.0.0/1"], &["10.1.2.3/0"]] {
            assert!(set(whole).holds_the_internet(), "{whole:?}");
        }
        assert!(!set(&["0.0.0.0/1", "128.0.0.0/2"]).holds_the_internet());
        assert!(!set(&[]).holds_the_internet());
        for most in [&["0.0.0.0/1"][..], &["2000::/4"], &["::/0"], &["64.0.0.0/2", "128.0.0.0/2"]] {
            assert!(set(most).holds_most_of_the_internet(), "{most:?}");
        }
        for less in [&["0.0.0.0/2"][..], &["2000::/5"], &["8000::/1"], &[]] {
            assert!(!set(less).holds_most_of_the_internet(), "{less:?}");
        }
    }

    #[test]
    fn nearly_everything_is_said_by_what_is_missing() {
        let all_but = AddressSet::everything().difference(&set(&["10.0.0.0/8"]));
        assert_eq!(all_but.words(), ["all IPv4 but 10.0.0.0/8", "::/0"]);
        assert_eq!(set(&["10.0.0.0/8"]).words(), ["10.0.0.0/8"]);
    }

    #[test]
    fn families_do_not_mix() {
        assert!(!set(&["::/0"]).contains("10.0.0.1".parse().unwrap()));
        assert!(set(&["::/0"]).contains("2001:db8::1".parse().unwrap()));
        assert_eq!(set(&["0.0.0.0/0"]).difference(&set(&["::/0"])), set(&["0.0.0.0/0"]));
    }

    #[test]
    fn one_address_is_a_range_and_other_words_are_none() {
        assert_eq!(set(&["10.0.0.1", "x", ""]).texts(), ["10.0.0.1/32"]);
    }
}
