//! Templates as declared.

use domain::{AgentType, derive, view::environment::EnvironmentView};
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
        let templates = view.spec.agent_vm_templates.iter().map(|declared| {
            // Pools may hold to other versions, which bear its name too.
            let version = derive::present_version(&view.spec, declared);
            let pools = view.spec.agent_pools.iter().filter(|pool| pool.uses(&declared.name));
            Ok(Template {
                environment: view.name.clone(),
                name: declared.name.clone(),
                agent_type: declared.agent_type,
                instance_template: version.name,
                machine_type: version.machine_type,
                pools: pools.map(|pool| pool.name.clone()).collect(),
                spec: serde_json::from_value(serde_json::to_value(declared)?)?,
            })
        });
        Ok(Self { templates: templates.collect::<Result<_, serde_json::Error>>()? })
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        ChangeId, FleetSpec, Timestamp, environment::EnvironmentSpec, pool::PoolSpec, template::TemplateSpec,
    };

    use super::*;

    #[test]
    fn a_template_is_the_version_that_is_declared_and_not_one_that_a_pool_holds_to() {
        let kind = AgentType::BackendDeveloper;
        let environment =
            EnvironmentSpec::new("p", "us-central1", "dev", "global/networks/n", "regions/r/subnetworks/s");
        // The names' digits are those of the content: one of the sizes comes before the version that is held.
        for size in 30..46 {
            let mut spec = FleetSpec {
                agent_vm_templates: vec![TemplateSpec::new("backend", kind)],
                agent_pools: vec![PoolSpec::new("web", kind, "backend")],
                ..FleetSpec::new(environment.clone())
            };
            derive::hold_pool(&mut spec, "web");
            spec.agent_vm_templates[0].disk_size_gb = Some(size);
            spec.agent_vm_templates[0].machine_type = Some("e2-standard-8".to_owned());
            let present = derive::present_version(&spec, &spec.agent_vm_templates[0]).name;
            let view = EnvironmentView {
                name: "dev".to_owned(),
                generation: 2,
                spec,
                declared_by: ChangeId(1),
                declared_at: Timestamp::default(),
                observed_generation: 1,
                observed_at: None,
                conditions: Vec::new(),
            };
            let list = TemplateList::of(&view).unwrap();
            let told = &list.templates[0];
            assert_eq!((&told.instance_template, told.machine_type.as_str()), (&present, "e2-standard-8"));
        }
    }
}
