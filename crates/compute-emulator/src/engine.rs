//! What happens in time: VMs change status, instances go through their actions, groups converge to their intent.
//! A step is a function of the world and the moment; handlers take one after each change, `run` whenever one is due.

mod autoscaling;
mod capacity;
mod instances;
mod machines;
mod reconcile;
mod rollout;
mod spread;
mod status;

use std::time::Duration;

use crate::{
    app::App,
    clock::{Moment, Virtual},
    config::Config,
    group::{Action, Group, ManagedInstance, Version},
    operation::Operation,
    vm::{Guest, Status},
    world::World,
};

pub(crate) use autoscaling::schedule_offset;
pub(crate) use machines::{delete, halt, preempt, reset, start, write as write_serial};
pub(crate) use rollout::disruption;
pub(crate) use status::{is_stable, version_target_reached};

/// Events come in bursts too: the engine sleeps at least that long between two steps.
const PAUSE: Duration = Duration::from_millis(15);

pub(crate) async fn run(app: App) {
    loop {
        let due = {
            let mut world = app.world();
            let step = step(&mut world, app.clock.now(), &app.config);
            if step.changed {
                app.dirty.notify_one();
            }
            step.due
        };
        let sleep = due.map_or(Duration::from_secs(3600), |at| app.clock.until(at)).max(PAUSE);
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = tokio::time::sleep(sleep) => {}
            () = app.wake.notified() => {}
        }
    }
}

/// One look at everything: what it goes by and what came of it.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    now: Moment,
    config: &'a Config,
    pub(crate) changed: bool,
    /// When the next one is worth while; None if nothing is under way.
    pub(crate) due: Option<Virtual>,
    usage: capacity::Usage,
}

impl<'a> Step<'a> {
    /// A look of which nothing came yet.
    pub(crate) fn new(now: Moment, config: &'a Config) -> Self {
        Self { now, config, changed: false, due: None, usage: capacity::Usage::default() }
    }

    fn due_at(&mut self, at: Virtual) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }
}

/// Does all that is due.
pub(crate) fn step<'a>(world: &mut World, now: Moment, config: &'a Config) -> Step<'a> {
    let mut step = Step::new(now, config);
    machines::advance(world, &mut step);
    autoscaling::advance(world, &mut step);
    let paths: Vec<String> = world.groups.keys().cloned().collect();
    for path in paths {
        let Some(mut group) = world.groups.remove(&path) else { continue };
        let intent = group.intent();
        reconcile::reconcile(&mut group, &intent, world, &mut step);
        instances::advance(&mut group, &intent, world, &mut step);
        if group.deleting.is_some() && group.instances.is_empty() {
            if let Some(operation) = group.deleting.as_ref().and_then(|path| world.operations.get_mut(path)) {
                operation.finish(now);
            }
            step.changed = true;
        } else {
            world.groups.insert(path, group);
        }
    }
    if step.changed {
        // What has changed may make the next thing due: that is the business of the next step.
        step.due_at(now.at);
    }
    step
}

/// Ties the operation that deletes a group to it, so that its end is the operation's end.
pub(crate) fn attach_operation(world: &mut World, operation: &Operation) {
    if operation.ends_at().is_some() {
        return;
    }
    if let Some(group) = world.groups.get_mut(operation.target()) {
        group.deleting = Some(operation.path.clone());
    }
}

/// The version that an instance would get if it were made anew.
pub(crate) fn version_for(group: &Group, name: &str) -> Option<Version> {
    rollout::next_version(group, &group.intent(), &rollout::Names::from([name.to_owned()]))
}

/// Instances of these names, placed as new ones are.
pub(crate) fn add_instances(group: &mut Group, names: &[String], world: &World) {
    let intent = group.intent();
    for name in names {
        let Some(version) = rollout::next_version(group, &intent, &rollout::Names::new()) else { return };
        let Some(zone) = spread::zone_for_one_more(group, &intent, &version, world) else { return };
        group.target_size += 1;
        group.instances.insert(name.clone(), ManagedInstance::new(name.clone(), zone, version));
    }
}

/// After a restart the machines' hosts have been away: their guests boot again, and health is to be found out anew.
pub(crate) fn power_on(world: &mut World, now: Moment, config: &Config) {
    for vm in world.vms.values_mut() {
        if vm.status == Status::Running {
            let boot = world.dice.jitter(config.latencies.boot);
            vm.guest = Guest::Booting { until: now.at + boot };
            vm.last_start = Some(now.stamp);
            machines::write_boot(vm, now);
        }
    }
    for group in world.groups.values_mut() {
        let check = group.intent().health_check;
        for instance in group.instances.values_mut() {
            if matches!(instance.action, Action::None | Action::Verifying) {
                instance.forget_vm();
                instance.grace = check.as_ref().map(|check| now.at + check.initial_delay_seconds * 1000);
            }
        }
    }
}
