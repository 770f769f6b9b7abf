//! The module's outputs.

use domain::outputs::Outputs;
use serde_json::{Map, Value};

use crate::schema::wire;

wire! { answer
    /// The Terraform module's outputs of an environment, each by its name.
    OutputList {
        environment: String,
        generation: i64,
        /// `agent_vm_templates`, `agent_pools`, `autoscalers`, `health_checks`, `instance_group_urls`, `network_tags`,
        /// `service_accounts`, `vm_management_summary`, `cost_optimization` and `agent_configuration`.
        outputs: Map<String, Value>,
    }
}

impl OutputList {
    pub fn of(environment: &str, generation: i64, outputs: &Outputs) -> Result<Self, serde_json::Error> {
        Ok(Self {
            environment: environment.to_owned(),
            generation,
            outputs: serde_json::from_value(serde_json::to_value(outputs)?)?,
        })
    }
}
