//! A group's intent against its instances: how many to create, which to delete, replace or move. It only marks instances;
//! `instances` carries the marks out.

use super::{Step, rollout, rollout::Names, spread};
use crate::{
    group::{Action, Group, ManagedInstance, Version},
    intent::{Disruption, Intent},
    reference,
    vm::Status,
    world::World,
};

pub(super) fn reconcile(group: &mut Group, intent: &Intent, world: &mut World, step: &mut Step<'_>) {
    if group.deleting.is_some() {
        let staying: Vec<String> =
            group.instances.values().filter(|i| !i.action.leaves()).map(|i| i.name.clone()).collect();
        for name in staying {
            mark_deleting(group, &name, step);
        }
        return;
    }
    pick_for_other_zone(group, intent, world, step);
    let due = rollout::due(group, intent, world);
    update_in_place(group, intent, due.in_place, world, step);
    let outdated = due.replace;
    create_missing(group, intent, &outdated, world, step);
    if intent.recreate {
        recreate_outdated(group, intent, &outdated, world, step);
    } else {
        delete_substituted(group, intent, &outdated, world, step);
    }
    delete_surplus(group, intent, &outdated, world, step);
}

/// Restarts as many as may be unavailable at once; what needs no restart is done at once.
fn update_in_place(
    group: &mut Group,
    intent: &Intent,
    due: Vec<(String, Version, Disruption)>,
    world: &World,
    step: &mut Step<'_>,
) {
    let mut spare = if due.is_empty() { 0 } else { spare(group, intent, world) };
    for (name, version, needed) in due {
        let Some(instance) = group.instances.get(&name) else { continue };
        // What is under way ends first: its VM may be about to change.
        if !matches!(instance.action, Action::None | Action::Verifying) {
            continue;
        }
        let restart = needed == Disruption::Restart;
        if restart && is_available(group, instance, intent, world) {
            if spare == 0 {
                continue;
            }
            spare -= 1;
        }
        super::instances::update_in_place(group, &name, version, restart, world, step);
    }
}

/// Where zones differ by more than one, one instance at a time is to move.
fn pick_for_other_zone(group: &mut Group, intent: &Intent, world: &World, step: &mut Step<'_>) {
    let calm = group.live_count() == group.target_size
        && group.instances.values().all(|i| i.action == Action::None && !i.leaving);
    if !(intent.redistribute && calm && rollout::due(group, intent, world).is_empty()) {
        return;
    }
    let Some(zone) = spread::overfull(&intent.zones, group) else { return };
    if let Some(instance) = group.instances.values_mut().find(|i| i.zone == zone && !i.standby) {
        instance.leaving = true;
        step.changed = true;
    }
}

fn create_missing(
    group: &mut Group,
    intent: &Intent,
    outdated: &Names,
    world: &mut World,
    step: &mut Step<'_>,
) {
    let size = group.target_size;
    let moving = group.live().any(|i| i.leaving);
    let surge = match intent.max_surge(size) {
        // Moving to another zone needs a place to move to, whatever the rollout may use.
        0 if moving => 1,
        surge => surge,
    };
    let old = u32::try_from(outdated.len()).unwrap_or(u32::MAX);
    let live = group.live_count();
    let room =
        (size + surge.min(old)).saturating_sub(live).min(size.saturating_sub(live.saturating_sub(old)));
    if room == 0 {
        return;
    }
    let mut lacking = rollout::Lacking::of(group, intent, outdated);
    let mut census = spread::census(group, &intent.zones, |i| !outdated.contains(&i.name));
    for _ in 0..room {
        let Some(version) = lacking.take() else { return };
        let Some(zone) = spread::choose(intent, &census, &version, world) else { return };
        if let Some((_, count)) = census.iter_mut().find(|(name, _)| *name == zone) {
            *count += 1;
        }
        let name = free_name(group, intent, &zone, world);
        group.instances.insert(name.clone(), ManagedInstance::new(name, zone, version));
        step.changed = true;
    }
}

fn free_name(group: &Group, intent: &Intent, zone: &str, world: &mut World) -> String {
    loop {
        let name = format!("{}-{}", intent.base_name, world.dice.suffix());
        let path = reference::instance(reference::project(&group.path), zone, &name);
        if !group.instances.contains_key(&name) && !world.vms.contains_key(&path) {
            return name;
        }
    }
}

