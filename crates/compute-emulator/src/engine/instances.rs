//! Managed instances: carries out their current action and finds out when it has come to its end.

use std::collections::BTreeSet;

use super::{Step, machines};
use crate::{
    clock::Moment,
    config::Config,
    group::{Action, Failure, Group, Health, ManagedInstance, Version},
    intent::Intent,
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
    let status = world.vms.get(&path).map(|vm| (vm.id, vm.status));
    match instance.action {
        Action::Deleting => {
            if status.is_some() {
                machines::stop(world, &path, step);
            }
            status.is_some()
        }
        Action::Abandoning => match instance.due {
            None => {
                instance.due = Some(now.at + world.dice.jitter(config.latencies.abandoning));
                true
            }
            Some(due) => due > now.at,
        },
        Action::Creating | Action::Recreating => {
            match status {
                Some((id, _)) if instance.replacing == Some(id) => machines::stop(world, &path, step),
                Some((_, Status::Running)) => settle(instance, intent, now),
                Some(_) => {}
                None if instance.due.is_some_and(|due| due > now.at) => {}
                None => create(group, instance, &path, world, step),
            }
            true
        }
        Action::None | Action::Verifying => {
            let gone = !matches!(status, Some((_, Status::Running)));
            if gone || is_ill(instance, intent, now, config) {
                start_over(instance, status.map(|(id, _)| id));
                if intent.update_on_repair
                    && let Some(version) =
                        super::rollout::next_version(group, intent, &BTreeSet::from([instance.name.clone()]))
                {
                    instance.version = version;
                }
            } else if instance.action == Action::Verifying
                && (intent.health_check.is_none() || instance.health == Health::Healthy)
            {
                instance.action = Action::None;
            }
            true
        }
    }
}

fn create(
    group: &mut Group,
    instance: &mut ManagedInstance,
    path: &str,
    world: &mut World,
    step: &mut Step<'_>,
) {
    step.changed = true;
    instance.replacing = None;
    instance.forget_vm();
    match machines::create(world, path, &group.path, &instance.version, step) {
        Ok(()) => {
            instance.due = None;
            instance.last_attempt = None;
        }
        Err(attempt) => {
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
    }
}

/// Its VM runs: what remains is to see that it is healthy, where there is a way to see it.
fn settle(instance: &mut ManagedInstance, intent: &Intent, now: Moment) {
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
        && intent.repair
        && intent.health_check.is_some()
        && matches!(instance.health, Health::Unhealthy | Health::Timeout)
        && (instance.was_healthy || instance.grace.is_some_and(|until| until <= now.at))
}

fn start_over(instance: &mut ManagedInstance, vm: Option<u64>) {
    instance.action = Action::Recreating;
    instance.replacing = vm;
    instance.due = None;
    instance.forget_vm();
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
    start_over(instance, world.vms.get(&path).map(|vm| vm.id));
    machines::stop(world, &path, step);
}
