//! Edits of templates.

use super::EditError;
use crate::{FleetSpec, template::TemplateSpec};

pub(super) fn create(spec: &mut FleetSpec, template: &TemplateSpec) -> Result<(), EditError> {
    if spec.agent_vm_templates.iter().any(|known| known.name == template.name) {
        return Err(EditError::invalid(
            "name",
            format!("template {} is declared already: choose another name, or edit that one", template.name),
        ));
    }
    spec.agent_vm_templates.push(template.clone());
    Ok(())
}

pub(super) fn update(spec: &mut FleetSpec, name: &str, template: &TemplateSpec) -> Result<(), EditError> {
    let found = spec.agent_vm_templates.iter_mut().find(|known| known.name == name);
    let known = found.ok_or_else(|| EditError::missing("template", name))?;
    if template.name != name {
        return Err(EditError::invalid(
            "name",
            format!("{name} keeps its name: create a template to have another"),
        ));
    }
    *known = template.clone();
    Ok(())
}

/// What rolls with the template holds to no version of it any more.
pub(super) fn let_go(spec: &mut FleetSpec, name: &str) {
    for pool in spec.agent_pools.iter_mut().filter(|pool| pool.lets_go_of(name)) {
        pool.template_version = None;
    }
}

pub(super) fn retire(spec: &mut FleetSpec, name: &str) -> Result<(), EditError> {
    if !spec.agent_vm_templates.iter().any(|known| known.name == name) {
        return Err(EditError::missing("template", name));
    }
    let users: Vec<&str> =
        spec.agent_pools.iter().filter(|pool| pool.uses(name)).map(|pool| pool.name.as_str()).collect();
    if !users.is_empty() {
        return Err(EditError::invalid(
            "name",
            format!("{name} is used by {}: give them another template first", users.join(", ")),
        ));
    }
    spec.agent_vm_templates.retain(|known| known.name != name);
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
    fn a_template_is_created_edited_and_retired() {
        let spec = fleet();
        let template = TemplateSpec::new("batch", crate::AgentType::BackendDeveloper);
        let created = Edit::CreateTemplate { template: template.clone() }.apply(&spec).unwrap();
        assert_eq!(created.agent_vm_templates.len(), spec.agent_vm_templates.len() + 1);

        let larger = TemplateSpec { disk_size_gb: Some(100), ..template };
        let edited = Edit::UpdateTemplate { name: "batch".into(), template: larger }.apply(&created).unwrap();
        assert_eq!(edited.agent_vm_templates.last().unwrap().disk_size_gb, Some(100));

        assert_eq!(Edit::RetireTemplate { name: "batch".into() }.apply(&edited), Ok(spec));
    }

    #[test]
    fn what_rolls_lets_go_of_what_it_held_unless_it_tries_a_canary() {
        let mut spec = fleet();
        spec.agent_vm_templates.push(TemplateSpec::new("other", crate::AgentType::BackendDeveloper));
        let pool = |name: &str, template: &str| {
            crate::pool::PoolSpec::new(name, crate::AgentType::BackendDeveloper, template)
        };
        spec.agent_pools.extend([pool("tries", "web"), pool("else", "other")]);
        let sized =
            |gigabytes| TemplateSpec { disk_size_gb: Some(gigabytes), ..spec.agent_vm_templates[0].clone() };
        let stage = |name: &str, template| Edit::StageTemplate { name: name.into(), template };
        let mut staged = stage("web", sized(60)).apply(&spec).unwrap();
        staged = stage("other", spec.agent_vm_templates[1].clone()).apply(&staged).unwrap();
        staged.agent_pools[1].canary = Some(crate::pool::CanarySpec {
            template_name: None,
            template_version: None,
            target_size: crate::Amount::Fixed(1),
        });
        let held = |spec: &FleetSpec| -> Vec<bool> {
            spec.agent_pools.iter().map(|pool| pool.template_version.is_some()).collect()
        };
        assert_eq!(held(&staged), [true; 3]);
        let update = Edit::UpdateTemplate { name: "web".into(), template: sized(70) };
        assert_eq!(held(&update.apply(&staged).unwrap()), [true; 3], "it asks no pool to roll");
        let roll = Edit::RollTemplate { name: "web".into(), template: sized(70) };
        let rolled = roll.apply(&staged).unwrap();
        assert_eq!(held(&rolled), [false, true, true]);
        assert_eq!(rolled.agent_vm_templates[0], sized(70));
        assert_eq!(roll.title(&spec), update.title(&spec));
        // Where nothing is held, it is the same edit.
        assert_eq!(roll.apply(&spec), update.apply(&spec));
    }

    #[test]
    fn what_is_used_stays_and_names_stay() {
        let spec = fleet();
        let error = Edit::RetireTemplate { name: "web".into() }.apply(&spec).unwrap_err();
        assert_eq!(error.to_string(), "name: web is used by front: give them another template first");
        let mut tries = spec.clone();
        tries.agent_vm_templates.push(TemplateSpec::new("spare", crate::AgentType::BackendDeveloper));
        tries.agent_pools[0].canary = Some(crate::pool::CanarySpec {
            template_name: Some("spare".into()),
            template_version: None,
            target_size: crate::Amount::Fixed(1),
        });
        assert_eq!(invalid_field(Edit::RetireTemplate { name: "spare".into() }.apply(&tries)), "name");
        let twin = Edit::CreateTemplate { template: spec.agent_vm_templates[0].clone() };
        assert_eq!(invalid_field(twin.apply(&spec)), "name");
        let renamed = TemplateSpec { name: "other".into(), ..spec.agent_vm_templates[0].clone() };
        let rename = Edit::UpdateTemplate { name: "web".into(), template: renamed };
        assert_eq!(invalid_field(rename.apply(&spec)), "name");
        let missing = Edit::RetireTemplate { name: "ghost".into() }.apply(&spec).unwrap_err();
        assert_eq!(missing.to_string(), "template ghost is not declared");
    }
}
