//! Firewall rules as declared.

use domain::{firewall, name, view::environment::EnvironmentView};

use crate::schema::wire;

wire! { answer
    /// One protocol and its ports; no port means all of them.
    Traffic {
        protocol: String,
        ports: Vec<String>,
    }
}

wire! { answer
    /// A firewall rule as the environment declares it now.
    FirewallRule {
        environment: String,
        /// Its key in the declaration.
        key: String,
        /// Compute Engine's name of it.
        name: String,
        description: String,
        /// `INGRESS` or `EGRESS`.
        direction: String,
        /// 0 decides first, 65535 last.
        priority: u32,
        source_ranges: Vec<String>,
        destination_ranges: Vec<String>,
        source_tags: Vec<String>,
        target_tags: Vec<String>,
        allow: Vec<Traffic>,
        deny: Vec<Traffic>,
    }
}

wire! { answer
    /// An environment's firewall rules in the order in which they decide.
    FirewallRuleList {
        firewall_rules: Vec<FirewallRule>,
    }
}

fn traffic(items: &[firewall::Traffic]) -> Vec<Traffic> {
    let item =
        |item: &firewall::Traffic| Traffic { protocol: item.protocol.clone(), ports: item.ports.clone() };
    items.iter().map(item).collect()
}

impl From<&EnvironmentView> for FirewallRuleList {
    fn from(view: &EnvironmentView) -> Self {
        let mut firewall_rules: Vec<FirewallRule> = view
            .spec
            .firewall_rules
            .iter()
            .map(|(key, rule)| FirewallRule {
                environment: view.name.clone(),
                key: key.clone(),
                name: name::firewall_rule(&view.spec.environment.name_prefix, key),
                description: rule.description.clone(),
                direction: rule.direction.as_str().to_owned(),
                priority: rule.priority,
                source_ranges: rule.source_ranges.clone(),
                destination_ranges: rule.destination_ranges.clone(),
                source_tags: rule.source_tags.clone(),
                target_tags: rule.target_tags.clone(),
                allow: traffic(&rule.allow),
                deny: traffic(&rule.deny),
            })
            .collect();
        // Of the same priority a denial decides.
        firewall_rules.sort_by_key(|rule| (rule.priority, rule.deny.is_empty(), rule.key.clone()));
        Self { firewall_rules }
    }
}
