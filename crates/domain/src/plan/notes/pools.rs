//! Notes on pools: what was decided for them, what has no effect, and what goes with their VMs.

use super::{Note, Scope, listed, note};
use crate::{
    Amount, derive, name,
    plan::Step,
    pool::{PoolSpec, ReplacementMethod, UpdateType},
    resource::{InstanceGroup, InstanceTemplate},
};

pub(super) fn notes(scope: &Scope<'_>, notes: &mut Vec<Note>) {
    for (index, pool) in scope.spec.agent_pools.iter().enumerate() {
        let at = |attribute: &str| format!("agent_pools[{index}].{attribute}");
        if let Some(group) = group(scope, pool) {
            zones(scope, pool, group, &at, notes);
            surge(pool, group, &at, notes);
            versions(pool, group, &at, notes);
            readiness(scope, pool, group, &at, notes);
        }
        scaling(scope, pool, &at, notes);
        if !pool.labels.is_empty() {
            note(
                notes,
                at("labels"),
                "an instance group has no labels in Compute Engine v1: these stay in the declaration",
            );
        }
        if pool.scaling_mode != "manual" {
            note(notes, at("scaling_mode"), "has no effect: enable_autoscaling decides who sets the size");
        }
    }
    workspaces(scope, notes);
}

fn group<'a>(scope: &Scope<'a>, pool: &PoolSpec) -> Option<&'a InstanceGroup> {
    scope.wanted.groups.get(&name::instance_group(&scope.spec.environment.name_prefix, &pool.name))
}

fn zones(
    scope: &Scope<'_>,
    pool: &PoolSpec,
    group: &InstanceGroup,
    at: &dyn Fn(&str) -> String,
    notes: &mut Vec<Note>,
) {
    if scope.spec.environment.zones.is_empty() && group.zones != scope.zones.zones {
        note(
            notes,
            at("name"),
            format!(
                "pool {} keeps the zones that it was created in, {}: zones are fixed after creation",
                pool.name,
                listed(&group.zones)
            ),
        );
    }
}

fn surge(pool: &PoolSpec, group: &InstanceGroup, at: &dyn Fn(&str) -> String, notes: &mut Vec<Note>) {
    let zones = group.zones.len();
    let by_name = pool.replacement_method == ReplacementMethod::Recreate;
    if by_name && pool.max_surge.is_none() {
        note(
            notes,
            at("max_surge"),
            "not set: 0, because RECREATE keeps the names of VMs and has no room for more",
        );
    }
    if pool.max_surge.is_none() && zones > 1 && !by_name {
        note(
            notes,
            at("max_surge"),
            format!(
                "not set: takes {zones}, the number of zones; the module's default of 1 is refused for a group over {zones} zones"
            ),
        );
    }
}

/// Which version a pool holds to or tries, and what it does not do by itself.
fn versions(pool: &PoolSpec, group: &InstanceGroup, at: &dyn Fn(&str) -> String, notes: &mut Vec<Note>) {
    if let Some(version) = &pool.template_version {
        note(
            notes,
            at("template_version"),
            format!(
                "the pool holds to version {version} of {}: what the template declares otherwise reaches no VM of it",
                pool.template_name
            ),
        );
    }
    if let Some(canary) = &group.canary {
        let tried = canary.target_size.of(group.target_size).min(group.target_size);
        let rounded = match canary.target_size {
            Amount::Percent(percent) => format!(", {percent} % rounded up"),
            Amount::Fixed(_) => String::new(),
        };
        note(
            notes,
            at("canary"),
            format!(
                "{tried} of {} VMs run {}{rounded}; Compute Engine chooses which. It stays so until the canary is promoted or rolled back",
                group.target_size, canary.template
            ),
        );
    }
    if pool.update_type == UpdateType::Opportunistic {
        note(
            notes,
            at("update_type"),
            "OPPORTUNISTIC: another version replaces no VM by itself. New VMs have it, recreated ones too, and those that are updated by name",
        );
    }
}

/// The module's default is said where it matters: when VMs are replaced.
fn readiness(
    scope: &Scope<'_>,
    pool: &PoolSpec,
    group: &InstanceGroup,
    at: &dyn Fn(&str) -> String,
    notes: &mut Vec<Note>,
) {
    let replaces = scope.actions.iter().any(|action| {
        matches!(&action.step, Step::UpdateInstanceGroup { instance_group } if instance_group.name == group.name)
            && action.changes_version()
    });
    if pool.min_ready_sec == 0 || !(replaces || pool.min_ready_sec != 60) {
        return;
    }
    let seconds = pool.min_ready_sec;
    let message = if group.canary.is_some() {
        format!("the canary may be promoted once its VMs are {seconds} s old and pass their check")
    } else {
        format!(
            "Compute Engine v1 has no such setting: a rollout goes on as soon as a new VM passes its check. A canary is what waits: it may be promoted after {seconds} s"
        )
    };
    note(notes, at("min_ready_sec"), message);
}

fn scaling(scope: &Scope<'_>, pool: &PoolSpec, at: &dyn Fn(&str) -> String, notes: &mut Vec<Note>) {
    let environment = &scope.spec.environment;
    let (min, max) = derive::bounds(environment, pool);
    if derive::autoscaled(environment, pool) {
        match pool.target_size {
            Some(size) => note(
                notes,
                at("target_size"),
                format!(
                    "{size} is where a new pool starts; then its autoscaler decides, from {min} to {max}"
                ),
            ),
            None if derive::size_at_creation(environment, pool) != environment.default_pool_size => note(
                notes,
                at("target_size"),
                format!(
                    "not set: a new pool starts with {}, because default_pool_size is outside {min} to {max}",
                    derive::size_at_creation(environment, pool)
                ),
            ),
            None => {}
        }
        return;
    }
    let idle: Vec<&str> = [
        ("min_replicas", pool.min_replicas.is_some()),
        ("max_replicas", pool.max_replicas.is_some()),
        ("cpu_target", pool.cpu_target.is_some()),
        ("custom_metrics", pool.custom_metrics.as_ref().is_some_and(|metrics| !metrics.is_empty())),
    ]
    .into_iter()
    .filter_map(|(attribute, set)| set.then_some(attribute))
    .collect();
    if let Some(first) = idle.first() {
        let verb = if idle.len() == 1 { "has" } else { "have" };
        note(
            notes,
            at(first),
            format!("{} {verb} no effect: autoscaling is off for this pool", listed(&idle)),
        );
    }
}

/// docs/decisions/0001-workspace-disks.md
fn workspaces(scope: &Scope<'_>, notes: &mut Vec<Note>) {
    let observed = &scope.observed.resources;
    let has_workspace = |group: &InstanceGroup| {
        observed
            .templates
            .get(name::last_segment(&group.template))
            .is_none_or(|template: &InstanceTemplate| template.workspace_disk.is_some())
    };
    for action in scope.actions {
        let replaces = match &action.step {
            Step::UpdateInstanceGroup { instance_group } => {
                action.changes_version() && instance_group.update_policy.update_type == UpdateType::Proactive
            }
            Step::DeleteInstanceGroup { .. } => true,
            Step::ResizeInstanceGroup { from, to, .. } => to < from,
            _ => false,
        };
        let Some(group) = observed.groups.get(action.step.name()).filter(|_| replaces) else { continue };
        if has_workspace(group) {
            note(
                notes,
                "agent_pools",
                format!(
                    "workspace disks go with their VMs: what agents of {} keep there and nowhere else is lost with every VM that goes",
                    group.name
                ),
            );
        }
    }
}
