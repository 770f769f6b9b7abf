//! VMs: made from a template, PROVISIONING, STAGING, RUNNING with a guest that boots, STOPPING, TERMINATED or gone.

use serde_json::Value;

use super::{Step, capacity};
use crate::{
    clock::Moment,
    group::{Attempt, Version},
    machine_type,
    operation::Operation,
    reference,
    vm::{Ending, Guest, Status, Vm, serial::Serial},
    world::World,
};

/// Makes the VM of a managed instance, or says why that is impossible.
pub(super) fn create(
    world: &mut World,
    path: &str,
    group: &str,
    version: &Version,
    step: &mut Step<'_>,
) -> Result<(), Attempt> {
    let template = world.resources.get(&version.template).ok_or_else(|| {
        Attempt::new("RESOURCE_NOT_FOUND", format!("The resource '{}' was not found", version.template))
    })?;
    let blueprint = template.id;
    let properties = template.body.get("properties").cloned().unwrap_or_default();
    let machine_type = properties.get("machineType").and_then(Value::as_str).unwrap_or_default();
    let zone = reference::scope(path);
    if machine_type::find(reference::name(machine_type)).is_none() {
        let machine_type = format!("{zone}/machineTypes/{}", reference::name(machine_type));
        let message = format!("The resource '{machine_type}' was not found");
        return Err(Attempt::new("RESOURCE_NOT_FOUND", message));
    }
    capacity::claim(world, path, &properties, false, &mut step.usage)?;
    let vms = &world.vms;
    let agent = world.addresses.allocate(|address| vms.values().any(|vm| vm.agent == address));
    let id = world.dice.id();
    let due = step.now.at + world.dice.jitter(step.config.latencies.provisioning);
    let vm = Vm {
        path: path.to_owned(),
        id,
        created: step.now.stamp,
        last_start: None,
        running_since: None,
        status: Status::Provisioning,
        due: Some(due),
        ending: Ending::Deleted,
        preempted: false,
        guest: Guest::Off,
        boots: 0,
        group: group.to_owned(),
        template: version.template.clone(),
        blueprint,
        agent,
        serial: Serial::default(),
    };
    world.blueprints.insert(blueprint, properties);
    world.vms.insert(path.to_owned(), vm);
    Ok(())
}

/// Begins to shut a VM down; at the end of it the VM is gone.
pub(crate) fn delete(world: &mut World, path: &str, step: &mut Step<'_>) {
    end(world, path, Ending::Deleted, step);
}

/// Begins to shut a VM down; at the end of it the VM is TERMINATED.
pub(crate) fn halt(world: &mut World, path: &str, step: &mut Step<'_>) {
    if world.vms.get(path).is_some_and(|vm| !matches!(vm.status, Status::Stopping | Status::Terminated)) {
        end(world, path, Ending::Kept, step);
    }
}

fn end(world: &mut World, path: &str, ending: Ending, step: &mut Step<'_>) {
    let due = step.now.at + world.dice.jitter(step.config.latencies.stopping);
    let Some(vm) = world.vms.get_mut(path) else { return };
    if vm.status == Status::Stopping {
        step.changed |= vm.ending != ending;
        vm.ending = ending;
        return;
    }
    if vm.guest != Guest::Off {
        write(vm, step.now, "systemd[1]: Stopping agent-cage.service...");
        write(vm, step.now, "systemd[1]: Reached target Power-Off.");
    }
    vm.status = Status::Stopping;
    vm.ending = ending;
    vm.guest = Guest::Off;
    vm.due = Some(due);
    step.changed = true;
}

/// Starts a TERMINATED VM again, by the template that it is meant to be of, or says why that is impossible.
pub(crate) fn start(
    world: &mut World,
    path: &str,
    template: &str,
    step: &mut Step<'_>,
) -> Result<(), Attempt> {
    adopt(world, path, template);
    let Some(vm) = world.vms.get(path).filter(|vm| vm.status == Status::Terminated) else { return Ok(()) };
    let properties = world.blueprints.get(&vm.blueprint).cloned().unwrap_or_default();
    capacity::claim(world, path, &properties, true, &mut step.usage)?;
    let due = step.now.at + world.dice.jitter(step.config.latencies.provisioning);
    if let Some(vm) = world.vms.get_mut(path) {
        vm.status = Status::Provisioning;
        vm.preempted = false;
        vm.due = Some(due);
        step.changed = true;
    }
    Ok(())
}

/// As the button on a machine: the same VM boots again at once.
pub(crate) fn reset(world: &mut World, path: &str, step: &mut Step<'_>) {
    let boot = world.dice.jitter(step.config.latencies.boot);
    if let Some(vm) = world.vms.get_mut(path).filter(|vm| vm.status == Status::Running) {
        vm.guest = Guest::Booting { until: step.now.at + boot };
        vm.last_start = Some(step.now.stamp);
        write_boot(vm, step.now);
        step.changed = true;
    }
}

