//! What is done to named VMs of a pool, as a plan: it is proposed, approved and applied like any other, and its change
//! declares what was declared before, but for the size where VMs leave.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    Action, Capacity, InstanceRef, Note, Plan, Step, ZoneImpact, capacity::serves, impact, lives, plan,
};
use crate::{
    FleetSpec, ObservedFleet, Timestamp,
    cost::present_month,
    instance::Instance,
    name::{self, last_segment, same_reference},
    resource::InstanceGroup,
};

/// VMs of one change: each is a call and an event of its own.
pub const MOST_INSTANCES: usize = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceVerb {
    Restart,
    Recreate,
    Update,
    Delete,
}

impl InstanceVerb {
    pub const ALL: [Self; 4] = [Self::Restart, Self::Recreate, Self::Update, Self::Delete];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Recreate => "recreate",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// What it does to a VM, as a sentence.
    pub const fn effect(self) -> &'static str {
        match self {
            Self::Restart => "The same VM boots again: its disks stay, its memory does not.",
            Self::Recreate => {
                "The VM is deleted and made anew under the same name: its disks are lost, the workspace included."
            }
            Self::Update => {
                "The VM is made anew with the version that its pool declares: its disks are lost."
            }
            Self::Delete => {
                "The VM and its disks are deleted, and the pool has one VM less, unless its autoscaler makes another."
            }
        }
    }
}

impl std::str::FromStr for InstanceVerb {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|verb| verb.as_str() == text);
        found.ok_or_else(|| {
            format!("`{text}` is no action on an instance: restart, recreate, update or delete")
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceAction {
    /// The pool's declared name.
    pub pool: String,
    pub verb: InstanceVerb,
    pub instances: Vec<String>,
}

impl InstanceAction {
    /// What a plan does to VMs by name, so that it can be planned again; None where it does nothing to any.
    pub fn of_plan(plan: &Plan, prefix: &str) -> Option<Self> {
        let named: Vec<(InstanceVerb, &InstanceRef)> = plan
            .actions
            .iter()
            .filter_map(|action| match &action.step {
                Step::RestartInstance(vm) => Some((InstanceVerb::Restart, vm)),
                Step::RecreateInstance(vm) => Some((InstanceVerb::Recreate, vm)),
                Step::UpdateInstance(vm) => Some((InstanceVerb::Update, vm)),
                Step::DeleteInstance(vm) => Some((InstanceVerb::Delete, vm)),
                _ => None,
            })
            .collect();
        let (verb, first) = *named.first()?;
        let pool = name::pool_of(&first.group, prefix)?.to_owned();
        Some(Self { pool, verb, instances: named.into_iter().map(|(_, vm)| vm.name.clone()).collect() })
    }
}

/// Why nothing is planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct Refused {
    pub field: &'static str,
    pub message: String,
}

fn refused<T>(field: &'static str, message: String) -> Result<T, Refused> {
    Err(Refused { field, message })
}

/// The plan of `desired` with the action's steps. Where VMs leave, `desired` already has the smaller size.
pub fn plan_instances(
    desired: &FleetSpec,
    observed: &ObservedFleet,
    action: &InstanceAction,
    now: Timestamp,
) -> Result<Plan, Refused> {
    let group = name::instance_group(&desired.environment.name_prefix, &action.pool);
    let vms = find(observed, &group, action)?;
    let mut plan = match action.verb {
        InstanceVerb::Delete => {
            let mut plan = plan(desired, &without(observed, &group, &vms), now);
            // Those that leave are part of what the month costs until they do.
            if let Some(cost) = &mut plan.impact.cost {
                cost.before = present_month(observed, &desired.environment.region);
            }
            plan
        }
        InstanceVerb::Restart | InstanceVerb::Recreate | InstanceVerb::Update => plan(desired, observed, now),
    };
    for vm in &vms {
        let at = InstanceRef { group: group.clone(), zone: vm.zone.clone(), name: vm.name.clone() };
        plan.actions.push(Action {
            step: match action.verb {
                InstanceVerb::Restart => Step::RestartInstance(at),
                InstanceVerb::Recreate => Step::RecreateInstance(at),
                InstanceVerb::Update => Step::UpdateInstance(at),
                InstanceVerb::Delete => Step::DeleteInstance(at),
            },
            reason: format!("It was asked for by name. {}", action.verb.effect()),
            changes: Vec::new(),
        });
        let one = ZoneImpact { replaced: 1, ..ZoneImpact::default() };
        *plan.impact.zones.entry(vm.zone.clone()).or_default() += match action.verb {
            InstanceVerb::Restart => ZoneImpact { replaced: 0, restarted: 1, ..one },
            InstanceVerb::Delete => ZoneImpact { replaced: 0, deleted: 1, ..one },
            InstanceVerb::Recreate | InstanceVerb::Update => one,
        };
    }
    plan.actions
        .sort_by(|a, b| a.step.rank().cmp(&b.step.rank()).then_with(|| a.step.name().cmp(b.step.name())));
    count_capacity(&mut plan, observed, &group, &action.pool, &vms);
    add_notes(&mut plan, observed, &group, action);
    Ok(plan)
}

/// The named VMs, in the order of their names.
fn find<'a>(
    observed: &'a ObservedFleet,
    group: &str,
    action: &InstanceAction,
) -> Result<Vec<&'a Instance>, Refused> {
    let names: BTreeSet<&str> = action.instances.iter().map(String::as_str).collect();
    if names.is_empty() {
        return refused("instances", "name at least one instance".to_owned());
    }
    if names.len() > MOST_INSTANCES {
        return refused(
            "instances",
            format!("{} are too many for one change: at most {MOST_INSTANCES}", names.len()),
        );
    }
    let (Some(status), Some(settings)) = (observed.groups.get(group), observed.resources.groups.get(group))
    else {
        return refused("pool", format!("{} has no instance group yet", action.pool));
    };
    let mut vms = Vec::new();
    for name in names {
        let Some(vm) = lives(status).find(|vm| vm.name == name) else {
            return refused(
                "instances",
                format!("{name} is not in pool {}, or is on its way out of it", action.pool),
            );
        };
        if action.verb == InstanceVerb::Update && is_current(settings, vm) {
            return refused("instances", format!("{name} already runs a version that its pool declares"));
        }
        if vm.id.is_none() && action.verb != InstanceVerb::Delete {
            return refused("instances", format!("{name} has no VM yet: wait until it is made"));
        }
        vms.push(vm);
    }
    Ok(vms)
}

