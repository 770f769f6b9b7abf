//! Environments and what they declare.

use domain::{Timestamp, view::environment::EnvironmentView};
use serde_json::{Map, Value};

use crate::{Condition, schema::wire};

wire! { answer
    /// An environment: what it declares beside what was last seen.
    Environment {
        name: String,
        project_id: String,
        region: String,
        /// Counts the declarations, from 1.
        generation: i64,
        /// The generation that the conditions speak of.
        observed_generation: i64,
        declared_at: Timestamp,
        /// When Compute Engine was last read; null: never.
        observed_at: Option<Timestamp>,
        conditions: Vec<Condition>,
        /// Number of declared pools.
        pools: u32,
        /// Number of declared templates.
        templates: u32,
        /// Number of declared firewall rules.
        firewall_rules: u32,
    }
}

wire! { answer
    /// All environments, by name.
    EnvironmentList {
        environments: Vec<Environment>,
    }
}

wire! { answer
    /// What an environment declares, whole. Its generation is its ETag.
    Declaration {
        environment: String,
        generation: i64,
        declared_at: Timestamp,
        /// `environment`, `agent_vm_templates`, `agent_pools` and `firewall_rules`, by the names of the Terraform module.
        spec: Map<String, Value>,
    }
}

impl Declaration {
    /// Its ETag.
    pub fn tag(&self) -> String {
        format!("\"{}\"", self.generation)
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl From<&EnvironmentView> for Environment {
    fn from(view: &EnvironmentView) -> Self {
        Self {
            name: view.name.clone(),
            project_id: view.spec.environment.project_id.clone(),
            region: view.spec.environment.region.clone(),
            generation: view.generation,
            observed_generation: view.observed_generation,
            declared_at: view.declared_at,
            observed_at: view.observed_at,
            conditions: view.conditions.iter().map(Condition::from).collect(),
            pools: count(view.spec.agent_pools.len()),
            templates: count(view.spec.agent_vm_templates.len()),
            firewall_rules: count(view.spec.firewall_rules.len()),
        }
    }
}

impl TryFrom<&EnvironmentView> for Declaration {
    type Error = serde_json::Error;

    fn try_from(view: &EnvironmentView) -> Result<Self, serde_json::Error> {
        Ok(Self {
            environment: view.name.clone(),
            generation: view.generation,
            declared_at: view.declared_at,
            spec: serde_json::from_value(serde_json::to_value(&view.spec)?)?,
        })
    }
}
