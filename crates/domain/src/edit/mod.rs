//! Edits: one thing said about a declaration, and the declaration that follows from it.
//! A change holds the whole result; the edit is only how a person, a form or a command says it.

mod difference;
mod firewall;
mod noun;
mod pool;
mod spoken;
mod template;

use serde::{Deserialize, Serialize};

pub use self::{
    difference::{differences, differing_fields, noun_and_field},
    spoken::Spoken,
};
use crate::{
    Amount, FleetSpec,
    environment::EnvironmentSpec,
    firewall::FirewallRuleSpec,
    plan::instances::InstanceAction,
    pool::{CanarySpec, PoolSpec},
    template::TemplateSpec,
};

/// What somebody wants to be otherwise. Values are whole: an update carries every attribute of its noun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    CreateTemplate {
        template: TemplateSpec,
    },
    /// The name stays: pools refer to it. Those that hold to a version stay on it.
    UpdateTemplate {
        name: String,
        template: TemplateSpec,
    },
    /// Refused while a pool uses it.
    RetireTemplate {
        name: String,
    },
    CreatePool {
        pool: PoolSpec,
    },
    UpdatePool {
        name: String,
        pool: PoolSpec,
    },
    /// Of a pool that is not autoscaled.
    ScalePool {
        name: String,
        target_size: u32,
    },
    /// All of the pool's VMs, by its update policy. It ends a canary.
    SetPoolTemplate {
        name: String,
        template_name: String,
        /// None: what the template is declared as, now and later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        template_version: Option<String>,
    },
    /// Changes the template, while every pool that uses it holds to the version that it runs, and every canary to the one
    /// that it tries.
    StageTemplate {
        name: String,
        template: TemplateSpec,
    },
    /// Changes the template, and every pool that holds to a version of it lets go, so that it rolls with the others. A pool that tries a
    /// canary keeps what it holds.
    RollTemplate {
        name: String,
        template: TemplateSpec,
    },
    /// A part of the pool tries another version.
    StartCanary {
        name: String,
        canary: CanarySpec,
    },
    /// What the canary tried becomes the whole pool's version.
    PromoteCanary {
        name: String,
    },
    /// The canary's VMs go back to the pool's own version.
    RollBackCanary {
        name: String,
    },
    /// The declaration stays, but for the size where VMs are deleted.
    ActOnInstances(InstanceAction),
    DeletePool {
        name: String,
    },
    CreateFirewallRule {
        key: String,
        firewall_rule: FirewallRuleSpec,
    },
    UpdateFirewallRule {
        key: String,
        firewall_rule: FirewallRuleSpec,
    },
    DeleteFirewallRule {
        key: String,
    },
    /// The defaults of everything in it. Where it lives cannot be edited.
    UpdateEnvironment {
        environment: Box<EnvironmentSpec>,
    },
}

/// Why an edit leads to no declaration. What the result breaks is the rules' business.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum EditError {
    /// It acts on what the declaration does not hold.
    #[error("{noun} {name} is not declared")]
    Missing { noun: String, name: String },
    #[error("{field}: {message}")]
    Invalid { field: String, message: String },
}

impl EditError {
    fn missing(noun: &str, name: &str) -> Self {
        Self::Missing { noun: noun.to_owned(), name: name.to_owned() }
    }

    fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.to_owned(), message: message.into() }
    }
}

impl Edit {
    /// The declaration that follows; `spec` is today's.
    pub fn apply(&self, spec: &FleetSpec) -> Result<FleetSpec, EditError> {
        let mut next = spec.clone();
        match self {
            Self::CreateTemplate { template } => template::create(&mut next, template)?,
            Self::UpdateTemplate { name, template } => template::update(&mut next, name, template)?,
            Self::RetireTemplate { name } => template::retire(&mut next, name)?,
            Self::CreatePool { pool } => pool::create(&mut next, pool)?,
            Self::UpdatePool { name, pool } => pool::update(&mut next, name, pool)?,
            Self::ScalePool { name, target_size } => pool::scale(&mut next, name, *target_size)?,
            Self::SetPoolTemplate { name, template_name, template_version } => {
                pool::set_template(&mut next, name, template_name, template_version.as_deref())?;
            }
            Self::StageTemplate { name, template } => {
                pool::hold_all(&mut next, name);
                template::update(&mut next, name, template)?;
            }
            Self::RollTemplate { name, template } => {
                template::update(&mut next, name, template)?;
                template::let_go(&mut next, name);
            }
            Self::StartCanary { name, canary } => pool::start_canary(&mut next, name, canary)?,
            Self::PromoteCanary { name } => pool::promote_canary(&mut next, name)?,
            Self::RollBackCanary { name } => pool::roll_back_canary(&mut next, name)?,
            Self::ActOnInstances(action) => pool::act_on_instances(&mut next, action)?,
            Self::DeletePool { name } => pool::delete(&mut next, name)?,
            Self::CreateFirewallRule { key, firewall_rule } => {
                firewall::create(&mut next, key, firewall_rule)?
            }
            Self::UpdateFirewallRule { key, firewall_rule } => {
                firewall::update(&mut next, key, firewall_rule)?
            }
            Self::DeleteFirewallRule { key } => firewall::delete(&mut next, key)?,
            Self::UpdateEnvironment { environment } => {
                if environment.environment != spec.environment.environment {
                    return Err(EditError::invalid("environment", "an environment keeps its name"));
                }
                next.environment = (**environment).clone();
            }
        }
        Ok(next)
    }

