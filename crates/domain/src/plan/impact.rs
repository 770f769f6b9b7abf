//! What a plan does to VMs, zone by zone. What a group would do by itself without the plan is not counted.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Impact, ZoneImpact, clamped, lives, respread,
    rollout::{Lacking, Standing, standing, staying},
};
use crate::{
    ObservedFleet,
    name::same_reference,
    resource::{Autoscaler, InstanceGroup, ResourceSet},
};

/// `held` are groups that the plan leaves alone although nothing derives to them.
pub(super) fn impact(wanted: &ResourceSet, observed: &ObservedFleet, held: &BTreeSet<String>) -> Impact {
    let mut impact = Impact::default();
    let names: BTreeSet<&String> = wanted.groups.keys().chain(observed.resources.groups.keys()).collect();
    for name in names.into_iter().filter(|name| !held.contains(*name)) {
        for (zone, effect) in of_group(wanted, observed, name) {
            *impact.zones.entry(zone).or_default() += effect;
        }
    }
    impact
}

/// By zone; zones without an effect are absent.
pub(super) fn of_group(
    wanted: &ResourceSet,
    observed: &ObservedFleet,
    name: &str,
) -> BTreeMap<String, ZoneImpact> {
    let before = Settled::before(observed, name);
    let after = Settled::after(wanted, observed, name, &before);
    let vms = before.vms(observed, name);
    let (stayed, stays) = (before.staying(&vms), after.staying(&vms));
    // Where the versions stay what they are, a rollout that is under way is not this plan's doing.
    let rolls_anyway = before.runs_the_same(&after);
    let zones: BTreeSet<&String> = before.zones.keys().chain(after.zones.keys()).collect();
    let mut effects = BTreeMap::new();
    for zone in zones {
        let (had, has) = (at(&before.zones, zone), at(&after.zones, zone));
        let kept = had.min(has);
        let here = || vms.iter().filter(|vm| &vm.zone == zone);
        let count = |named: &dyn Fn(&Standing) -> bool| {
            u32::try_from(here().filter(|vm| named(vm)).count()).unwrap_or(u32::MAX)
        };
        let untouched = count(&|vm| stays.contains(&vm.name));
        let going = count(&|vm| rolls_anyway && !stayed.contains(&vm.name) && !stays.contains(&vm.name));
        let effect = ZoneImpact {
            created: has - kept,
            deleted: had - kept,
            replaced: if after.group.is_some() { kept.saturating_sub(untouched + going) } else { 0 },
            restarted: 0,
        };
        if effect != ZoneImpact::default() {
            effects.insert(zone.clone(), effect);
        }
    }
    effects
}

fn at(zones: &BTreeMap<String, u32>, zone: &str) -> u32 {
    zones.get(zone).copied().unwrap_or(0)
}

/// A group once it is stable.
#[derive(Default)]
pub(crate) struct Settled {
    pub(crate) size: u32,
    pub(super) zones: BTreeMap<String, u32>,
    group: Option<InstanceGroup>,
}

impl Settled {
    /// As the group would settle if nothing were changed.
    pub(crate) fn before(observed: &ObservedFleet, name: &str) -> Self {
        let Some(group) = observed.resources.groups.get(name) else { return Self::default() };
        let status = observed.groups.get(name);
        let target = status.map_or(group.target_size, |status| status.target_size);
        let mut current = BTreeMap::new();
        for vm in status.into_iter().flat_map(lives) {
            *current.entry(vm.zone.clone()).or_insert(0) += 1;
        }
        Self::of(group, target, autoscaler_of(&observed.resources, name), &current)
    }

    pub(crate) fn after(wanted: &ResourceSet, observed: &ObservedFleet, name: &str, before: &Self) -> Self {
        let Some(group) = wanted.groups.get(name) else { return Self::default() };
        let scaler = autoscaler_of(wanted, name);
        let existing = observed.resources.groups.get(name);
        let target = if existing.is_some() && scaler.is_some() { before.size } else { group.target_size };
        // An existing group keeps its zones whatever is declared: other zones are refused.
        let placed = InstanceGroup {
            zones: existing.map_or(&group.zones, |existing| &existing.zones).clone(),
            ..group.clone()
        };
        Self::of(&placed, target, scaler, &before.zones)
    }

    fn of(
        group: &InstanceGroup,
        target: u32,
        scaler: Option<&Autoscaler>,
        current: &BTreeMap<String, u32>,
    ) -> Self {
        let size = clamped(target, scaler);
        Self { size, zones: respread(current, size, &group.zones), group: Some(group.clone()) }
    }

    /// The group's VMs, and those that it is about to make: a VM that is not there yet is as good as there.
    fn vms(&self, observed: &ObservedFleet, name: &str) -> Vec<Standing> {
        let mut vms = observed.groups.get(name).map(standing).unwrap_or_default();
        let Some(group) = &self.group else { return vms };
        let everyone = vms.iter().map(|vm| vm.name.clone()).collect();
        let mut lacking = Lacking::of(group, self.size, &vms, &everyone);
        for (zone, &wanted) in &self.zones {
            let here = u32::try_from(vms.iter().filter(|vm| &vm.zone == zone).count()).unwrap_or(u32::MAX);
            for number in here..wanted {
                // No VM of Compute Engine has a name like this.
                let name = format!("~{zone}~{number}");
                vms.push(Standing { name, zone: zone.clone(), template: lacking.take() });
            }
        }
        vms
    }

    fn staying(&self, vms: &[Standing]) -> BTreeSet<String> {
        let group = self.group.as_ref();
        group.map(|group| staying(vms, group, self.size, &self.zones)).unwrap_or_default()
    }

    fn runs_the_same(&self, other: &Self) -> bool {
        let (Some(one), Some(other)) = (&self.group, &other.group) else { return false };
        let canaries = match (&one.canary, &other.canary) {
            (None, None) => true,
            (Some(one), Some(other)) => {
                same_reference(&one.template, &other.template) && one.target_size == other.target_size
            }
            _ => false,
        };
        canaries
            && same_reference(&one.template, &other.template)
            && one.update_policy.update_type == other.update_policy.update_type
    }
}

pub(crate) fn autoscaler_of<'a>(resources: &'a ResourceSet, group: &str) -> Option<&'a Autoscaler> {
    resources.autoscalers.values().find(|scaler| same_reference(&scaler.group, group))
}
