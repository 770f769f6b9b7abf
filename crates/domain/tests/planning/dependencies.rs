//! What Compute Engine asks of the order of calls: nothing is used before it exists, nothing is deleted while used.

use domain::{
    ObservedFleet,
    name::last_segment,
    plan::{Plan, Step},
    resource::{InstanceGroup, ResourceSet},
};

/// Runs the plan's steps one by one over the resources; the first call that would be refused is the error.
pub(crate) fn refused(plan: &Plan, observed: &ObservedFleet) -> Result<(), String> {
    let mut now = observed.resources.clone();
    for action in &plan.actions {
        take(&mut now, &action.step).map_err(|why| format!("{}: {why}", action.title()))?;
    }
    Ok(())
}

fn take(now: &mut ResourceSet, step: &Step) -> Result<(), &'static str> {
    let attached = |now: &ResourceSet, group: &str| now.autoscalers.values().any(|a| a.group == group);
    match step.clone() {
        Step::CreateHealthCheck { health_check: new } => {
            fresh(now.health_checks.insert(new.name.clone(), new).is_none())
        }
        Step::UpdateHealthCheck { health_check: new } => {
            there(now.health_checks.insert(new.name.clone(), new).is_some())
        }
        Step::CreateFirewallRule { firewall_rule: new } => {
            fresh(now.firewall_rules.insert(new.name.clone(), new).is_none())
        }
        Step::UpdateFirewallRule { firewall_rule: new } => {
            there(now.firewall_rules.insert(new.name.clone(), new).is_some())
        }
        Step::CreateInstanceTemplate { instance_template: new } => {
            fresh(now.templates.insert(new.name.clone(), new).is_none())
        }
        Step::CreateInstanceGroup { instance_group: new } => {
            references(now, &new)?;
            fresh(now.groups.insert(new.name.clone(), new).is_none())
        }
        Step::UpdateInstanceGroup { instance_group: new } => {
            references(now, &new)?;
            there(now.groups.insert(new.name.clone(), new).is_some())
        }
        Step::ResizeInstanceGroup { name, .. } if attached(now, &name) => {
            Err("an autoscaler would undo the new size")
        }
        Step::ResizeInstanceGroup { name, .. } => there(now.groups.contains_key(&name)),
        Step::DeleteInstance(vm)
        | Step::RecreateInstance(vm)
        | Step::RestartInstance(vm)
        | Step::UpdateInstance(vm) => there(now.groups.contains_key(&vm.group)),
        Step::CreateAutoscaler { autoscaler: new } => {
            there(now.groups.contains_key(&new.group))?;
            fresh(now.autoscalers.insert(new.name.clone(), new).is_none())
        }
        Step::UpdateAutoscaler { autoscaler: new } => {
            there(now.autoscalers.insert(new.name.clone(), new).is_some())
        }
        Step::DeleteAutoscaler { name } => there(now.autoscalers.remove(&name).is_some()),
        Step::DeleteInstanceGroup { name } if attached(now, &name) => Err("its autoscaler is still there"),
        Step::DeleteInstanceGroup { name } => there(now.groups.remove(&name).is_some()),
        Step::DeleteInstanceTemplate { .. } => Err("VMs may still run it"),
        Step::DeleteFirewallRule { name } => there(now.firewall_rules.remove(&name).is_some()),
        Step::DeleteHealthCheck { name } => {
            let used = now.groups.values().filter_map(|group| group.auto_healing.as_ref());
            if used.into_iter().any(|healing| last_segment(&healing.health_check) == name) {
                return Err("a group still uses it");
            }
            there(now.health_checks.remove(&name).is_some())
        }
    }
}

fn references(now: &ResourceSet, group: &InstanceGroup) -> Result<(), &'static str> {
    if group.templates().any(|template| !now.templates.contains_key(template)) {
        return Err("its template does not exist");
    }
    match &group.auto_healing {
        Some(healing) if !now.health_checks.contains_key(&healing.health_check) => {
            Err("its health check does not exist")
        }
        _ => Ok(()),
    }
}

fn there(there: bool) -> Result<(), &'static str> {
    if there { Ok(()) } else { Err("it does not exist") }
}

fn fresh(fresh: bool) -> Result<(), &'static str> {
    if fresh { Ok(()) } else { Err("it exists already") }
}
