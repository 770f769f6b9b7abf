//! How the instances of a group lie in its zones: EVEN groups differ by at most one between them.

use crate::group::{Group, ManagedInstance};

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

/// The fullest zone, if it has at least two more than the emptiest.
pub(super) fn overfull(zones: &[String], group: &Group) -> Option<String> {
    let census = census(group, zones, |i| !i.leaving);
    let fewest = census.iter().map(|(_, count)| *count).min()?;
    let (zone, most) = census.into_iter().max_by_key(|(_, count)| *count)?;
    (most >= fewest + 2).then_some(zone)
}
