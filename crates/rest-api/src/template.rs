//! Templates as declared.

use domain::{AgentType, derive, name, view::environment::EnvironmentView};
use serde_json::{Map, Value};

use crate::schema::wire;

wire! { answer
    /// A template as the environment declares it now.
    Template {
        environment: String,
        name: String,
        agent_type: AgentType,
        /// Compute Engine's name of this content; another content has another name.
        instance_template: String,
        /// What its VMs get, with the environment's default where the template says nothing.
        machine_type: String,
        /// The pools that declare it.
        pools: Vec<String>,
        /// As declared, by the names of the Terraform module.
        spec: Map<String, Value>,
    }
}

wire! { answer
    /// An environment's templates, in the order of its declaration.
    TemplateList {
        templates: Vec<Template>,
    }
}

impl TemplateList {
    pub fn of(view: &EnvironmentView) -> Result<Self, serde_json::Error> {
        let prefix = &view.spec.environment.name_prefix;
        let resources = derive::resources(&view.spec, &[]).templates;
        let templates = view.spec.agent_vm_templates.iter().map(|declared| {
            let resource = resources
                .values()
                .find(|resource| name::is_version_of(&resource.name, prefix, &declared.name));
            let pools = view.spec.agent_pools.iter().filter(|pool| pool.uses(&declared.name));
            Ok(Template {
                environment: view.name.clone(),
                name: declared.name.clone(),
                agent_type: declared.agent_type,
                instance_template: resource.map(|resource| resource.name.clone()).unwrap_or_default(),
                machine_type: resource.map(|resource| resource.machine_type.clone()).unwrap_or_default(),
                pools: pools.map(|pool| pool.name.clone()).collect(),
                spec: serde_json::from_value(serde_json::to_value(declared)?)?,
            })
        });
        Ok(Self { templates: templates.collect::<Result<_, serde_json::Error>>()? })
    }
}