    /// What it does to VMs by name, beside the declaration.
    pub const fn instance_action(&self) -> Option<&InstanceAction> {
        match self {
            Self::ActOnInstances(action) => Some(action),
            _ => None,
        }
    }

    /// What a change that proposes it is called.
    pub fn title(&self, spec: &FleetSpec) -> String {
        let environment = &spec.environment.environment;
        let said = match self {
            Self::CreateTemplate { template } => format!("create template {}", template.name),
            Self::UpdateTemplate { name, .. } | Self::RollTemplate { name, .. } => {
                format!("edit template {name}")
            }
            Self::RetireTemplate { name } => format!("retire template {name}"),
            Self::CreatePool { pool } => format!("create pool {}", pool.name),
            Self::UpdatePool { name, .. } => format!("edit pool {name}"),
            Self::ScalePool { name, target_size } => match pool::size(spec, name) {
                Some(from) => format!("scale {name} from {from} to {target_size}"),
                None => format!("scale {name} to {target_size}"),
            },
            Self::SetPoolTemplate { name, template_name, template_version: None } => {
                format!("run {template_name} in pool {name}")
            }
            Self::SetPoolTemplate { name, template_name, template_version: Some(version) } => {
                format!("run version {version} of {template_name} in pool {name}")
            }
            Self::StageTemplate { name, .. } => format!("edit template {name}, pools hold their versions"),
            Self::StartCanary { name, canary } => {
                let vms = match canary.target_size {
                    Amount::Fixed(1) => "1 VM".to_owned(),
                    Amount::Fixed(count) => format!("{count} VMs"),
                    share @ Amount::Percent(_) => format!("{share} of the VMs"),
                };
                let own = pool::template(spec, name).unwrap_or("another version");
                format!("try {} on {vms} of pool {name}", canary.template_name.as_deref().unwrap_or(own))
            }
            Self::PromoteCanary { name } => format!("promote the canary of pool {name}"),
            Self::RollBackCanary { name } => format!("roll back the canary of pool {name}"),
            Self::ActOnInstances(InstanceAction { pool, verb, instances }) => match instances.as_slice() {
                [one] => format!("{} instance {one}", verb.as_str()),
                many => format!("{} {} instances of pool {pool}", verb.as_str(), many.len()),
            },
            Self::DeletePool { name } => format!("delete pool {name}"),
            Self::CreateFirewallRule { key, .. } => format!("create firewall rule {key}"),
            Self::UpdateFirewallRule { key, .. } => format!("edit firewall rule {key}"),
            Self::DeleteFirewallRule { key } => format!("delete firewall rule {key}"),
            Self::UpdateEnvironment { .. } => "edit the environment's defaults".to_owned(),
        };
        format!("{environment}: {said}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AgentType;

    pub(super) fn fleet() -> FleetSpec {
        let environment = EnvironmentSpec::new("acme-agents", "europe-west1", "dev", "vpc", "subnet");
        let mut spec = FleetSpec::new(environment);
        spec.agent_vm_templates.push(TemplateSpec::new("web", AgentType::BackendDeveloper));
        spec.agent_pools.push(PoolSpec::new("front", AgentType::BackendDeveloper, "web"));
        spec
    }

    /// The field that was refused.
    pub(super) fn invalid_field(result: Result<FleetSpec, EditError>) -> String {
        match result {
            Err(EditError::Invalid { field, .. }) => field,
            other => panic!("not refused by a field: {other:?}"),
        }
    }

    #[test]
    fn an_environment_keeps_its_name_and_takes_new_defaults() {
        let spec = fleet();
        let mut environment = Box::new(spec.environment.clone());
        environment.default_disk_size_gb = 40;
        let edited = Edit::UpdateEnvironment { environment: environment.clone() }.apply(&spec).unwrap();
        assert_eq!(edited.environment.default_disk_size_gb, 40);
        environment.environment = "prod".into();
        assert_eq!(invalid_field(Edit::UpdateEnvironment { environment }.apply(&spec)), "environment");
    }

    #[test]
    fn an_edit_reads_back_and_an_unknown_field_does_not() {
        let edit = Edit::ScalePool { name: "front".into(), target_size: 3 };
        let text = serde_json::to_string(&edit).unwrap();
        assert_eq!(text, r#"{"edit":"scale_pool","name":"front","target_size":3}"#);
        assert_eq!(serde_json::from_str::<Edit>(&text).unwrap(), edit);
        let more = r#"{"edit":"scale_pool","name":"front","target_size":3,"force":true}"#;
        assert!(serde_json::from_str::<Edit>(more).is_err());
    }
}
