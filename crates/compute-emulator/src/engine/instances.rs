//! Managed instances: carries out their current action and finds out when it has come to its end.

use std::collections::BTreeSet;

use super::{Step, capacity, machines};
use crate::{
    clock::Moment,
    config::Config,
    group::{Action, Attempt, Failure, Group, Health, ManagedInstance, Version},
    intent::{Intent, TargetShape},
    reference,
    vm::Status,
    world::World,
};

pub(super) fn advance(group: &mut Group, intent: &Intent, world: &mut World, step: &mut Step<'_>) {
    let names: Vec<String> = group.instances.keys().cloned().collect();
    for name in names {
        let Some(mut instance) = group.instances.remove(&name) else { continue };
        let before = (instance.action, instance.due);
        let stays = one(group, &mut instance, intent, world, step);
        step.changed |= !stays || before != (instance.action, instance.due);
        if stays {
            if let Some(due) = instance.due {
                step.due_at(due);
            }
            // Failing probes that do not count yet will count then, without anything else happening.
            let failing = matches!(instance.health, Health::Unhealthy | Health::Timeout);
            if let Some(grace) = instance.grace.filter(|grace| failing && *grace > step.now.at) {
                step.due_at(grace);
            }
            group.instances.insert(name, instance);
        }
    }
}

/// False when the instance has left the group.
fn one(
    group: &mut Group,
    instance: &mut ManagedInstance,
    intent: &Intent,
    world: &mut World,
    step: &mut Step<'_>,
) -> bool {
    let (now, config) = (step.now, step.config);
    let path = reference::instance(reference::project(&group.path), &instance.zone, &instance.name);
    let vm = world.vms.get(&path).map(|vm| (vm.id, vm.boots, vm.status));
    let waits = instance.due.is_some_and(|due| due > now.at);
    match instance.action {
        Action::Deleting => {
            if vm.is_some() {
                machines::delete(world, &path, step);
            }
            vm.is_some()
        }
        Action::Abandoning => match instance.due {
            None => {
                instance.due = Some(now.at + world.dice.jitter(config.latencies.abandoning));
                true
            }
            Some(due) => due > now.at,
        },
        Action::Creating | Action::Recreating => match vm {
            Some((id, ..)) if instance.replacing == Some(id) => {
                machines::delete(world, &path, step);
                true
            }
            Some((.., Status::Running)) => {
                settle(instance, intent, now);
                true
            }
            Some(_) => true,
            None if waits => true,
            None => create(group, instance, intent, &path, world, step),
        },
        Action::Restarting | Action::Starting => {
            match vm {
                Some((_, boots, Status::Running)) if instance.ending_boot == Some(boots) => {
                    machines::halt(world, &path, step);
                }
                Some((.., Status::Running)) => settle(instance, intent, now),
                Some((.., Status::Terminated)) if !waits => start(group, instance, &path, world, step),
                Some(_) => {}
                None => instance.start_over(None),
            }
            true
        }
        Action::Stopping => match vm {
            Some((.., Status::Terminated)) => {
                instance.action = Action::None;
                true
            }
            Some(_) => {
                machines::halt(world, &path, step);
                true
            }
            None => false,
        },
        Action::Refreshing => {
            match instance.due {
                None => instance.due = Some(now.at + world.dice.jitter(config.latencies.refreshing)),
                Some(due) if due > now.at => {}
                Some(_) => {
                    machines::adopt(world, &path, &instance.version.template);
                    instance.due = None;
                    instance.action = Action::None;
                }
            }
            true
        }
        // Somebody deleted what was stopped: there is nothing to keep.
        Action::None if instance.standby => vm.is_some(),
        Action::None | Action::Verifying => {
            let failed = matches!(vm, None | Some((.., Status::Terminated)));
            if failed && intent.repair_failed {
                let reason = if vm.is_some() {
                    "instance's intent is RUNNING but it is TERMINATED"
                } else {
                    "the instance is gone"
                };
                repair(group, instance, intent, reason, world, step);
            } else if !failed && is_ill(instance, intent, now, config) {
                let health = instance.health.name();
                let reason = format!("instance's intent is RUNNING but its health status is {health}");
                repair(group, instance, intent, &reason, world, step);
            } else if instance.action == Action::Verifying
                && (intent.health_check.is_none() || instance.health == Health::Healthy)
            {
                instance.action = Action::None;
            }
            true
        }
    }
}

