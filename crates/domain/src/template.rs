//! A template as declared: `agent_vm_templates`. What is not set here falls to the environment's default.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AgentType, agent_type::NetworkStance};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateSpec {
    pub name: String,
    pub agent_type: AgentType,
    pub machine_type: Option<String>,
    pub source_image: Option<String>,
    pub disk_size_gb: Option<u32>,
    pub disk_type: String,
    pub enable_workspace_disk: bool,
    pub workspace_size_gb: u32,
    pub enable_external_ip: Option<bool>,
    pub service_account_email: Option<String>,
    pub scopes: Option<Vec<String>>,
    pub metadata: BTreeMap<String, String>,
    pub additional_tags: Vec<String>,
    pub labels: BTreeMap<String, String>,
    pub preemptible: Option<bool>,
    /// None is the opposite of `preemptible`.
    pub automatic_restart: Option<bool>,
    pub enable_confidential_compute: bool,
    /// A JSON text. VMs have it as the metadata key `agent-config`; what runs there reads it, agent-cage does not.
    pub custom_config: Option<String>,
}

impl TemplateSpec {
    pub fn new(name: &str, agent_type: AgentType) -> Self {
        Self {
            name: name.to_owned(),
            agent_type,
            machine_type: None,
            source_image: None,
            disk_size_gb: None,
            disk_type: "pd-ssd".to_owned(),
            enable_workspace_disk: true,
            workspace_size_gb: 50,
            enable_external_ip: None,
            service_account_email: None,
            scopes: None,
            metadata: BTreeMap::new(),
            additional_tags: Vec::new(),
            labels: BTreeMap::new(),
            preemptible: None,
            automatic_restart: None,
            enable_confidential_compute: false,
            custom_config: None,
        }
    }

    /// What suits agents of the type: a machine and a workspace of their size, and an external address only where they
    /// work with the outside.
    pub fn of_type(name: &str, agent_type: AgentType) -> Self {
        let usual = agent_type.defaults();
        Self {
            machine_type: Some(usual.machine_type()),
            workspace_size_gb: usual.workspace_size_gb,
            enable_external_ip: Some(usual.network == NetworkStance::External),
            ..Self::new(name, agent_type)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FleetSpec, ObservedFleet, environment::EnvironmentSpec, plan, pool::PoolSpec, rules};

    #[test]
    fn what_suits_a_type_breaks_no_rule_and_needs_no_advice_on_its_machine() {
        for kind in AgentType::ALL {
            let mut spec =
                FleetSpec::new(EnvironmentSpec::new("acme-agents", "europe-west1", "dev", "v", "s"));
            spec.agent_vm_templates.push(TemplateSpec::of_type("web", kind));
            spec.agent_pools.push(PoolSpec::new("web", kind, "web"));
            assert_eq!(rules::check(&spec, &ObservedFleet::default()), [], "{kind}");
            let plan = plan::plan(&spec, &ObservedFleet::default(), crate::Timestamp::default());
            let advice: Vec<_> = plan
                .notes
                .iter()
                .filter(|note| {
                    note.attribute.ends_with("machine_type") || note.attribute.ends_with("workspace_size_gb")
                })
                .collect();
            assert!(advice.is_empty(), "{kind}: {advice:?}");
        }
    }
}
