//! The whole declaration of one environment. A change proposes a new one of these; nothing else is ever proposed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    environment::EnvironmentSpec,
    firewall::{Direction, FirewallRuleSpec, Traffic},
    pool::PoolSpec,
    resource::InstanceTemplate,
    template::TemplateSpec,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FleetSpec {
    pub environment: EnvironmentSpec,
    /// In the order of the declaration: a violation names `agent_vm_templates[0].…` by it.
    pub agent_vm_templates: Vec<TemplateSpec>,
    pub agent_pools: Vec<PoolSpec>,
    /// By their resources' names: the versions that pools hold to although their template may say something else by now.
    /// They are here whole, so that the declaration alone says what runs; see [`crate::derive::complete_versions`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub template_versions: BTreeMap<String, InstanceTemplate>,
    /// Key to rule.
    pub firewall_rules: BTreeMap<String, FirewallRuleSpec>,
}

impl FleetSpec {
    pub fn new(environment: EnvironmentSpec) -> Self {
        Self {
            environment,
            agent_vm_templates: Vec::new(),
            agent_pools: Vec::new(),
            template_versions: BTreeMap::new(),
            firewall_rules: default_firewall_rules(),
        }
    }
}

/// What the module declares when `firewall_rules` is absent: agents and SSH from inside the private network.
pub fn default_firewall_rules() -> BTreeMap<String, FirewallRuleSpec> {
    let rule = |description: &str, ports: &[&str]| FirewallRuleSpec {
        source_ranges: vec!["10.0.0.0/8".to_owned()],
        target_tags: vec!["agent-vm".to_owned()],
        allow: vec![Traffic {
            protocol: "tcp".to_owned(),
            ports: ports.iter().map(|&p| p.to_owned()).collect(),
        }],
        ..FirewallRuleSpec::new(description, Direction::Ingress)
    };
    BTreeMap::from([
        (
            "allow-agent-http".to_owned(),
            rule("Agent HTTP and metrics from the private network", &["8080", "9090"]),
        ),
        ("allow-agent-ssh".to_owned(), rule("SSH from the private network", &["22"])),
    ])
}
