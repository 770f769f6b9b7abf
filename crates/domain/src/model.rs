//! A pure model of Compute Engine: what a fleet looks like once a plan was applied and all groups are stable.
//! For previews without a cloud and for the planner's own tests. It knows no failures, latencies or stock-outs.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use crate::{
    ObservedFleet,
    instance::{CurrentAction, Instance, InstanceStatus, ProbeHealth},
    name::same_reference,
    observed::GroupStatus,
    plan::{Action, Plan, Step, clamped, lives, respread},
    resource::InstanceGroup,
};

/// The fleet after the plan. Violations are not looked at: a plan that breaks rules is applied as it stands.
pub fn apply(plan: &Plan, observed: &ObservedFleet) -> ObservedFleet {
    apply_actions(&plan.actions, observed)
}

/// The same for actions without a plan, as those of [`crate::plan::retire`].
pub fn apply_actions(actions: &[Action], observed: &ObservedFleet) -> ObservedFleet {
    let mut fleet = observed.clone();
    for action in actions {
        take(&mut fleet, &action.step);
    }
    let names: Vec<String> = fleet.resources.groups.keys().cloned().collect();
    for name in names {
        settle(&mut fleet, &name);
    }
    fleet
}

fn take(fleet: &mut ObservedFleet, step: &Step) {
    let resources = &mut fleet.resources;
    match step.clone() {
        Step::CreateHealthCheck { health_check } | Step::UpdateHealthCheck { health_check } => {
            resources.health_checks.insert(health_check.name.clone(), health_check);
        }
        Step::CreateFirewallRule { firewall_rule } | Step::UpdateFirewallRule { firewall_rule } => {
            resources.firewall_rules.insert(firewall_rule.name.clone(), firewall_rule);
        }
        Step::CreateInstanceTemplate { instance_template } => {
            resources.templates.insert(instance_template.name.clone(), instance_template);
        }
        Step::CreateInstanceGroup { instance_group } => {
            let status = GroupStatus { target_size: instance_group.target_size, ..GroupStatus::default() };
            fleet.groups.insert(instance_group.name.clone(), status);
            resources.groups.insert(instance_group.name.clone(), instance_group);
        }
        Step::UpdateInstanceGroup { instance_group } => {
            if let Some(current) = resources.groups.get_mut(&instance_group.name) {
                let (target_size, zones) = (current.target_size, current.zones.clone());
                *current = InstanceGroup { target_size, zones, ..instance_group };
            }
        }
        Step::ResizeInstanceGroup { name, to, .. } => {
            if let Some(group) = resources.groups.get_mut(&name) {
                group.target_size = to;
                fleet.groups.entry(name).or_default().target_size = to;
            }
        }
        Step::CreateAutoscaler { autoscaler } | Step::UpdateAutoscaler { autoscaler } => {
            resources.autoscalers.insert(autoscaler.name.clone(), autoscaler);
        }
        Step::DeleteAutoscaler { name } => {
            resources.autoscalers.remove(&name);
        }
        Step::DeleteInstanceGroup { name } => {
            resources.groups.remove(&name);
            fleet.groups.remove(&name);
        }
        Step::DeleteInstanceTemplate { name } => {
            resources.templates.remove(&name);
        }
        Step::DeleteFirewallRule { name } => {
            resources.firewall_rules.remove(&name);
        }
        Step::DeleteHealthCheck { name } => {
            resources.health_checks.remove(&name);
        }
    }
}

/// The group as it is when `status.isStable` turns true: sized, spread, and all of one version.
fn settle(fleet: &mut ObservedFleet, name: &str) {
    let Some(group) = fleet.resources.groups.get(name).cloned() else { return };
    let status = fleet
        .groups
        .remove(name)
        .unwrap_or_else(|| GroupStatus { target_size: group.target_size, ..GroupStatus::default() });
    let scaler = fleet.resources.autoscalers.values().find(|scaler| same_reference(&scaler.group, name));
    let size = clamped(status.target_size, scaler);

    let mut here: BTreeMap<String, Vec<Instance>> = BTreeMap::new();
    for vm in lives(&status) {
        here.entry(vm.zone.clone()).or_default().push(vm.clone());
    }
    let current =
        here.iter().map(|(zone, vms)| (zone.clone(), u32::try_from(vms.len()).unwrap_or(u32::MAX))).collect();
    let mut names = Names::new(&group.base_instance_name, &status);
    let mut instances = Vec::new();
    for (zone, count) in respread(&current, size, &group.zones) {
        let mut vms = here.remove(&zone).unwrap_or_default();
        let current_version =
            |vm: &Instance| vm.template.as_deref().is_some_and(|own| same_reference(own, &group.template));
        // A shrinking group gives up outdated VMs first.
        vms.sort_by(|a, b| current_version(b).cmp(&current_version(a)).then_with(|| a.name.cmp(&b.name)));
        for place in 0..count {
            let kept = vms.get(usize::try_from(place).unwrap_or(usize::MAX)).filter(|vm| current_version(vm));
            let (name, id, address, created_at) = match kept {
                Some(vm) => (vm.name.clone(), vm.id.clone(), vm.address.clone(), vm.created_at),
                None => (names.next(), None, None, fleet.observed_at),
            };
            instances.push(Instance {
                id: id.or_else(|| Some(number(&name))),
                name,
                zone: zone.clone(),
                group: group.name.clone(),
                status: InstanceStatus::Running,
                current_action: CurrentAction::None,
                template: Some(group.template.clone()),
                address,
                created_at,
                probe: group.auto_healing.as_ref().map(|_| ProbeHealth::Healthy),
                last_error: None,
            });
        }
    }
    instances.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(group) = fleet.resources.groups.get_mut(name) {
        group.target_size = size;
    }
    fleet.groups.insert(
        name.to_owned(),
        GroupStatus { target_size: size, is_stable: true, version_reached: true, instances },
    );
}

/// Fresh instance names, in order: a replaced VM never gets its predecessor's, as with SUBSTITUTE.
struct Names<'a> {
    base: &'a str,
    taken: BTreeSet<&'a str>,
    next: u32,
}

impl<'a> Names<'a> {
    fn new(base: &'a str, status: &'a GroupStatus) -> Self {
        Self { base, taken: status.instances.iter().map(|vm| vm.name.as_str()).collect(), next: 0 }
    }

    fn next(&mut self) -> String {
        loop {
            let name = format!("{}-{:04}", self.base, self.next);
            self.next += 1;
            if !self.taken.contains(name.as_str()) {
                return name;
            }
        }
    }
}

/// A number like Compute Engine's ids, the same for the same name.
fn number(name: &str) -> String {
    let digest = Sha256::digest(name.as_bytes());
    digest.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte)).to_string()
}
