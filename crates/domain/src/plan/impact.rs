//! What a plan does to VMs, zone by zone. What a group would do by itself without the plan is not counted.

use std::collections::{BTreeMap, BTreeSet};

use super::{Impact, ZoneImpact, clamped, lives, respread};
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
        let before = Settled::before(observed, name);
        let after = Settled::after(wanted, observed, name, &before);
        let zones: BTreeSet<&String> = before.zones.keys().chain(after.zones.keys()).collect();
        let replaces = matches!((&before.template, &after.template),
            (Some(old), Some(new)) if !same_reference(old, new));
        for zone in zones {
            let (had, has) = (at(&before.zones, zone), at(&after.zones, zone));
            let kept = had.min(has);
            let already =
                after.template.as_deref().map_or(0, |template| running(observed, name, zone, template));
            let effect = ZoneImpact {
                created: has - kept,
                deleted: had - kept,
                replaced: if replaces { kept.saturating_sub(already) } else { 0 },
                restarted: 0,
            };
            if effect != ZoneImpact::default() {
                let sum = impact.zones.entry(zone.clone()).or_default();
                sum.created += effect.created;
                sum.deleted += effect.deleted;
                sum.replaced += effect.replaced;
            }
        }
    }
    impact
}

fn at(zones: &BTreeMap<String, u32>, zone: &str) -> u32 {
    zones.get(zone).copied().unwrap_or(0)
}

/// VMs of the zone that the group already intends for the template.
fn running(observed: &ObservedFleet, group: &str, zone: &str, template: &str) -> u32 {
    let count = observed.groups.get(group).map_or(0, |status| {
        lives(status)
            .filter(|vm| vm.zone == zone)
            .filter(|vm| vm.template.as_deref().is_some_and(|own| same_reference(own, template)))
            .count()
    });
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A group once it is stable.
#[derive(Default)]
pub(crate) struct Settled {
    pub(crate) size: u32,
    pub(super) zones: BTreeMap<String, u32>,
    pub(super) template: Option<String>,
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
        Self { size, zones: respread(current, size, &group.zones), template: Some(group.template.clone()) }
    }
}

pub(crate) fn autoscaler_of<'a>(resources: &'a ResourceSet, group: &str) -> Option<&'a Autoscaler> {
    resources.autoscalers.values().find(|scaler| same_reference(&scaler.group, group))
}
