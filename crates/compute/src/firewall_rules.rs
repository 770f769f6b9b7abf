//! VPC firewall rules, global.

use domain::{
    firewall::{Direction, Traffic},
    resource::{FirewallRule, ResourceKind},
};
use google_cloud_compute_v1::model::{
    Firewall as Wire, FirewallLogConfig,
    firewall::{Allowed, Denied, Direction as WireDirection},
};

use crate::{
    Compute, Error, OperationScope, Scope, Submitted,
    client::{Call, all},
    normal::normalize_network,
    number::{from_wire, to_wire},
    submit::{deleted, existing, started},
};

impl Compute {
    pub(crate) async fn list_firewall_rules(
        &self,
        scope: &Scope,
        filter: String,
    ) -> Result<Vec<FirewallRule>, Error> {
        let list = self.0.firewalls.list().set_project(&scope.project).set_filter(filter).repeatable();
        Ok(all!(list).into_iter().map(|wire| from_google(scope, wire)).collect())
    }

    pub(crate) async fn create_firewall_rule(
        &self,
        scope: &Scope,
        wanted: &FirewallRule,
        request_id: String,
    ) -> Result<Submitted, Error> {
        let insert = self.0.firewalls.insert().set_project(&scope.project).set_request_id(request_id);
        match started(
            OperationScope::Global,
            insert.set_body(to_google(scope, wanted)).repeatable().send().await,
        ) {
            Err(Error::AlreadyExists { .. }) => {
                let get = self.0.firewalls.get().set_project(&scope.project).set_firewall(&wanted.name);
                let found =
                    get.repeatable().send().await.map(|wire| from_google(scope, wire)).map_err(Error::from);
                let mut wanted = wanted.clone();
                wanted.network = normalize_network(&scope.project, &wanted.network);
                existing(ResourceKind::FirewallRule, &wanted.name, &wanted, found)
            }
            other => other,
        }
    }

    /// By PUT: a PATCH from this client cannot empty a list (trap 6), so a removed tag would stay.
    pub(crate) async fn update_firewall_rule(
        &self,
        scope: &Scope,
        wanted: &FirewallRule,
        request_id: String,
    ) -> Result<Submitted, Error> {
        let update = self
            .0
            .firewalls
            .update()
            .set_project(&scope.project)
            .set_firewall(&wanted.name)
            .set_request_id(request_id)
            .set_body(to_google(scope, wanted));
        started(OperationScope::Global, update.repeatable().send().await)
    }

    pub(crate) async fn delete_firewall_rule(
        &self,
        scope: &Scope,
        name: &str,
        request_id: String,
    ) -> Result<Submitted, Error> {
        let delete = self
            .0
            .firewalls
            .delete()
            .set_project(&scope.project)
            .set_firewall(name)
            .set_request_id(request_id);
        deleted(OperationScope::Global, delete.repeatable().send().await)
    }
}

fn to_google(scope: &Scope, rule: &FirewallRule) -> Wire {
    Wire::new()
        .set_name(&rule.name)
        .set_description(&rule.description)
        .set_network(normalize_network(&scope.project, &rule.network))
        .set_direction(WireDirection::from(rule.direction.as_str()))
        .set_priority(to_wire(rule.priority))
        .set_source_ranges(&rule.source_ranges)
        .set_destination_ranges(&rule.destination_ranges)
        .set_source_tags(&rule.source_tags)
        .set_target_tags(&rule.target_tags)
        .set_allowed(
            rule.allow
                .iter()
                .map(|traffic| Allowed::new().set_ip_protocol(&traffic.protocol).set_ports(&traffic.ports)),
        )
        .set_denied(
            rule.deny
                .iter()
                .map(|traffic| Denied::new().set_ip_protocol(&traffic.protocol).set_ports(&traffic.ports)),
        )
        .set_log_config(FirewallLogConfig::new().set_enable(rule.logging))
        .set_disabled(rule.disabled)
}

fn from_google(scope: &Scope, wire: Wire) -> FirewallRule {
    let traffic = |protocol: Option<String>, ports| Traffic { protocol: protocol.unwrap_or_default(), ports };
    FirewallRule {
        name: wire.name.unwrap_or_default(),
        description: wire.description.unwrap_or_default(),
        network: normalize_network(&scope.project, &wire.network.unwrap_or_default()),
        direction: match wire.direction {
            Some(WireDirection::Egress) => Direction::Egress,
            _ => Direction::Ingress,
        },
        // The service's default.
        priority: from_wire(wire.priority.unwrap_or(1000)),
        source_ranges: wire.source_ranges.into_iter().collect(),
        destination_ranges: wire.destination_ranges.into_iter().collect(),
        source_tags: wire.source_tags.into_iter().collect(),
        target_tags: wire.target_tags.into_iter().collect(),
        allow: wire.allowed.into_iter().map(|allowed| traffic(allowed.ip_protocol, allowed.ports)).collect(),
        deny: wire.denied.into_iter().map(|denied| traffic(denied.ip_protocol, denied.ports)).collect(),
        logging: wire.log_config.and_then(|log| log.enable).unwrap_or_default(),
        disabled: wire.disabled.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::{collection, prelude::*};

    use super::*;

    fn texts(pattern: &'static str) -> impl Strategy<Value = BTreeSet<String>> {
        collection::btree_set(pattern, 0..3)
    }

    fn traffic() -> impl Strategy<Value = Vec<Traffic>> {
        let one = ("tcp|udp|icmp|all", collection::vec("[0-9]{1,5}", 0..3));
        collection::vec(one.prop_map(|(protocol, ports)| Traffic { protocol, ports }), 0..3)
    }

    proptest! {
        #[test]
        fn what_is_sent_reads_back(
            description in ".{0,30}",
            egress: bool,
            priority in 0..=65535_u32,
            ranges in (texts("10\\.[0-9]\\.0\\.0/16"), texts("10\\.[0-9]\\.0\\.0/16")),
            tags in (texts("[a-z]{1,9}"), texts("[a-z]{1,9}")),
            allow in traffic(),
            deny in traffic(),
            logging: bool,
            disabled: bool,
        ) {
            let rule = FirewallRule {
                name: "genesis-agent-ssh".to_owned(),
                description,
                network: "projects/p/global/networks/n".to_owned(),
                direction: if egress { Direction::Egress } else { Direction::Ingress },
                priority,
                source_ranges: ranges.0,
                destination_ranges: ranges.1,
                source_tags: tags.0,
                target_tags: tags.1,
                allow,
                deny,
                logging,
                disabled,
            };
            let scope = Scope::new("p", "r");
            prop_assert_eq!(from_google(&scope, to_google(&scope, &rule)), rule);
        }
    }
}
