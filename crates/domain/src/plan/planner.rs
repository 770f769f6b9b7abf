//! The comparison itself: desired beside observed, one action per difference, in the order in which they may run.

use std::collections::BTreeSet;

use super::{Action, Plan, Step, capacity, compare, compare_template, impact, notes, reason::Reasons};
use crate::{
    FleetSpec, ObservedFleet, Timestamp, cost, derive,
    firewall::traffic_impact,
    name::{self, same_reference},
    resource::{InstanceGroup, ResourceKind, ResourceSet},
    rules,
};

/// What would make Compute Engine match the declaration. The same arguments give the same plan.
///
/// Old versions of templates are not deleted by it: VMs run them until the change has converged. [`super::retire`] is
/// for afterwards. A plan with violations is still whole, so that it can be shown; it must not be applied.
pub fn plan(desired: &FleetSpec, observed: &ObservedFleet, now: Timestamp) -> Plan {
    plan_beside(desired, observed, &BTreeSet::new(), now)
}

/// The same where some of the declared names are `taken` by another environment of the project: nothing is planned of those, and
/// `observed` should not hold them either. That it breaks a rule is for whoever knows the others to say.
pub fn plan_beside(
    desired: &FleetSpec,
    observed: &ObservedFleet,
    taken: &BTreeSet<(ResourceKind, String)>,
    now: Timestamp,
) -> Plan {
    let mut wanted = derive::desired(desired, observed);
    let violations = rules::check_derived(desired, &wanted, observed);
    if !taken.is_empty() {
        leave_out(&mut wanted, taken);
    }
    let planner = Planner {
        wanted: &wanted,
        observed,
        reasons: Reasons::new(desired, observed),
        held: held(desired, &wanted),
    };
    let mut actions = Vec::new();
    planner.health_checks(&mut actions);
    planner.firewall_rules(&mut actions);
    planner.templates(&mut actions);
    planner.groups(&mut actions);
    planner.autoscalers(&mut actions);
    actions.sort_by(|a, b| a.step.rank().cmp(&b.step.rank()).then_with(|| a.step.name().cmp(b.step.name())));
    let mut impact = impact::impact(&wanted, observed, &planner.held);
    impact.capacity = capacity::capacity(&wanted, observed, &actions);
    impact.cost = Some(cost::cost_impact(&wanted, observed, &planner.held, &desired.environment.region));
    impact.traffic = traffic_impact(&observed.resources, &wanted);
    Plan {
        environment: desired.environment.environment.clone(),
        violations,
        notes: notes::notes(desired, &wanted, observed, &actions, now),
        impact,
        actions,
    }
}

fn leave_out(wanted: &mut ResourceSet, taken: &BTreeSet<(ResourceKind, String)>) {
    let is_free = |kind: ResourceKind, name: &String| !taken.contains(&(kind, name.clone()));
    let ResourceSet { health_checks, firewall_rules, groups, autoscalers, .. } = wanted;
    health_checks.retain(|name, _| is_free(ResourceKind::HealthCheck, name));
    firewall_rules.retain(|name, _| is_free(ResourceKind::FirewallRule, name));
    groups.retain(|name, _| is_free(ResourceKind::InstanceGroup, name));
    // There is nothing that it could size without its group.
    autoscalers
        .retain(|name, scaler| is_free(ResourceKind::Autoscaler, name) && groups.contains_key(&scaler.group));
}

/// Names of groups and autoscalers of pools whose template is not declared, whose version is missing or whose name is taken. They
/// break a rule; planning to delete what is still declared would be a second, wrong answer.
fn held(desired: &FleetSpec, wanted: &ResourceSet) -> BTreeSet<String> {
    let prefix = &desired.environment.name_prefix;
    desired
        .agent_pools
        .iter()
        .filter(|pool| !wanted.groups.contains_key(&name::instance_group(prefix, &pool.name)))
        .flat_map(|pool| [name::instance_group(prefix, &pool.name), name::autoscaler(prefix, &pool.name)])
        .collect()
}

struct Planner<'a> {
    wanted: &'a ResourceSet,
    observed: &'a ObservedFleet,
    reasons: Reasons<'a>,
    held: BTreeSet<String>,
}

