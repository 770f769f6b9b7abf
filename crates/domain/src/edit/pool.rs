//! Edits of pools.

use super::EditError;
use crate::{FleetSpec, pool::PoolSpec};

/// The size that is declared, by the pool or by its environment.
pub(super) fn size(spec: &FleetSpec, name: &str) -> Option<u32> {
    let pool = spec.agent_pools.iter().find(|pool| pool.name == name)?;
    Some(pool.target_size.unwrap_or(spec.environment.default_pool_size))
}

fn find<'a>(spec: &'a mut FleetSpec, name: &str) -> Result<&'a mut PoolSpec, EditError> {
    let found = spec.agent_pools.iter_mut().find(|known| known.name == name);
    found.ok_or_else(|| EditError::missing("pool", name))
}

pub(super) fn create(spec: &mut FleetSpec, pool: &PoolSpec) -> Result<(), EditError> {
    if spec.agent_pools.iter().any(|known| known.name == pool.name) {
        return Err(EditError::invalid(
            "name",
            format!("pool {} is declared already: choose another name, or edit that one", pool.name),
        ));
    }
    spec.agent_pools.push(pool.clone());
    Ok(())
}

pub(super) fn update(spec: &mut FleetSpec, name: &str, pool: &PoolSpec) -> Result<(), EditError> {
    let known = find(spec, name)?;
    if pool.name != name {
        return Err(EditError::invalid(
            "name",
            format!("{name} keeps its name: its VMs and its group are called by it"),
        ));
    }
    *known = pool.clone();
    Ok(())
}

pub(super) fn scale(spec: &mut FleetSpec, name: &str, target_size: u32) -> Result<(), EditError> {
    let by_default = spec.environment.default_enable_autoscaling;
    let pool = find(spec, name)?;
    if pool.enable_autoscaling.unwrap_or(by_default) {
        return Err(EditError::invalid(
            "target_size",
            format!("{name} is autoscaled and would undo it: set min_replicas and max_replicas instead"),
        ));
    }
    pool.target_size = Some(target_size);
    Ok(())
}

pub(super) fn set_template(spec: &mut FleetSpec, name: &str, template_name: &str) -> Result<(), EditError> {
    find(spec, name)?;
    if !spec.agent_vm_templates.iter().any(|template| template.name == template_name) {
        return Err(EditError::invalid(
            "template_name",
            format!("template {template_name} is not declared: create it first"),
        ));
    }
    template_name.clone_into(&mut find(spec, name)?.template_name);
    Ok(())
}

pub(super) fn delete(spec: &mut FleetSpec, name: &str) -> Result<(), EditError> {
    find(spec, name)?;
    spec.agent_pools.retain(|known| known.name != name);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::{
        Edit,
        tests::{fleet, invalid_field},
    };

    #[test]
    fn a_pool_is_created_scaled_and_deleted() {
        let spec = fleet();
        let pool = PoolSpec::new("jobs", crate::AgentType::BackendDeveloper, "web");
        let created = Edit::CreatePool { pool }.apply(&spec).unwrap();
        let scale = Edit::ScalePool { name: "jobs".into(), target_size: 4 };
        assert_eq!(scale.title(&created), "dev: scale jobs from 1 to 4");
        let scaled = scale.apply(&created).unwrap();
        assert_eq!(size(&scaled, "jobs"), Some(4));
        assert_eq!(Edit::DeletePool { name: "jobs".into() }.apply(&scaled), Ok(spec));
    }

    #[test]
    fn an_autoscaled_pool_is_not_scaled_by_hand() {
        let mut spec = fleet();
        spec.agent_pools[0].enable_autoscaling = Some(true);
        let scale = Edit::ScalePool { name: "front".into(), target_size: 4 };
        assert_eq!(invalid_field(scale.apply(&spec)), "target_size");
    }

    #[test]
    fn a_template_must_be_declared_to_be_run() {
        let spec = fleet();
        let run = |template: &str| {
            Edit::SetPoolTemplate { name: "front".into(), template_name: template.into() }.apply(&spec)
        };
        assert_eq!(invalid_field(run("ghost")), "template_name");
        assert_eq!(run("web"), Ok(spec.clone()));
        let missing = Edit::DeletePool { name: "ghost".into() }.apply(&spec).unwrap_err();
        assert_eq!(missing.to_string(), "pool ghost is not declared");
    }
}
