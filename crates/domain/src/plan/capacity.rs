//! How few VMs of an existing pool serve while a plan runs.

use super::{
    Action, Capacity,
    impact::{Settled, autoscaler_of, of_group},
    reason::pool_of,
};
use crate::{
    ObservedFleet,
    instance::{Instance, InstanceStatus, ProbeHealth},
    resource::{InstanceGroup, ResourceKind, ResourceSet},
};

pub(super) fn capacity(wanted: &ResourceSet, observed: &ObservedFleet, actions: &[Action]) -> Vec<Capacity> {
    let mut capacity = Vec::new();
    for (name, group) in &observed.resources.groups {
        if !touched(observed, group, actions) {
            continue;
        }
        let instances = observed.groups.get(name).map_or(&[][..], |status| &status.instances);
        let of = u32::try_from(instances.iter().filter(|vm| serves(vm)).count()).unwrap_or(u32::MAX);
        let lowest = wanted.groups.get(name).map_or(0, |next| {
            let before = Settled::before(observed, name);
            let size = Settled::after(wanted, observed, name, &before).size;
            let replaced: u32 = of_group(wanted, observed, name).values().map(|zone| zone.replaced).sum();
            // The surge comes before anything leaves; only what may be unavailable is missing meanwhile.
            let missing = next.update_policy.max_unavailable.of(size).min(replaced);
            of.min(size).saturating_sub(missing)
        });
        capacity.push(Capacity { pool: pool_of(group).to_owned(), lowest, of });
    }
    capacity
}

fn touched(observed: &ObservedFleet, group: &InstanceGroup, actions: &[Action]) -> bool {
    let scaler = autoscaler_of(&observed.resources, &group.name);
    actions.iter().any(|action| match action.step.kind() {
        ResourceKind::InstanceGroup => action.step.name() == group.name,
        ResourceKind::Autoscaler => match &action.step {
            super::Step::CreateAutoscaler { autoscaler } => autoscaler.group == group.name,
            step => scaler.is_some_and(|scaler| scaler.name == step.name()),
        },
        ResourceKind::HealthCheck
        | ResourceKind::FirewallRule
        | ResourceKind::InstanceTemplate
        | ResourceKind::Instance => false,
    })
}

pub(super) fn serves(vm: &Instance) -> bool {
    vm.status == InstanceStatus::Running && matches!(vm.probe, None | Some(ProbeHealth::Healthy))
}
