//! Edits of pools.

use super::EditError;
use crate::{
    FleetSpec, derive,
    plan::instances::{InstanceAction, InstanceVerb},
    pool::{CanarySpec, PoolSpec},
};

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

/// The declared template of the pool.
pub(super) fn template<'a>(spec: &'a FleetSpec, name: &str) -> Option<&'a str> {
    Some(spec.agent_pools.iter().find(|pool| pool.name == name)?.template_name.as_str())
}

fn require_template(spec: &FleetSpec, field: &str, template: &str) -> Result<(), EditError> {
    if spec.agent_vm_templates.iter().any(|known| known.name == template) {
        return Ok(());
    }
    Err(EditError::invalid(field, format!("template {template} is not declared: create it first")))
}

pub(super) fn set_template(
    spec: &mut FleetSpec,
    name: &str,
    template_name: &str,
    template_version: Option<&str>,
) -> Result<(), EditError> {
    find(spec, name)?;
    require_template(spec, "template_name", template_name)?;
    let pool = find(spec, name)?;
    template_name.clone_into(&mut pool.template_name);
    pool.template_version = template_version.map(str::to_owned);
    pool.canary = None;
    Ok(())
}

/// Every pool of the template holds to the version that it runs, and every canary to the one that it tries.
pub(super) fn hold_all(spec: &mut FleetSpec, template: &str) {
    let users: Vec<(String, bool, bool)> = spec
        .agent_pools
        .iter()
        .map(|pool| {
            let own = pool.template_name == template;
            // Without a name, a canary is of its pool's template.
            let tried = pool.canary.as_ref().is_some_and(|canary| {
                canary.template_name.as_deref().unwrap_or(&pool.template_name) == template
            });
            (pool.name.clone(), own, tried)
        })
        .collect();
    for (user, own, tried) in users {
        if own {
            derive::hold_pool(spec, &user);
        }
        if tried {
            derive::hold_canary(spec, &user);
        }
    }
}

pub(super) fn start_canary(spec: &mut FleetSpec, name: &str, canary: &CanarySpec) -> Result<(), EditError> {
    let pool = find(spec, name)?;
    if pool.canary.is_some() {
        return Err(EditError::invalid(
            "canary",
            format!("{name} tries a version already: promote it or roll it back first"),
        ));
    }
    let own = pool.template_name.clone();
    require_template(spec, "canary.template_name", canary.template_name.as_ref().unwrap_or(&own))?;
    let canary = CanarySpec {
        // Its own template needs no name.
        template_name: canary.template_name.clone().filter(|template| *template != own),
        ..canary.clone()
    };
    find(spec, name)?.canary = Some(canary);
    Ok(())
}

fn take_canary(spec: &mut FleetSpec, name: &str) -> Result<CanarySpec, EditError> {
    let canary = find(spec, name)?.canary.take();
    canary
        .ok_or_else(|| EditError::invalid("canary", format!("there is none: {name} tries no other version")))
}

pub(super) fn promote_canary(spec: &mut FleetSpec, name: &str) -> Result<(), EditError> {
    let canary = take_canary(spec, name)?;
    let pool = find(spec, name)?;
    if let Some(template) = canary.template_name {
        pool.template_name = template;
    }
    pool.template_version = canary.template_version;
    Ok(())
}

pub(super) fn roll_back_canary(spec: &mut FleetSpec, name: &str) -> Result<(), EditError> {
    take_canary(spec, name).map(drop)
}

