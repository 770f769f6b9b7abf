//! From a declaration to the resources that Compute Engine should hold. Pure, total and deterministic: a declaration
//! that breaks rules still derives to something, so that its plan can be shown beside the violations.

mod firewall;
mod pool;
mod scopes;
mod startup_script;
mod template;
mod versions;
mod zones;

use crate::{FleetSpec, ObservedFleet, name, resource::ResourceSet};

pub(crate) use pool::{autoscaled, bounds, size_at_creation};
pub(crate) use scopes::{expand_scope, short_scope};
pub use startup_script::installs_ops_agent;
pub(crate) use template::{OWN_METADATA, content_digest};
pub(crate) use versions::{Versions, carried};
pub use versions::{complete_versions, held_versions, hold_canary, hold_pool, present_version};
pub use zones::{EffectiveZones, ZoneSource, zones};

/// All resources of the declaration, its groups spread over `zones`.
///
/// A pool whose template is not declared, or whose version is not there, has no group here: there is nothing that it
/// could run.
pub fn resources(spec: &FleetSpec, zones: &[String]) -> ResourceSet {
    let mut set = ResourceSet::default();
    let prefix = &spec.environment.name_prefix;
    let versions = Versions::of(spec);
    for template in versions.all() {
        set.templates.insert(template.name.clone(), template.clone());
    }
    for (key, rule) in &spec.firewall_rules {
        let rule = firewall::firewall_rule(&spec.environment, key, rule);
        set.firewall_rules.insert(rule.name.clone(), rule);
    }
    for declared in &spec.agent_pools {
        let group_name = name::instance_group(prefix, &declared.name);
        if set.groups.contains_key(&group_name) {
            continue;
        }
        let health_check = pool::health_check(&spec.environment, declared);
        let check_name = health_check.as_ref().map(|check| check.name.clone());
        set.health_checks.extend(health_check.map(|check| (check.name.clone(), check)));
        let Some(version) = versions.of_pool(declared) else { continue };
        let run = (version.to_owned(), versions.canary(declared));
        let group = pool::instance_group(&spec.environment, declared, run, check_name, zones);
        let autoscaler = pool::autoscaler(&spec.environment, declared);
        set.autoscalers.extend(autoscaler.map(|scaler| (scaler.name.clone(), scaler)));
        set.groups.insert(group_name, group);
    }
    set
}

/// All resources of the declaration, beside what exists: the zones of a group are fixed when it is made, so a pool
/// without declared zones keeps those that it has, even where the region has got another since.
pub fn desired(spec: &FleetSpec, observed: &ObservedFleet) -> ResourceSet {
    let effective = zones(spec, observed.location.as_ref());
    let mut set = resources(spec, &effective.zones);
    if effective.source == ZoneSource::Declared {
        return set;
    }
    for declared in &spec.agent_pools {
        let group_name = name::instance_group(&spec.environment.name_prefix, &declared.name);
        let existing = observed.resources.groups.get(&group_name).map(|group| &group.zones);
        if let (Some(group), Some(existing)) = (set.groups.get_mut(&group_name), existing) {
            group.zones = zones::sorted(existing);
            group.update_policy = pool::update_policy(declared, &group.zones);
        }
    }
    set
}

/// The first declared template of that name.
pub(crate) fn template_of<'a>(spec: &'a FleetSpec, name: &str) -> Option<&'a crate::template::TemplateSpec> {
    spec.agent_vm_templates.iter().find(|template| template.name == name)
}
