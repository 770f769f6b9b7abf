//! Autoscalers at work: from the load of a group's VMs and from schedules to a size, and from that to the group.

use super::Step;
use crate::{
    autoscaler::{Mode, Policy, Scaler},
    clock::Virtual,
    fault::Fault,
    group::Group,
    load::Load,
    reference,
    vm::{Guest, Vm},
    world::{World, target_of},
};

/// Virtual milliseconds between two looks, and real ones at the least.
const LOOK: Virtual = 15_000;
const SHORTEST_REAL: f64 = 100.0;

pub(super) fn advance(world: &mut World, step: &mut Step<'_>) {
    let scalers: Vec<String> =
        world.resources.keys().filter(|path| path.contains("/autoscalers/")).cloned().collect();
    world.scalers.retain(|path, _| scalers.binary_search(path).is_ok());
    for path in scalers {
        let latency = u64::try_from(step.config.latencies.operation.as_millis()).unwrap_or_default();
        let fresh = || Scaler { pending_until: step.now.at + latency, ..Scaler::default() };
        let mut scaler = world.scalers.remove(&path).unwrap_or_else(fresh);
        if scaler.due <= step.now.at {
            look(&mut scaler, &path, world, step);
            let pause = LOOK.max((SHORTEST_REAL * step.config.clock_rate) as Virtual);
            scaler.due = step.now.at + pause;
        }
        step.due_at(scaler.due);
        world.scalers.insert(path, scaler);
    }
}

fn look(scaler: &mut Scaler, path: &str, world: &mut World, step: &mut Step<'_>) {
    let Some(resource) = world.resources.get(path) else { return };
    let policy = Policy::of(&resource.body);
    let target = target_of(path, &resource.body);
    let Some(group) = target.as_deref().and_then(|target| world.groups.get(target)) else {
        scaler.recommended = None;
        return;
    };
    let size = group.target_size;
    let at = window_time(world, step);
    if scaler.asked.is_empty() {
        // What the group was until now was asked for by somebody.
        scaler.asked.push((at, policy.capped(size)));
    }
    let wanted = wanted(scaler, &policy, group, world, step);
    scaler.wanted = wanted;
    remember(&mut scaler.asked, policy.capped(wanted), at, policy.stabilization);
    let window = policy.scale_in.as_ref().map_or(0, |scale_in| scale_in.window);
    remember(&mut scaler.sizes, size, at, window);
    let recommended = recommend(scaler, &policy);
    if scaler.recommended != Some(recommended) {
        scaler.recommended = Some(recommended);
        step.changed = true;
    }
    let moves = match policy.mode {
        Mode::On => recommended != size,
        Mode::OnlyScaleOut | Mode::OnlyUp => recommended > size,
        Mode::Off => false,
    };
    if moves && group.deleting.is_none() && step.now.at >= scaler.pending_until {
        tracing::debug!(autoscaler = path, from = size, to = recommended, "resizes");
        if let Some(group) = target.and_then(|target| world.groups.get_mut(&target)) {
            group.target_size = recommended;
            step.changed = true;
        }
    }
}

/// The time in which the stabilization period and the scale-in window pass: the wall's, as load is of the wall's time as well.
fn window_time(world: &World, step: &Step<'_>) -> Virtual {
    if world.active_faults().any(|fault| matches!(fault, Fault::FastAutoscaling {})) {
        step.now.at
    } else {
        Virtual::try_from(step.now.stamp.millis()).unwrap_or_default()
    }
}

/// The peak of what was asked for within the stabilization period: growing is at once, shrinking waits. And no more goes
/// within the scale-in window than the control allows.
fn recommend(scaler: &Scaler, policy: &Policy) -> u32 {
    let peak = scaler.asked.iter().map(|(_, size)| *size).max().unwrap_or_default();
    let floor = policy.scale_in.as_ref().map_or(0, |scale_in| {
        let largest = scaler.sizes.iter().map(|(_, size)| *size).max().unwrap_or_default();
        largest.saturating_sub(scale_in.most.of_size(largest))
    });
    policy.capped(peak.max(floor))
}