/// Where VMs are deleted and nothing sets the size, the pool is declared smaller by them; otherwise they would come back.
pub(super) fn act_on_instances(spec: &mut FleetSpec, action: &InstanceAction) -> Result<(), EditError> {
    let (by_default, default_size) =
        (spec.environment.default_enable_autoscaling, spec.environment.default_pool_size);
    let pool = find(spec, &action.pool)?;
    if action.verb == InstanceVerb::Delete && !pool.enable_autoscaling.unwrap_or(by_default) {
        let gone = u32::try_from(action.instances.len()).unwrap_or(u32::MAX);
        pool.target_size = Some(pool.target_size.unwrap_or(default_size).saturating_sub(gone));
    }
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
            let edit = Edit::SetPoolTemplate {
                name: "front".into(),
                template_name: template.into(),
                template_version: None,
            };
            edit.apply(&spec)
        };
        assert_eq!(invalid_field(run("ghost")), "template_name");
        assert_eq!(run("web"), Ok(spec.clone()));
        let missing = Edit::DeletePool { name: "ghost".into() }.apply(&spec).unwrap_err();
        assert_eq!(missing.to_string(), "pool ghost is not declared");
    }

    fn second(spec: &mut FleetSpec) -> CanarySpec {
        let template = crate::template::TemplateSpec::new("web-2", crate::AgentType::BackendDeveloper);
        spec.agent_vm_templates.push(template);
        CanarySpec {
            template_name: Some("web-2".into()),
            template_version: None,
            target_size: crate::Amount::Fixed(1),
        }
    }

    #[test]
    fn a_canary_is_promoted_or_rolled_back_and_there_is_one_at_a_time() {
        let mut spec = fleet();
        let canary = second(&mut spec);
        let start = Edit::StartCanary { name: "front".into(), canary };
        assert_eq!(start.title(&spec), "dev: try web-2 on 1 VM of pool front");
        let tried = start.apply(&spec).unwrap();
        assert_eq!(invalid_field(start.apply(&tried)), "canary");
        assert_eq!(Edit::RollBackCanary { name: "front".into() }.apply(&tried), Ok(spec.clone()));
        let promoted = Edit::PromoteCanary { name: "front".into() }.apply(&tried).unwrap();
        assert_eq!(
            (promoted.agent_pools[0].template_name.as_str(), &promoted.agent_pools[0].canary),
            ("web-2", &None)
        );
        assert_eq!(invalid_field(Edit::PromoteCanary { name: "front".into() }.apply(&promoted)), "canary");
    }

    #[test]
    fn a_staged_template_reaches_no_pool_until_one_takes_it() {
        let spec = fleet();
        let mut template = spec.agent_vm_templates[0].clone();
        template.disk_size_gb = Some(90);
        let staged = Edit::StageTemplate { name: "web".into(), template }.apply(&spec).unwrap();
        let runs = |spec: &FleetSpec| {
            let groups = derive::resources(spec, &[]).groups;
            groups.into_values().next().map(|group| group.template)
        };
        assert_eq!(runs(&staged), runs(&spec));
        let take = Edit::SetPoolTemplate {
            name: "front".into(),
            template_name: "web".into(),
            template_version: None,
        };
        let mut taken = take.apply(&staged).unwrap();
        assert_ne!(runs(&taken), runs(&spec));
        derive::complete_versions(&mut taken, |_| None);
        assert!(taken.template_versions.is_empty(), "nothing holds to the old version any more");
    }

    #[test]
    fn a_staged_template_does_not_reach_a_canary_either() {
        let mut spec = fleet();
        let other = second(&mut spec);
        spec.agent_pools.push(PoolSpec::new("back", crate::AgentType::BackendDeveloper, "web"));
        spec.agent_pools[1].canary = Some(other);
        let stage = |spec: &FleetSpec, index: usize, gigabytes: u32| {
            let mut template = spec.agent_vm_templates[index].clone();
            template.disk_size_gb = Some(gigabytes);
            Edit::StageTemplate { name: template.name.clone(), template }.apply(spec).unwrap()
        };
        let runs = |spec: &FleetSpec| {
            let groups = derive::resources(spec, &[]).groups;
            groups.into_values().map(|group| (group.template, group.canary)).collect::<Vec<_>>()
        };
        // The first pool tries the second version of its own template, the other one another template.
        let staged = stage(&spec, 0, 90);
        let own =
            CanarySpec { template_name: None, template_version: None, target_size: crate::Amount::Fixed(1) };
        let tried = Edit::StartCanary { name: "front".into(), canary: own }.apply(&staged).unwrap();
        let before = runs(&tried);
        assert!(before.iter().all(|(template, canary)| {
            canary.as_ref().is_some_and(|canary| canary.template != *template)
        }));
        let again = stage(&tried, 0, 91);
        assert_eq!(runs(&again), before);
        assert_eq!(again.agent_pools[1], tried.agent_pools[1], "what follows another template follows it");
        let both = stage(&again, 1, 92);
        assert_eq!(runs(&both), before);
        assert!(both.agent_pools[1].template_name == "web" && both.template_versions.len() == 3);
        // It is promoted to what it tried.
        let promoted = Edit::PromoteCanary { name: "front".into() }.apply(&both).unwrap();
        let front = |of: Vec<(String, Option<crate::resource::Canary>)>| of.into_iter().next_back();
        assert_eq!(
            front(runs(&promoted)).map(|(template, _)| template),
            front(before).and_then(|(_, canary)| canary).map(|canary| canary.template)
        );
    }

    #[test]
    fn deleting_instances_makes_a_pool_smaller_unless_it_scales_itself() {
        let mut spec = fleet();
        spec.agent_pools[0].target_size = Some(3);
        let delete = |verb| {
            Edit::ActOnInstances(InstanceAction {
                pool: "front".into(),
                verb,
                instances: vec!["agent-front-a".into()],
            })
        };
        let smaller = delete(InstanceVerb::Delete).apply(&spec).unwrap();
        assert_eq!(smaller.agent_pools[0].target_size, Some(2));
        assert_eq!(delete(InstanceVerb::Restart).apply(&spec), Ok(spec.clone()));
        assert_eq!(delete(InstanceVerb::Restart).title(&spec), "dev: restart instance agent-front-a");
        spec.agent_pools[0].enable_autoscaling = Some(true);
        assert_eq!(delete(InstanceVerb::Delete).apply(&spec), Ok(spec.clone()));
        assert!(InstanceVerb::Delete.effect().ends_with("unless its autoscaler makes another."));
    }
}