/// Takes a VM's capacity back: the guest is told, and some time later the VM is stopped.
pub(crate) fn preempt(world: &mut World, path: &str, step: &mut Step<'_>) {
    let now = step.now;
    let Some(vm) = world.vms.get_mut(path).filter(|vm| vm.status == Status::Running && !vm.preempted) else {
        return;
    };
    vm.preempted = true;
    vm.due = Some(now.at + u64::try_from(step.config.latencies.preemption.as_millis()).unwrap_or_default());
    write(vm, now, "systemd-logind[1]: Power key pressed: the instance is being preempted.");
    let (id, reason) = (vm.id, "Instance was preempted.".to_owned());
    record(world, "compute.instances.preempted", path, id, reason, now);
    step.changed = true;
}

/// Files what Compute Engine did by itself.
pub(super) fn record(world: &mut World, kind: &str, path: &str, id: u64, reason: String, now: Moment) {
    let operation = Operation::by_system(kind, path, id, reason, now, &mut world.dice);
    world.operations.insert(operation.path.clone(), operation);
}

/// Takes a template's settings over: those that need no other VM.
pub(super) fn adopt(world: &mut World, path: &str, template: &str) {
    let Some((id, properties)) = world
        .resources
        .get(template)
        .map(|resource| (resource.id, resource.body.get("properties").cloned().unwrap_or_default()))
    else {
        return;
    };
    let Some(vm) = world.vms.get_mut(path).filter(|vm| vm.blueprint != id) else { return };
    let before = std::mem::replace(&mut vm.blueprint, id);
    vm.template = template.to_owned();
    world.blueprints.insert(id, properties);
    world.drop_blueprint(before);
}

pub(super) fn advance(world: &mut World, step: &mut Step<'_>) {
    let (now, config) = (step.now, step.config);
    let mut gone = Vec::new();
    for vm in world.vms.values_mut() {
        while let Some(due) = vm.due.filter(|due| *due <= now.at) {
            step.changed = true;
            match vm.status {
                Status::Provisioning => {
                    vm.status = Status::Staging;
                    vm.due = Some(due + world.dice.jitter(config.latencies.staging));
                }
                Status::Staging => {
                    vm.status = Status::Running;
                    vm.due = None;
                    vm.last_start = Some(now.stamp);
                    vm.guest = Guest::Booting { until: due + world.dice.jitter(config.latencies.boot) };
                    write_boot(vm, now);
                }
                Status::Stopping => {
                    vm.due = None;
                    match vm.ending {
                        Ending::Deleted => gone.push(vm.path.clone()),
                        Ending::Kept => vm.status = Status::Terminated,
                    }
                }
                Status::Running if vm.preempted => {
                    write(vm, now, "systemd[1]: Reached target Power-Off.");
                    vm.status = Status::Stopping;
                    vm.ending = Ending::Kept;
                    vm.guest = Guest::Off;
                    vm.due = Some(due + world.dice.jitter(config.latencies.stopping));
                }
                Status::Running | Status::Terminated => vm.due = None,
            }
        }
        if let Guest::Booting { until } = vm.guest {
            if until <= now.at {
                step.changed = true;
                vm.guest = Guest::Up;
                write(vm, now, "systemd[1]: Reached target Multi-User System.");
                if config.agents {
                    write(vm, now, "systemd[1]: Started agent-cage.service.");
                }
            } else {
                step.due_at(until);
            }
        }
        if let Some(due) = vm.due {
            step.due_at(due);
        }
    }
    for path in gone {
        if let Some(vm) = world.vms.remove(&path) {
            world.drop_blueprint(vm.blueprint);
        }
    }
}

/// The first lines of a boot.
pub(super) fn write_boot(vm: &mut Vm, now: Moment) {
    vm.boots += 1;
    vm.running_since = Some(now.at);
    let (name, id) = (vm.name().to_owned(), vm.id);
    for line in [
        "Linux version 6.8.0-emulated (compute-emulator)".to_owned(),
        "Command line: console=ttyS0 root=/dev/sda1".to_owned(),
        format!("DMI: Google Compute Engine, emulated; instance {id}"),
        format!("systemd[1]: Hostname set to <{name}>."),
        "systemd[1]: Starting google-startup-scripts.service...".to_owned(),
    ] {
        write(vm, now, &line);
    }
}

/// One line on the serial port, stamped with the real time since the VM was started.
pub(crate) fn write(vm: &mut Vm, now: Moment, line: &str) {
    let start = vm.last_start.unwrap_or(vm.created);
    let uptime = u64::try_from(now.stamp.millis() - start.millis()).unwrap_or_default();
    vm.serial.line(uptime, line);
}
