//! Whether a rule ever decides anything. Exact over ranges, ports and tags, for any VM that the network may get.
//!
//! More tags only let more rules match, so it is enough to look at the VMs and peers with the fewest: one target tag at a
//! time, and one source tag at a time.

use std::{collections::BTreeSet, net::IpAddr};

use super::{
    addresses::AddressSet,
    cells::Vantage,
    matching::{Firewall, Matcher, Tags},
};
use crate::resource::FirewallRule;

/// A packet that the rule decides, as proof that it does.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    pub tags: Tags,
    pub own: IpAddr,
    pub peer: IpAddr,
    pub peer_tags: Tags,
    pub protocol: u8,
    pub port: u16,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Effect<'a> {
    Decides(Witness),
    /// Rules before it decide all that it matches; these do, in effective order.
    Shadowed(Vec<&'a FirewallRule>),
    /// Its ranges or its traffic are empty: it matches no packet.
    MatchesNothing,
}

impl<'a> Firewall<'a> {
    /// For any VM.
    pub fn effect(&self, name: &str) -> Option<Effect<'a>> {
        let index = self.index(name)?;
        let targets = &self.0[index].rule.target_tags;
        let vms = if targets.is_empty() {
            vec![Tags::new()]
        } else {
            targets.iter().map(|tag| alone(tag)).collect()
        };
        Some(self.effect_over(index, &vms))
    }

    /// For VMs with exactly these tags; None where the rule is not for them.
    pub fn effect_for(&self, name: &str, tags: &Tags) -> Option<Effect<'a>> {
        let index = self.index(name)?;
        self.0[index].is_for(tags).then(|| self.effect_over(index, std::slice::from_ref(tags)))
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|matcher| matcher.rule.name == name)
    }

    fn effect_over(&self, index: usize, vms: &[Tags]) -> Effect<'a> {
        let matcher = &self.0[index];
        let mut by = BTreeSet::new();
        for tags in vms {
            for own in self.own_addresses(matcher.rule.direction) {
                if !matcher.takes_own(own) {
                    continue;
                }
                for (peer_tags, within) in peers(matcher) {
                    let vantage =
                        Vantage { direction: matcher.rule.direction, tags, own, peer_tags: &peer_tags };
                    if let Some(witness) = self.decided_by(index, vantage, &within, &mut by) {
                        return Effect::Decides(witness);
                    }
                }
            }
        }
        if by.is_empty() {
            return Effect::MatchesNothing;
        }
        Effect::Shadowed(by.into_iter().map(|index: usize| self.0[index].rule).collect())
    }

    /// A packet that falls to the rule, or else the rules that all of them fall to.
    fn decided_by(
        &self,
        index: usize,
        vantage: Vantage<'_>,
        within: &AddressSet,
        by: &mut BTreeSet<usize>,
    ) -> Option<Witness> {
        for cell in self.cells(vantage, within, &self.0[index].services, index + 1) {
            for (services, decider) in &cell.decisions {
                let Some(decider) = decider else { continue };
                if *decider != index {
                    by.insert(*decider);
                    continue;
                }
                let (protocol, port) = services.first()?;
                let own = vantage.own.unwrap_or_else(|| cell.family.address(0));
                return Some(Witness {
                    tags: vantage.tags.clone(),
                    own,
                    peer: cell.first(),
                    peer_tags: vantage.peer_tags.clone(),
                    protocol,
                    port,
                });
            }
        }
        None
    }
}

fn alone(tag: &str) -> Tags {
    [tag.to_owned()].into()
}

/// Who a rule is about: its ranges without any tag, and each of its source tags at any address.
fn peers(matcher: &Matcher<'_>) -> Vec<(Tags, AddressSet)> {
    let by_range = (!matcher.peers.is_empty()).then(|| (Tags::new(), matcher.peers.clone()));
    let tags = matcher.rule.source_tags.iter().filter(|_| matcher.takes_tags(&matcher.rule.source_tags));
    by_range.into_iter().chain(tags.map(|tag| (alone(tag), AddressSet::everything()))).collect()
}