/// What signals and schedules ask for; the largest of them counts. Without any data the group stays as it is.
fn wanted(scaler: &mut Scaler, policy: &Policy, group: &Group, world: &World, step: &Step<'_>) -> u32 {
    let quiet = Load::default();
    let load = world.loads.get(&group.path).unwrap_or(&quiet);
    let serving: Vec<&Vm> = serving(group, world, policy, step.now.at).collect();
    let mut asked = Vec::new();
    if let Some(target) = policy.cpu_target {
        let shown = |vm: &&Vm| {
            // Where no agents are booted, the group's switch stands for them.
            if step.config.agents {
                world.cpu.get(&vm.id).copied()
            } else {
                load.cpu_of_each(serving.len(), step.now.at)
            }
        };
        let data: Vec<f64> = serving.iter().filter_map(shown).collect();
        if !data.is_empty() {
            // VMs without data yet count as the others do on average.
            let sum = data.iter().sum::<f64>() / data.len() as f64 * serving.len() as f64;
            asked.push(rounded_up(sum / target));
        }
    }
    scaler.unfed.clear();
    for metric in &policy.metrics {
        match load.metric_of_all(&metric.name, serving.len(), step.now.at) {
            Some(total) if metric.target > 0.0 => asked.push(rounded_up(total / metric.target)),
            _ => scaler.unfed.push(metric.name.clone()),
        }
    }
    let wall = step.now.stamp.moved(schedule_offset(world));
    let now = chrono::DateTime::from_timestamp_millis(wall.millis()).unwrap_or_default();
    let mut scheduled = None;
    for (name, schedule) in &policy.schedules {
        if let Some(since) = schedule.active_since(now) {
            let begun =
                scaler.started.get(name).is_none_or(|started| started.millis() < since.timestamp_millis());
            if begun {
                scaler.started.insert(name.clone(), wall);
            }
            scheduled = scheduled.max(Some(schedule.least));
        }
    }
    let by_load = asked.into_iter().max();
    // Where only schedules decide, the minimum is what there is without them.
    let only_schedules = policy.cpu_target.is_none() && policy.metrics.is_empty();
    let without =
        if only_schedules && !policy.schedules.is_empty() { policy.least } else { group.target_size };
    by_load.unwrap_or(without).max(scheduled.unwrap_or_default())
}

/// How much later than the wall's the schedules' time is.
pub(crate) fn schedule_offset(world: &World) -> i64 {
    let offsets = world.active_faults().filter_map(|fault| match fault {
        Fault::ScheduleClock { offset_seconds } => Some(offset_seconds * 1000),
        _ => None,
    });
    offsets.sum()
}

/// The VMs whose load counts: they run, and have had the time to initialise.
fn serving<'a>(
    group: &'a Group,
    world: &'a World,
    policy: &Policy,
    now: Virtual,
) -> impl Iterator<Item = &'a Vm> {
    let project = reference::project(&group.path);
    let cool_down = policy.cool_down;
    group
        .live()
        .filter_map(move |instance| {
            world.vms.get(&reference::instance(project, &instance.zone, &instance.name))
        })
        .filter(move |vm| {
            vm.guest == Guest::Up && vm.running_since.is_some_and(|since| since + cool_down <= now)
        })
}

fn rounded_up(size: f64) -> u32 {
    // 3.0000000001 machines are three.
    (size - 1e-9).ceil().clamp(0.0, 1e6) as u32
}

/// Keeps what lies within the period.
fn remember(history: &mut Vec<(Virtual, u32)>, size: u32, now: Virtual, period: Virtual) {
    history.push((now, size));
    // What is of the future was noted in another time: a switch has been moved.
    history.retain(|(at, _)| *at <= now && at + period >= now);
    // Neighbours of one size are one span: its first and its last look suffice.
    let mut index = 1;
    while index + 1 < history.len() {
        if history[index - 1].1 == history[index].1 && history[index].1 == history[index + 1].1 {
            history.remove(index);
        } else {
            index += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn policy(policy: Value) -> Policy {
        let Value::Object(body) = json!({ "autoscalingPolicy": policy }) else { panic!("an object") };
        Policy::of(&body)
    }

    #[test]
    fn shrinking_waits_for_the_stabilization_period() {
        let policy = policy(json!({"minNumReplicas": 1, "maxNumReplicas": 10}));
        let mut scaler = Scaler::default();
        for (at, asked) in [(0, 8), (300_000, 3), (600_000, 3)] {
            remember(&mut scaler.asked, asked, at, policy.stabilization);
            assert_eq!(recommend(&scaler, &policy), 8, "at {at}");
        }
        remember(&mut scaler.asked, 3, 615_000, policy.stabilization);
        assert_eq!(recommend(&scaler, &policy), 3);
        remember(&mut scaler.asked, 9, 630_000, policy.stabilization);
        assert_eq!(recommend(&scaler, &policy), 9, "growing does not wait");
    }

    #[test]
    fn no_more_goes_than_the_control_allows() {
        let policy = policy(json!({"minNumReplicas": 1, "maxNumReplicas": 20, "stabilizationPeriodSec": 0,
            "scaleInControl": {"maxScaledInReplicas": {"percent": 25}, "timeWindowSec": 600}}));
        let mut scaler = Scaler::default();
        remember(&mut scaler.sizes, 12, 0, 600_000);
        remember(&mut scaler.asked, 2, 0, 0);
        assert_eq!(recommend(&scaler, &policy), 9);
        // What went within the window counts, however often one looks.
        remember(&mut scaler.sizes, 9, 300_000, 600_000);
        assert_eq!(recommend(&scaler, &policy), 9);
        remember(&mut scaler.sizes, 9, 615_000, 600_000);
        assert_eq!(recommend(&scaler, &policy), 6);
    }

    #[test]
    fn a_long_history_of_one_size_is_two_looks() {
        let mut history = Vec::new();
        for at in 0..100 {
            remember(&mut history, 5, at * 1000, 600_000);
        }
        assert_eq!(history, [(0, 5), (99_000, 5)]);
    }

    #[test]
    fn whole_machines_are_not_rounded_up_by_noise() {
        assert_eq!((rounded_up(3.000_000_000_1), rounded_up(3.01), rounded_up(0.0)), (3, 4, 0));
    }
}