impl Planner<'_> {
    fn health_checks(&self, actions: &mut Vec<Action>) {
        let observed = &self.observed.resources.health_checks;
        for (name, wanted) in &self.wanted.health_checks {
            let health_check = wanted.clone();
            match observed.get(name) {
                None => actions.push(Action {
                    reason: self.reasons.create_health_check(wanted),
                    step: Step::CreateHealthCheck { health_check },
                    changes: Vec::new(),
                }),
                Some(current) => {
                    let changes = compare::health_check(current, wanted);
                    if !changes.is_empty() {
                        let reason = self.reasons.update(&changes);
                        actions.push(Action {
                            step: Step::UpdateHealthCheck { health_check },
                            reason,
                            changes,
                        });
                    }
                }
            }
        }
        for name in observed.keys().filter(|name| !self.wanted.health_checks.contains_key(*name)) {
            // Compute Engine refuses to delete a health check that a held group still uses.
            let in_use =
                self.held.iter().filter_map(|held| self.observed.resources.groups.get(held)).any(|group| {
                    group.auto_healing.as_ref().is_some_and(|h| same_reference(&h.health_check, name))
                });
            if !in_use {
                actions.push(Action {
                    reason: self.reasons.delete_health_check(),
                    step: Step::DeleteHealthCheck { name: name.clone() },
                    changes: Vec::new(),
                });
            }
        }
    }

    fn firewall_rules(&self, actions: &mut Vec<Action>) {
        let observed = &self.observed.resources.firewall_rules;
        for (name, wanted) in &self.wanted.firewall_rules {
            let firewall_rule = wanted.clone();
            match observed.get(name) {
                None => actions.push(Action {
                    reason: self.reasons.create_firewall_rule(wanted),
                    step: Step::CreateFirewallRule { firewall_rule },
                    changes: Vec::new(),
                }),
                Some(current) => {
                    let changes = compare::firewall_rule(current, wanted);
                    if !changes.is_empty() {
                        let reason = self.reasons.update(&changes);
                        actions.push(Action {
                            step: Step::UpdateFirewallRule { firewall_rule },
                            reason,
                            changes,
                        });
                    }
                }
            }
        }
        for name in observed.keys().filter(|name| !self.wanted.firewall_rules.contains_key(*name)) {
            actions.push(Action {
                reason: self.reasons.delete_firewall_rule(),
                step: Step::DeleteFirewallRule { name: name.clone() },
                changes: Vec::new(),
            });
        }
    }

    /// By name alone: the name carries a digest of the content, and what the API reads back is spelled otherwise.
    fn templates(&self, actions: &mut Vec<Action>) {
        for (name, wanted) in &self.wanted.templates {
            if !self.observed.resources.templates.contains_key(name) {
                actions.push(Action {
                    reason: self.reasons.create_template(name),
                    step: Step::CreateInstanceTemplate { instance_template: wanted.clone() },
                    changes: Vec::new(),
                });
            }
        }
    }

    fn groups(&self, actions: &mut Vec<Action>) {
        let observed = &self.observed.resources.groups;
        for (name, wanted) in &self.wanted.groups {
            match observed.get(name) {
                None => actions.push(Action {
                    reason: self.reasons.create_group(wanted),
                    step: Step::CreateInstanceGroup { instance_group: wanted.clone() },
                    changes: Vec::new(),
                }),
                Some(current) => self.existing_group(current, wanted, actions),
            }
        }
        for (name, current) in observed {
            if !self.wanted.groups.contains_key(name) && !self.held.contains(name) {
                actions.push(Action {
                    reason: self.reasons.delete_group(current),
                    step: Step::DeleteInstanceGroup { name: name.clone() },
                    changes: Vec::new(),
                });
            }
        }
    }

    fn existing_group(&self, current: &InstanceGroup, wanted: &InstanceGroup, actions: &mut Vec<Action>) {
        let mut changes = compare::instance_group(current, wanted);
        let new_version = !same_reference(&current.template, &wanted.template);
        if new_version {
            changes.extend(self.template_changes(&current.template, &wanted.template));
        }
        let tried = wanted.canary.as_ref().map(|canary| canary.template.as_str());
        let tries = changes.iter().any(|change| change.attribute == compare::CANARY);
        if let Some(canary) = tried.filter(|_| tries) {
            let differs = self.template_changes(&wanted.template, canary);
            changes.extend(differs.into_iter().map(|change| super::FieldChange {
                attribute: format!("canary.{}", change.attribute),
                ..change
            }));
        }
        if !changes.is_empty() {
            actions.push(Action {
                reason: self.reasons.update_group(current, wanted, &changes),
                step: Step::UpdateInstanceGroup { instance_group: wanted.clone() },
                changes,
            });
        }
        let scales_itself = self.wanted.autoscalers.values().any(|scaler| scaler.group == wanted.name);
        let from = self.observed.groups.get(&wanted.name).map_or(current.target_size, |g| g.target_size);
        if !scales_itself && from != wanted.target_size {
            actions.push(Action {
                reason: self.reasons.resize_group(wanted, from),
                step: Step::ResizeInstanceGroup { name: wanted.name.clone(), from, to: wanted.target_size },
                changes: vec![super::FieldChange {
                    attribute: "target_size".to_owned(),
                    before: Some(from.to_string()),
                    after: Some(wanted.target_size.to_string()),
                }],
            });
        }
    }

    /// What differs between two versions, as far as both are known: the earlier one as it was read, or as it is carried.
    fn template_changes(&self, before: &str, after: &str) -> Vec<super::FieldChange> {
        let known = |name: &str| {
            let name = name::last_segment(name);
            let wanted = self.wanted.templates.get(name);
            wanted.or_else(|| self.observed.resources.templates.get(name))
        };
        match (known(before), known(after)) {
            (Some(before), Some(after)) => compare_template::instance_template(before, after),
            _ => Vec::new(),
        }
    }

    fn autoscalers(&self, actions: &mut Vec<Action>) {
        let observed = &self.observed.resources.autoscalers;
        for (name, wanted) in &self.wanted.autoscalers {
            let autoscaler = wanted.clone();
            match observed.get(name) {
                None => actions.push(Action {
                    reason: self.reasons.create_autoscaler(wanted),
                    step: Step::CreateAutoscaler { autoscaler },
                    changes: Vec::new(),
                }),
                Some(current) => {
                    let changes = compare::autoscaler(current, wanted);
                    if !changes.is_empty() {
                        let reason = self.reasons.update(&changes);
                        actions.push(Action { step: Step::UpdateAutoscaler { autoscaler }, reason, changes });
                    }
                }
            }
        }
        for (name, current) in observed {
            if !self.wanted.autoscalers.contains_key(name) && !self.held.contains(name) {
                actions.push(Action {
                    reason: self.reasons.delete_autoscaler(self.wanted, current),
                    step: Step::DeleteAutoscaler { name: name.clone() },
                    changes: Vec::new(),
                });
            }
        }
    }
}
