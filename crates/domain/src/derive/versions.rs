//! Which version of its template a pool runs: the one that the template is declared as, or an earlier one that the
//! declaration carries whole (docs/decisions/0005-template-versions-and-canaries.md).

use std::collections::{BTreeMap, BTreeSet};

use super::template::instance_template;
use crate::{
    FleetSpec, name,
    pool::PoolSpec,
    resource::{Canary, InstanceTemplate},
    template::TemplateSpec,
};

/// The declaration's versions, derived once.
pub(crate) struct Versions<'a> {
    spec: &'a FleetSpec,
    /// Every template as it is declared, by its declared name. Of a name declared twice, which is a violation, the first.
    present: BTreeMap<&'a str, InstanceTemplate>,
    /// Of a name declared twice, the others.
    others: Vec<InstanceTemplate>,
}

impl<'a> Versions<'a> {
    pub(crate) fn of(spec: &'a FleetSpec) -> Self {
        let (mut present, mut others) = (BTreeMap::new(), Vec::new());
        for declared in &spec.agent_vm_templates {
            let version = instance_template(&spec.environment, declared);
            match present.entry(declared.name.as_str()) {
                std::collections::btree_map::Entry::Vacant(free) => {
                    free.insert(version);
                }
                std::collections::btree_map::Entry::Occupied(_) => others.push(version),
            }
        }
        Self { spec, present, others }
    }

    /// All that should exist: what is declared, and what pools hold to.
    pub(crate) fn all(&self) -> impl Iterator<Item = &InstanceTemplate> {
        let needed = held_versions(self.spec);
        let carried = self.spec.template_versions.iter().filter(move |(name, _)| needed.contains(*name));
        self.present.values().chain(&self.others).chain(carried.map(|(_, version)| version))
    }

    /// The resource's name; None where there is no such version.
    fn find(&self, template: &str, version: Option<&str>) -> Option<&str> {
        let present = self.present.get(template)?;
        let Some(digits) = version else { return Some(&present.name) };
        let wanted = resource_name(self.spec, template, digits);
        if present.name == wanted {
            return Some(&present.name);
        }
        self.spec.template_versions.get_key_value(&wanted).map(|(name, _)| name.as_str())
    }

    pub(crate) fn of_pool(&self, pool: &PoolSpec) -> Option<&str> {
        self.find(&pool.template_name, pool.template_version.as_deref())
    }

    /// None where the pool has none, or one of a version that is not there.
    pub(crate) fn canary(&self, pool: &PoolSpec) -> Option<Canary> {
        let canary = pool.canary.as_ref()?;
        let template = canary.template_name.as_ref().unwrap_or(&pool.template_name);
        let version = self.find(template, canary.template_version.as_deref())?;
        Some(Canary { template: version.to_owned(), target_size: canary.target_size })
    }
}

fn resource_name(spec: &FleetSpec, template: &str, digits: &str) -> String {
    name::instance_template(&spec.environment.name_prefix, template, digits)
}

/// The resources' names of all versions that pools hold to.
pub fn held_versions(spec: &FleetSpec) -> BTreeSet<String> {
    let mut pins = BTreeSet::new();
    for pool in &spec.agent_pools {
        if let Some(digits) = &pool.template_version {
            pins.insert(resource_name(spec, &pool.template_name, digits));
        }
        if let Some(canary) = &pool.canary
            && let Some(digits) = &canary.template_version
        {
            let template = canary.template_name.as_ref().unwrap_or(&pool.template_name);
            pins.insert(resource_name(spec, template, digits));
        }
    }
    pins
}

/// What the template is as it is declared.
pub fn present_version(spec: &FleetSpec, template: &TemplateSpec) -> InstanceTemplate {
    instance_template(&spec.environment, template)
}

/// Puts every version that a pool holds to into the declaration, and takes out those that none does. `known` finds
/// versions of the past by their resources' names; what it does not find stays missing, and breaks a rule.
pub fn complete_versions(spec: &mut FleetSpec, known: impl Fn(&str) -> Option<InstanceTemplate>) {
    let needed = held_versions(spec);
    spec.template_versions.retain(|name, _| needed.contains(name));
    if needed.iter().all(|name| spec.template_versions.contains_key(name)) {
        return;
    }
    let present: BTreeMap<String, InstanceTemplate> = spec
        .agent_vm_templates
        .iter()
        .map(|template| present_version(spec, template))
        .map(|version| (version.name.clone(), version))
        .collect();
    for name in needed {
        if !spec.template_versions.contains_key(&name)
            && let Some(version) = present.get(&name).cloned().or_else(|| known(&name))
        {
            spec.template_versions.insert(name, version);
        }
    }
}

/// Holds the pool to the version that it runs by this declaration, before its template changes. Nothing happens to a
/// pool that holds to one already, or to one that is not declared.
pub fn hold_pool(spec: &mut FleetSpec, pool: &str) {
    let Some(index) = spec.agent_pools.iter().position(|known| known.name == pool) else { return };
    let held = &spec.agent_pools[index];
    if held.template_version.is_some() {
        return;
    }
    let template = held.template_name.clone();
    if let Some(digits) = carry(spec, &template) {
        spec.agent_pools[index].template_version = Some(digits);
    }
}

/// The same for the version that the pool's canary runs, where it has one.
pub fn hold_canary(spec: &mut FleetSpec, pool: &str) {
    let Some(index) = spec.agent_pools.iter().position(|known| known.name == pool) else { return };
    let held = &spec.agent_pools[index];
    let Some(canary) = held.canary.as_ref().filter(|canary| canary.template_version.is_none()) else {
        return;
    };
    let template = canary.template_name.clone().unwrap_or_else(|| held.template_name.clone());
    let digits = carry(spec, &template);
    if let Some(canary) = &mut spec.agent_pools[index].canary {
        canary.template_version = digits;
    }
}

/// Puts the template as it is declared among the versions that the declaration carries. Its digits; None where it is
/// not declared.
fn carry(spec: &mut FleetSpec, template: &str) -> Option<String> {
    let version = present_version(spec, super::template_of(spec, template)?);
    let digits = name::version_digits(&version.name).to_owned();
    spec.template_versions.insert(version.name.clone(), version);
    Some(digits)
}

/// Whether the carried version is what its name says.
pub(crate) fn carried(name: &str, version: &InstanceTemplate) -> bool {
    version.name == name && super::content_digest(version) == name::version_digits(name)
}