/// Gives an instance whose VM failed another one, and files that.
fn repair(
    group: &Group,
    instance: &mut ManagedInstance,
    intent: &Intent,
    reason: &str,
    world: &mut World,
    step: &mut Step<'_>,
) {
    let path = reference::instance(reference::project(&group.path), &instance.zone, &instance.name);
    let vm = world.vms.get(&path).map(|vm| vm.id);
    let message = format!(
        "Instance Group Manager '{}' initiated recreateInstance on instance '{path}'. Reason: {reason}.",
        group.path
    );
    let kind = "compute.instances.repair.recreateInstance";
    machines::record(world, kind, &path, vm.unwrap_or_default(), message, step.now);
    instance.start_over(vm);
    step.changed = true;
    if intent.update_on_repair
        && let Some(version) =
            super::rollout::next_version(group, intent, &BTreeSet::from([instance.name.clone()]))
    {
        instance.version = version;
    }
}

/// False when another zone is to have the instance instead.
fn create(
    group: &mut Group,
    instance: &mut ManagedInstance,
    intent: &Intent,
    path: &str,
    world: &mut World,
    step: &mut Step<'_>,
) -> bool {
    step.changed = true;
    instance.replacing = None;
    instance.forget_vm();
    match machines::create(world, path, &group.path, &instance.version, step) {
        Ok(()) => {
            instance.due = None;
            instance.last_attempt = None;
            true
        }
        Err(attempt) => {
            let moves = attempt.code == "ZONE_RESOURCE_POOL_EXHAUSTED"
                && intent.shape != TargetShape::Even
                && instance.action == Action::Creating
                && other_zone(intent, &instance.version, world);
            fail(group, instance, path, attempt, world, step);
            !moves
        }
    }
}

/// Whether some zone of the group has capacity.
fn other_zone(intent: &Intent, version: &Version, world: &World) -> bool {
    let properties =
        world.resources.get(&version.template).and_then(|template| template.body.get("properties"));
    properties
        .is_some_and(|properties| intent.zones.iter().any(|zone| !capacity::is_out(world, zone, properties)))
}

fn start(
    group: &mut Group,
    instance: &mut ManagedInstance,
    path: &str,
    world: &mut World,
    step: &mut Step<'_>,
) {
    match machines::start(world, path, &instance.version.template, step) {
        Ok(()) => {
            instance.due = None;
            instance.last_attempt = None;
        }
        Err(attempt) => fail(group, instance, path, attempt, world, step),
    }
}

/// Notes why an attempt failed, and when the next one is due.
fn fail(
    group: &mut Group,
    instance: &mut ManagedInstance,
    path: &str,
    attempt: Attempt,
    world: &mut World,
    step: &Step<'_>,
) {
    instance.due = Some(step.now.at + world.dice.jitter(step.config.latencies.retry));
    instance.last_attempt = Some(attempt.clone());
    group.record(Failure {
        stamp: step.now.stamp,
        action: instance.action,
        instance: path.to_owned(),
        version: instance.version.clone(),
        attempt,
    });
}

/// Its VM runs: what remains is to see that it is healthy, where there is a way to see it.
fn settle(instance: &mut ManagedInstance, intent: &Intent, now: Moment) {
    instance.ending_boot = None;
    instance.action = match &intent.health_check {
        Some(check) => {
            instance.grace = Some(now.at + check.initial_delay_seconds * 1000);
            Action::Verifying
        }
        None => Action::None,
    };
}

/// Autohealing acts on failing probes, once the VM has been healthy or has had its time. Without agents there is nothing
/// to probe, and so nothing to heal.
fn is_ill(instance: &ManagedInstance, intent: &Intent, now: Moment, config: &Config) -> bool {
    config.agents
        && intent.repair_ill
        && intent.health_check.is_some()
        && matches!(instance.health, Health::Unhealthy | Health::Timeout)
        && (instance.was_healthy || instance.grace.is_some_and(|until| until <= now.at))
}

/// Gives an instance a new VM under its name, of that version.
pub(super) fn recreate(
    group: &mut Group,
    name: &str,
    version: Version,
    world: &mut World,
    step: &mut Step<'_>,
) {
    let project = reference::project(&group.path).to_owned();
    let Some(instance) = group.instances.get_mut(name) else { return };
    let path = reference::instance(&project, &instance.zone, name);
    instance.version = version;
    instance.start_over(world.vms.get(&path).map(|vm| vm.id));
    machines::delete(world, &path, step);
}

/// Brings an instance to a version without another VM: by a restart, or without one.
pub(super) fn update_in_place(
    group: &mut Group,
    name: &str,
    version: Version,
    restart: bool,
    world: &World,
    step: &mut Step<'_>,
) {
    let project = reference::project(&group.path).to_owned();
    let Some(instance) = group.instances.get_mut(name) else { return };
    let path = reference::instance(&project, &instance.zone, name);
    let Some(vm) = world.vms.get(&path) else { return };
    instance.version = version;
    if restart {
        instance.restart(vm.boots);
    } else {
        instance.action = Action::Refreshing;
        instance.due = None;
    }
    step.changed = true;
}
