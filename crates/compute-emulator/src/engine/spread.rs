//! How the instances of a group lie in its zones: EVEN groups differ by at most one between them, the others go where
//! capacity is.

use super::{capacity, rollout};
use crate::{
    group::{Group, ManagedInstance, Version},
    intent::{Intent, TargetShape},
    world::World,
};

/// How many of the staying instances that `counts` each zone has, in the order of the zones.
pub(super) fn census(
    group: &Group,
    zones: &[String],
    counts: impl Fn(&ManagedInstance) -> bool,
) -> Vec<(String, usize)> {
    let mut census: Vec<(String, usize)> = zones.iter().map(|zone| (zone.clone(), 0)).collect();
    for instance in group.live().filter(|i| counts(i)) {
        if let Some((_, count)) = census.iter_mut().find(|(zone, _)| *zone == instance.zone) {
            *count += 1;
        }
    }
    census
}

/// Where one more instance is to be: `census` counts those that are there.
pub(super) fn choose(
    intent: &Intent,
    census: &[(String, usize)],
    version: &Version,
    world: &World,
) -> Option<String> {
    let properties =
        world.resources.get(&version.template).and_then(|template| template.body.get("properties"));
    let out = |zone: &str| {
        intent.shape != TargetShape::Even
            && properties.is_some_and(|properties| capacity::is_out(world, zone, properties))
    };
    let ranked = census.iter().min_by_key(|(zone, count)| match intent.shape {
        TargetShape::Even | TargetShape::Balanced => (out(zone), *count),
        TargetShape::Any => (out(zone), 0),
        // Stays where the group is, if it is anywhere.
        TargetShape::AnySingleZone => (*count == 0 && out(zone), usize::MAX - *count),
    });
    ranked.map(|(zone, _)| zone.clone())
}

/// The zone of an instance that is added by name.
pub(super) fn zone_for_one_more(
    group: &Group,
    intent: &Intent,
    version: &Version,
    world: &World,
) -> Option<String> {
    let outdated = rollout::outdated(group, intent);
    choose(intent, &census(group, &intent.zones, |i| !outdated.contains(&i.name)), version, world)
}

/// The fullest zone, if it has at least two more than the emptiest.
pub(super) fn overfull(zones: &[String], group: &Group) -> Option<String> {
    let census = census(group, zones, |i| !i.leaving);
    let fewest = census.iter().map(|(_, count)| *count).min()?;
    let (zone, most) = census.into_iter().max_by_key(|(_, count)| *count)?;
    (most >= fewest + 2).then_some(zone)
}
