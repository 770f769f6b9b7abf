//! Why each action is needed, in a sentence.

use super::{FieldChange, compare::TEMPLATE};
use crate::{
    Amount, FleetSpec, ObservedFleet,
    name::{self, same_reference},
    pool::UpdateType,
    resource::{Autoscaler, Canary, FirewallRule, HealthCheck, InstanceGroup, ResourceSet},
};

pub(super) struct Reasons<'a> {
    desired: &'a FleetSpec,
    observed: &'a ObservedFleet,
}

impl<'a> Reasons<'a> {
    pub(super) const fn new(desired: &'a FleetSpec, observed: &'a ObservedFleet) -> Self {
        Self { desired, observed }
    }

    fn prefix(&self) -> &str {
        &self.desired.environment.name_prefix
    }

    pub(super) fn update(&self, changes: &[FieldChange]) -> String {
        format!("The declaration changes {}.", attributes(changes))
    }

    pub(super) fn create_health_check(&self, check: &HealthCheck) -> String {
        format!("Its pool heals VMs that stop answering {} on port {}.", check.path, check.port)
    }

    pub(super) fn delete_health_check(&self) -> String {
        if self.desired.environment.enable_health_checks {
            "Its pool is no longer declared.".to_owned()
        } else {
            "enable_health_checks is off.".to_owned()
        }
    }

    pub(super) fn create_firewall_rule(&self, rule: &FirewallRule) -> String {
        if rule.description.is_empty() {
            "It is declared and does not exist yet.".to_owned()
        } else {
            format!("It is declared and does not exist yet: {}.", rule.description.trim_end_matches('.'))
        }
    }

    pub(super) fn delete_firewall_rule(&self) -> String {
        "It is no longer declared.".to_owned()
    }

    pub(super) fn create_template(&self, resource: &str) -> String {
        let declared = self
            .desired
            .agent_vm_templates
            .iter()
            .find(|template| name::is_version_of(resource, self.prefix(), &template.name))
            .map_or("", |template| &template.name);
        let earlier = self
            .observed
            .resources
            .templates
            .keys()
            .any(|observed| name::is_version_of(observed, self.prefix(), declared));
        if self.desired.template_versions.contains_key(resource) {
            format!("A pool runs this version of template {declared}, and it is not there any more.")
        } else if earlier {
            format!(
                "Template {declared} changed. Instance templates cannot be edited, so this is a new version."
            )
        } else {
            format!("Template {declared} is declared and has no version yet.")
        }
    }

    pub(super) fn create_group(&self, group: &InstanceGroup) -> String {
        format!(
            "Pool {} is declared and does not exist yet: {} over {}.",
            pool_of(group),
            vms(group.target_size),
            counted(group.zones.len(), "zone")
        )
    }

    pub(super) fn update_group(
        &self,
        before: &InstanceGroup,
        after: &InstanceGroup,
        changes: &[FieldChange],
    ) -> String {
        let pool = pool_of(after);
        let opportunistic = after.update_policy.update_type == UpdateType::Opportunistic;
        let tried = |canary: &Canary| match canary.target_size {
            Amount::Fixed(count) => vms(count),
            share @ Amount::Percent(_) => format!("{share} of its VMs"),
        };
        let promoted = |old: &Canary| same_reference(&old.template, &after.template);
        let new_version = !same_reference(&before.template, &after.template);
        let said = match (&before.canary, &after.canary) {
            (Some(old), None) if promoted(old) => {
                format!("Pool {pool} takes the version that its canary tried for all of its VMs.")
            }
            (Some(old), None) if !new_version => {
                let go = if old.target_size == Amount::Fixed(1) { "goes" } else { "go" };
                format!("Pool {pool} ends its canary: {} {go} back to its own version.", tried(old))
            }
            (None, Some(canary)) => {
                format!("Pool {pool} tries another template version on {}.", tried(canary))
            }
            (Some(_), Some(canary)) if before.canary != after.canary => {
                format!(
                    "Pool {pool} changes its canary: another version, or another number, now {}.",
                    tried(canary)
                )
            }
            _ if new_version && opportunistic => {
                format!("Pool {pool} takes another template version; it replaces no VM by itself.")
            }
            _ if new_version => {
                format!("Pool {pool} takes another template version, which replaces its VMs.")
            }
            _ => return self.update(changes),
        };
        let others: Vec<FieldChange> = changes
            .iter()
            .filter(|change| change.attribute != TEMPLATE && !change.attribute.starts_with("canary."))
            .cloned()
            .collect();
        if others.is_empty() {
            return said;
        }
        format!("{said} The declaration changes {}.", attributes(&others))
    }

    pub(super) fn resize_group(&self, group: &InstanceGroup, from: u32) -> String {
        format!("Pool {} declares {}; its group has {from}.", pool_of(group), vms(group.target_size))
    }

    pub(super) fn delete_group(&self, group: &InstanceGroup) -> String {
        let size = self.observed.groups.get(&group.name).map_or(group.target_size, |g| g.target_size);
        let go = if size == 1 { "goes" } else { "go" };
        format!("Pool {} is no longer declared: its {} {go} with it.", pool_of(group), vms(size))
    }

    pub(super) fn create_autoscaler(&self, scaler: &Autoscaler) -> String {
        format!("Its pool scales itself between {} and {}.", scaler.min_replicas, vms(scaler.max_replicas))
    }

    pub(super) fn delete_autoscaler(&self, wanted: &ResourceSet, scaler: &Autoscaler) -> String {
        if wanted.groups.contains_key(name::last_segment(&scaler.group)) {
            "Its pool no longer scales itself: the declared size holds.".to_owned()
        } else {
            "Its pool is no longer declared.".to_owned()
        }
    }
}

/// The declared name of the pool that a group is of, whether it is still declared or not.
pub(crate) fn pool_of(group: &InstanceGroup) -> &str {
    group.base_instance_name.strip_prefix("agent-").unwrap_or(&group.name)
}

fn vms(count: u32) -> String {
    if count == 1 { "1 VM".to_owned() } else { format!("{count} VMs") }
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// `a`, `a and b`, `a, b and 3 more`.
fn attributes(changes: &[FieldChange]) -> String {
    let names: Vec<&str> = changes.iter().map(|change| change.attribute.as_str()).collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [one] => (*one).to_owned(),
        [head @ .., last] if names.len() <= 4 => format!("{} and {last}", head.join(", ")),
        many => format!("{} and {} more", many[..3].join(", "), many.len() - 3),
    }
}
