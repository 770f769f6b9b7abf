//! What a rule opens to everybody.

use super::{
    Direction,
    addresses::AddressSet,
    cells::Vantage,
    matching::{Firewall, Tags},
    services::{ServiceSet, TCP, UDP},
};

/// Ports by which a machine is taken over: SSH and the remote desktop.
const REMOTE_CONTROL: [(u8, u16); 3] = [(TCP, 22), (TCP, 3389), (UDP, 3389)];

/// More ports than this are no service but a door left open.
const MANY_PORTS: u32 = 1024;

impl Firewall<'_> {
    /// The services of a VM with these tags that anybody may reach because of this rule: those that the rule decides, where
    /// its sources are most of the internet. Empty for every other rule.
    pub fn opened_to_the_internet(&self, name: &str, tags: &Tags) -> ServiceSet {
        let nobody = Tags::new();
        let found = self.0.iter().enumerate().find(|(_, matcher)| matcher.rule.name == name);
        let Some((index, matcher)) = found.filter(|(_, matcher)| {
            matcher.rule.direction == Direction::Ingress
                && !matcher.denies
                && matcher.is_for(tags)
                && matcher.peers.holds_most_of_the_internet()
        }) else {
            return ServiceSet::default();
        };
        let mut opened = ServiceSet::default();
        for own in self.own_addresses(Direction::Ingress) {
            let vantage = Vantage { direction: Direction::Ingress, tags, own, peer_tags: &nobody };
            for cell in self.cells(vantage, &AddressSet::everything(), &matcher.services, index + 1) {
                let own = cell.decisions.iter().filter(|(_, by)| *by == Some(index));
                opened = own.fold(opened, |sum, (services, _)| sum.union(services));
            }
        }
        opened
    }
}

/// Whether who reaches these services may take the machine over.
pub fn is_remote_control(services: &ServiceSet) -> bool {
    services.ports() > MANY_PORTS
        || REMOTE_CONTROL.into_iter().any(|(protocol, port)| services.contains(protocol, port))
}
