//! Which zone gains or loses an instance, so that EVEN groups differ by at most one between zones.

use std::collections::BTreeMap;

use crate::group::{Group, ManagedInstance};

/// The zone with the fewest of the instances that `counts`; the first such one.
pub(super) fn emptiest(
    zones: &[String],
    group: &Group,
    counts: impl Fn(&ManagedInstance) -> bool,
) -> Option<String> {
    let census = census(group, counts);
    zones.iter().min_by_key(|zone| census.get(zone.as_str()).copied().unwrap_or_default()).cloned()
}

/// How many of the staying instances that `counts` each zone has.
pub(super) fn census(group: &Group, counts: impl Fn(&ManagedInstance) -> bool) -> BTreeMap<&str, usize> {
    let mut census = BTreeMap::new();
    for instance in group.live().filter(|i| counts(i)) {
        *census.entry(instance.zone.as_str()).or_default() += 1;
    }
    census
}

/// The fullest zone, if it has at least two more than the emptiest.
pub(super) fn overfull(zones: &[String], group: &Group) -> Option<String> {
    let census = census(group, |i| !i.leaving);
    let count = |zone: &String| census.get(zone.as_str()).copied().unwrap_or_default();
    let fullest = zones.iter().max_by_key(|zone| count(zone))?;
    let fewest = zones.iter().map(count).min()?;
    (count(fullest) >= fewest + 2).then(|| fullest.clone())
}
