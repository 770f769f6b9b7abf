//! VMs: made from a template, PROVISIONING, STAGING, RUNNING with a guest that boots, STOPPING, gone.

use serde_json::Value;

use super::Step;
use crate::{
    clock::Moment,
    group::{Attempt, Version},
    machine_type, reference,
    vm::{Guest, Status, Vm, serial::Serial},
    world::World,
};

/// Makes the VM of a managed instance, or says why that is impossible.
pub(super) fn create(
    world: &mut World,
    path: &str,
    group: &str,
    version: &Version,
    step: &Step<'_>,
) -> Result<(), Attempt> {
    let template = world.resources.get(&version.template).ok_or_else(|| Attempt {
        code: "RESOURCE_NOT_FOUND".to_owned(),
        message: format!("The resource '{}' was not found", version.template),
    })?;
    let blueprint = template.id;
    let properties = template.body.get("properties").cloned().unwrap_or_default();
    let machine_type = properties.get("machineType").and_then(Value::as_str).unwrap_or_default();
    let zone = reference::scope(path);
    if machine_type::find(reference::name(machine_type)).is_none() {
        let machine_type = format!("{zone}/machineTypes/{}", reference::name(machine_type));
        return Err(Attempt {
            code: "RESOURCE_NOT_FOUND".to_owned(),
            message: format!("The resource '{machine_type}' was not found"),
        });
    }
    let vms = &world.vms;
    let agent = world.addresses.allocate(|address| vms.values().any(|vm| vm.agent == address));
    let id = world.dice.id();
    let due = step.now.at + world.dice.jitter(step.config.latencies.provisioning);
    let vm = Vm {
        path: path.to_owned(),
        id,
        created: step.now.stamp,
        last_start: None,
        status: Status::Provisioning,
        due: Some(due),
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
pub(super) fn stop(world: &mut World, path: &str, step: &mut Step<'_>) {
    let due = step.now.at + world.dice.jitter(step.config.latencies.stopping);
    if let Some(vm) = world.vms.get_mut(path).filter(|vm| vm.status != Status::Stopping) {
        if vm.guest != Guest::Off {
            write(vm, step.now, "systemd[1]: Stopping agent-cage.service...");
            write(vm, step.now, "systemd[1]: Reached target Power-Off.");
        }
        vm.status = Status::Stopping;
        vm.guest = Guest::Off;
        vm.due = Some(due);
        step.changed = true;
    }
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
                    gone.push(vm.path.clone());
                }
                Status::Running => vm.due = None,
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