fn is_current(group: &InstanceGroup, vm: &Instance) -> bool {
    let own = vm.template.as_deref();
    group.templates().any(|template| own.is_some_and(|own| same_reference(own, template)))
}

/// The fleet once these VMs have left.
fn without(observed: &ObservedFleet, group: &str, vms: &[&Instance]) -> ObservedFleet {
    let mut rest = observed.clone();
    let gone = u32::try_from(vms.len()).unwrap_or(u32::MAX);
    if let Some(status) = rest.groups.get_mut(group) {
        status.instances.retain(|vm| !vms.iter().any(|leaving| leaving.name == vm.name));
        status.target_size = status.target_size.saturating_sub(gone);
    }
    if let Some(settings) = rest.resources.groups.get_mut(group) {
        settings.target_size = settings.target_size.saturating_sub(gone);
    }
    rest
}

/// All of them may be away at once: the calls follow each other faster than a VM boots.
fn count_capacity(plan: &mut Plan, observed: &ObservedFleet, group: &str, pool: &str, vms: &[&Instance]) {
    let count = |all: usize| u32::try_from(all).unwrap_or(u32::MAX);
    let of = count(
        observed
            .groups
            .get(group)
            .map_or(0, |status| status.instances.iter().filter(|vm| serves(vm)).count()),
    );
    let hit = count(vms.iter().filter(|vm| serves(vm)).count());
    match plan.impact.capacity.iter_mut().find(|capacity| capacity.pool == pool) {
        Some(capacity) => {
            *capacity = Capacity { of, lowest: capacity.lowest.min(of - hit), ..capacity.clone() }
        }
        None => plan.impact.capacity.push(Capacity { pool: pool.to_owned(), lowest: of - hit, of }),
    }
}

fn add_notes(plan: &mut Plan, observed: &ObservedFleet, group: &str, action: &InstanceAction) {
    let mut note = |message: String| {
        plan.notes.push(Note {
            attribute: "instances".to_owned(),
            message,
            severity: crate::firewall::Severity::default(),
        });
    };
    let template = observed.resources.groups.get(group).map(|group| last_segment(&group.template));
    let workspace = template
        .and_then(|template| observed.resources.templates.get(template))
        .is_none_or(|template| template.workspace_disk.is_some());
    if action.verb != InstanceVerb::Restart && workspace {
        note(
            "what the agents keep on their workspace disks and nowhere else is lost with the VMs".to_owned(),
        );
    }
    if action.verb == InstanceVerb::Delete {
        match impact::autoscaler_of(&observed.resources, group) {
            Some(_) => {
                note("the pool is autoscaled: its autoscaler may make other VMs in their place".to_owned())
            }
            None => note(
                "the group may move a VM to another zone, so that zones differ by at most one".to_owned(),
            ),
        }
    }
}