/// Substitution: an old instance goes when enough others serve.
fn delete_substituted(
    group: &mut Group,
    intent: &Intent,
    outdated: &Names,
    world: &World,
    step: &mut Step<'_>,
) {
    if outdated.is_empty() {
        return;
    }
    let mut spare = spare(group, intent, world);
    for name in outdated {
        let Some(instance) = group.instances.get(name) else { continue };
        if is_available(group, instance, intent, world) {
            if spare == 0 {
                continue;
            }
            spare -= 1;
        }
        mark_deleting(group, name, step);
    }
}

/// RECREATE keeps names: the same instance gets a new VM of the new version.
fn recreate_outdated(
    group: &mut Group,
    intent: &Intent,
    outdated: &Names,
    world: &mut World,
    step: &mut Step<'_>,
) {
    if outdated.is_empty() {
        return;
    }
    let mut spare = spare(group, intent, world);
    let mut lacking = rollout::Lacking::of(group, intent, outdated);
    for name in outdated {
        let Some(instance) = group.instances.get(name) else { continue };
        if is_available(group, instance, intent, world) {
            if spare == 0 {
                continue;
            }
            spare -= 1;
        }
        if instance.leaving {
            mark_deleting(group, name, step);
            continue;
        }
        let Some(version) = lacking.take() else { return };
        super::instances::recreate(group, name, version, world, step);
        step.changed = true;
    }
}

/// How many of those that serve may be taken away.
fn spare(group: &Group, intent: &Intent, world: &World) -> u32 {
    let available = group.live().filter(|i| is_available(group, i, intent, world)).count();
    let floor = group.target_size.saturating_sub(intent.max_unavailable(group.target_size));
    u32::try_from(available).unwrap_or(u32::MAX).saturating_sub(floor)
}

/// RUNNING and, where there is a health check, healthy at least once.
fn is_available(group: &Group, instance: &ManagedInstance, intent: &Intent, world: &World) -> bool {
    let path = reference::instance(reference::project(&group.path), &instance.zone, &instance.name);
    world.vms.get(&path).is_some_and(|vm| vm.status == Status::Running)
        && instance.replacing.is_none()
        && !matches!(instance.action, Action::Restarting | Action::Starting)
        && (intent.health_check.is_none() || instance.was_healthy)
}

/// Scaling in: from the fullest zone, those first that do not serve yet.
fn delete_surplus(group: &mut Group, intent: &Intent, outdated: &Names, world: &World, step: &mut Step<'_>) {
    if group.live_count() <= group.target_size {
        return;
    }
    let serving: Names =
        group.live().filter(|i| is_available(group, i, intent, world)).map(|i| i.name.clone()).collect();
    let mut old = group.live().filter(|i| outdated.contains(&i.name)).count();
    let allowance = intent.max_surge(group.target_size).max(u32::from(group.live().any(|i| i.leaving)));
    let mut census = spread::census(group, &intent.zones, |_| true);
    loop {
        let most = group.target_size + allowance.min(u32::try_from(old).unwrap_or(u32::MAX));
        if group.live_count() <= most {
            return;
        }
        let fullness =
            |zone: &str| census.iter().find(|(name, _)| name == zone).map_or(0, |(_, count)| *count);
        let victim = group
            .live()
            .max_by_key(|i| {
                (outdated.contains(&i.name), fullness(&i.zone), !serving.contains(&i.name), &i.name)
            })
            .map(|i| (i.name.clone(), i.zone.clone()));
        let Some((victim, zone)) = victim else { return };
        old -= usize::from(outdated.contains(&victim));
        if let Some((_, count)) = census.iter_mut().find(|(name, _)| *name == zone) {
            *count = count.saturating_sub(1);
        }
        mark_deleting(group, &victim, step);
    }
}

fn mark_deleting(group: &mut Group, name: &str, step: &mut Step<'_>) {
    if let Some(instance) = group.instances.get_mut(name) {
        instance.action = Action::Deleting;
        instance.due = None;
        step.changed = true;
    }
}
