//! Which rule decides a packet. Compute Engine looks at rules by priority, at those that deny first where priorities are
//! equal, and where none matches what arrives is denied and what leaves is allowed.

use std::{cmp::Ordering, collections::BTreeSet, net::IpAddr};

use super::{Direction, addresses::AddressSet, services::ServiceSet};
use crate::resource::FirewallRule;

pub type Tags = BTreeSet<String>;

/// A packet as the firewall of one VM sees it.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    pub direction: Direction,
    /// Of the VM itself.
    pub tags: &'a Tags,
    pub own: IpAddr,
    /// Who is at the other end. Only another VM of the network has tags.
    pub peer: IpAddr,
    pub peer_tags: &'a Tags,
    pub protocol: u8,
    /// 0 where the protocol has none.
    pub port: u16,
}

/// What happens to a packet, and by which rule; None is the implied one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict<'a> {
    pub allowed: bool,
    pub rule: Option<&'a FirewallRule>,
}

/// Whether the rule denies. One that declares both is a violation, and counts as denying.
pub fn denies(rule: &FirewallRule) -> bool {
    !rule.deny.is_empty()
}

/// The order in which rules decide; names settle what makes no difference.
pub fn effective_order(one: &FirewallRule, other: &FirewallRule) -> Ordering {
    let key = |rule: &FirewallRule| (rule.priority, !denies(rule));
    key(one).cmp(&key(other)).then_with(|| one.name.cmp(&other.name))
}

/// A rule with its texts read.
#[derive(Clone, Debug)]
pub(super) struct Matcher<'a> {
    pub(super) rule: &'a FirewallRule,
    pub(super) peers: AddressSet,
    /// None: any address of the VM.
    pub(super) own: Option<AddressSet>,
    pub(super) services: ServiceSet,
    pub(super) denies: bool,
}

impl<'a> Matcher<'a> {
    fn new(rule: &'a FirewallRule) -> Self {
        let (peers, own) = match rule.direction {
            Direction::Ingress => (&rule.source_ranges, &rule.destination_ranges),
            Direction::Egress => (&rule.destination_ranges, &rule.source_ranges),
        };
        let anywhere = peers.is_empty() && rule.source_tags.is_empty();
        let denies = denies(rule);
        Self {
            rule,
            // What Compute Engine takes where none is given.
            peers: if anywhere {
                AddressSet::of_nets(super::addresses::parse("0.0.0.0/0"))
            } else {
                AddressSet::of_texts(peers)
            },
            own: (!own.is_empty()).then(|| AddressSet::of_texts(own)),
            services: ServiceSet::of_traffic(if denies { &rule.deny } else { &rule.allow }),
            denies,
        }
    }

    pub(super) fn is_for(&self, tags: &Tags) -> bool {
        self.rule.target_tags.is_empty() || !self.rule.target_tags.is_disjoint(tags)
    }

    pub(super) fn takes_own(&self, own: Option<IpAddr>) -> bool {
        self.own.as_ref().is_none_or(|set| own.is_some_and(|own| set.contains(own)))
    }

    /// By tag alone, whatever the peer's address.
    pub(super) fn takes_tags(&self, peer_tags: &Tags) -> bool {
        self.rule.direction == Direction::Ingress && !self.rule.source_tags.is_disjoint(peer_tags)
    }

    fn matches(&self, packet: &Packet<'_>) -> bool {
        self.rule.direction == packet.direction
            && self.is_for(packet.tags)
            && self.takes_own(Some(packet.own))
            && (self.takes_tags(packet.peer_tags) || self.peers.contains(packet.peer))
            && self.services.contains(packet.protocol, packet.port)
    }
}

/// The rules of one network in effective order.
#[derive(Clone, Debug, Default)]
pub struct Firewall<'a>(pub(super) Vec<Matcher<'a>>);

impl<'a> Firewall<'a> {
    /// One that is disabled decides nothing.
    pub fn new(rules: impl IntoIterator<Item = &'a FirewallRule>) -> Self {
        let mut matchers: Vec<_> =
            rules.into_iter().filter(|rule| !rule.disabled).map(Matcher::new).collect();
        matchers.sort_by(|one, other| effective_order(one.rule, other.rule));
        Self(matchers)
    }

    /// In effective order.
    pub fn rules(&self) -> impl Iterator<Item = &'a FirewallRule> + use<'_, 'a> {
        self.0.iter().map(|matcher| matcher.rule)
    }

    /// Those that hold for a VM with these tags, in effective order.
    pub fn rules_for(&self, tags: &Tags) -> impl Iterator<Item = &'a FirewallRule> + use<'_, 'a> {
        let mine: Vec<_> = self.0.iter().filter(|matcher| matcher.is_for(tags)).map(|m| m.rule).collect();
        mine.into_iter()
    }

    pub fn decide(&self, packet: &Packet<'_>) -> Verdict<'a> {
        match self.0.iter().find(|matcher| matcher.matches(packet)) {
            Some(matcher) => Verdict { allowed: !matcher.denies, rule: Some(matcher.rule) },
            None => Verdict { allowed: implied(packet.direction), rule: None },
        }
    }
}

/// What happens where no rule decides.
pub(super) const fn implied(direction: Direction) -> bool {
    matches!(direction, Direction::Egress)
}
