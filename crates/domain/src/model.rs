//! A pure model of Compute Engine: what a fleet looks like once a plan was applied and all groups are stable.
//! For previews without a cloud and for the planner's own tests. It knows no failures, latencies or stock-outs.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use crate::{
    ObservedFleet,
    instance::{CurrentAction, Instance, InstanceStatus, ProbeHealth},
    name::same_reference,
    observed::GroupStatus,
    plan::{Action, InstanceRef, Lacking, Plan, Step, clamped, lives, respread, standing, staying},
    pool::{ReplacementMethod, UpdateType},
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
        Step::RestartInstance(_) => {}
        Step::DeleteInstance(vm) => {
            let status = fleet.groups.entry(vm.group.clone()).or_default();
            let before = status.instances.len();
            status.instances.retain(|one| one.name != vm.name);
            if status.instances.len() < before {
                status.target_size = status.target_size.saturating_sub(1);
                if let Some(group) = resources.groups.get_mut(&vm.group) {
                    group.target_size = group.target_size.saturating_sub(1);
                }
            }
        }
        Step::RecreateInstance(vm) => remake(fleet, &vm, false),
        Step::UpdateInstance(vm) => remake(fleet, &vm, true),
    }
}

/// Another VM under the same name; of the group's own version, where it takes what the group declares.
fn remake(fleet: &mut ObservedFleet, vm: &InstanceRef, updates: bool) {
    let template = fleet.resources.groups.get(&vm.group).map(|group| group.template.clone());
    let status = fleet.groups.get_mut(&vm.group);
    let found = status.and_then(|status| status.instances.iter_mut().find(|one| one.name == vm.name));
    let Some(one) = found else { return };
    if updates {
        one.template = template;
    }
    one.id = one.id.as_deref().map(number);
}

/// The group as it is when `status.isStable` turns true: sized, spread, and of its versions.
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
    let zones = respread(&current, size, &group.zones);
    let vms = standing(&status);
    let stay = staying(&vms, &group, size, &zones);
    let mut lacking = Lacking::of(&group, size, &vms, &stay);
    let keeps_names = group.update_policy.replacement_method == ReplacementMethod::Recreate;
    let mut names = Names::new(&group.base_instance_name, &status);
    let mut instances = Vec::new();
    for (zone, count) in zones {
        let mut vms = here.remove(&zone).unwrap_or_default();
        vms.sort_by(|a, b| {
            stay.contains(&b.name).cmp(&stay.contains(&a.name)).then_with(|| a.name.cmp(&b.name))
        });
        for place in 0..count {
            let old = vms.get(usize::try_from(place).unwrap_or(usize::MAX));
            let kept = old.filter(|vm| stay.contains(&vm.name));
            let (name, id, template) = match (kept, old) {
                (Some(vm), _) => (vm.name.clone(), vm.id.clone(), vm.template.clone()),
                (None, Some(vm)) if keeps_names => {
                    (vm.name.clone(), vm.id.as_deref().map(number), lacking.take())
                }
                _ => (names.next(), None, lacking.take()),
            };
            instances.push(Instance {
                id: id.or_else(|| Some(number(&name))),
                name,
                zone: zone.clone(),
                group: group.name.clone(),
                status: InstanceStatus::Running,
                current_action: CurrentAction::None,
                template,
                address: kept.and_then(|vm| vm.address.clone()),
                created_at: kept.map_or(fleet.observed_at, |vm| vm.created_at),
                probe: group.auto_healing.as_ref().map(|_| ProbeHealth::Healthy),
                last_error: None,
            });
        }
    }
    let is_wanted = |vm: &Instance| {
        let own = vm.template.as_deref();
        group.templates().any(|template| own.is_some_and(|own| same_reference(own, template)))
    };
    let version_reached =
        group.update_policy.update_type == UpdateType::Proactive || instances.iter().all(is_wanted);
    instances.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(group) = fleet.resources.groups.get_mut(name) {
        group.target_size = size;
    }
    fleet.groups.insert(
        name.to_owned(),
        GroupStatus { target_size: size, is_stable: true, version_reached, instances },
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
