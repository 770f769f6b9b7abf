//! Whether Google's health probes reach an agent. Where they do not, every VM looks ill and its group makes it anew,
//! again and again.

use super::{
    Direction,
    addresses::AddressSet,
    cells::Vantage,
    matching::{Firewall, Tags},
    services::{ServiceSet, TCP},
};
use crate::resource::FirewallRule;

/// <https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges>
pub const PROBERS: [&str; 2] = ["130.211.0.0/22", "35.191.0.0/16"];

/// Probes that time out.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockedProbes<'a> {
    /// Of the probers' addresses.
    pub from: AddressSet,
    /// None: no rule lets them in.
    pub by: Option<&'a FirewallRule>,
}

impl<'a> Firewall<'a> {
    /// Of a VM with these tags, on its health check's port: one entry for each rule that stops probes.
    pub fn blocked_probes(&self, tags: &Tags, port: u16) -> Vec<BlockedProbes<'a>> {
        let probers = AddressSet::of_nets(PROBERS.iter().filter_map(|range| super::addresses::parse(range)));
        let (nobody, service) = (Tags::new(), ServiceSet::one(TCP, port));
        let mut blocked: Vec<(Option<usize>, AddressSet)> = Vec::new();
        for own in self.own_addresses(Direction::Ingress) {
            let vantage = Vantage { direction: Direction::Ingress, tags, own, peer_tags: &nobody };
            for cell in self.cells(vantage, &probers, &service, self.0.len()) {
                for (_, by) in cell.decisions.iter().filter(|(_, by)| !self.allows(vantage, *by)) {
                    match blocked.iter_mut().find(|(known, _)| known == by) {
                        Some((_, from)) => *from = from.union(&cell.addresses()),
                        None => blocked.push((*by, cell.addresses())),
                    }
                }
            }
        }
        blocked
            .into_iter()
            .map(|(by, from)| BlockedProbes { from, by: by.map(|index| self.0[index].rule) })
            .collect()
    }
}
