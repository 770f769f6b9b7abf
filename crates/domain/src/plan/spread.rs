//! How a regional group spreads its VMs: shape EVEN, every zone the same number, give or take one.

use std::collections::BTreeMap;

use crate::{
    autoscaling::AutoscalingMode,
    instance::{CurrentAction, Instance},
    observed::GroupStatus,
    resource::Autoscaler,
};

/// VMs by zone of a new group. The VMs that do not divide go to the first zones; Compute Engine does not say to which.
pub fn spread(size: u32, zones: &[String]) -> BTreeMap<String, u32> {
    respread(&BTreeMap::new(), size, zones)
}

/// VMs by zone after a group of `current` VMs settles at `size`, moving as few as EVEN allows: the VMs that do not
/// divide stay where most are, then go to the first zones.
pub fn respread(current: &BTreeMap<String, u32>, size: u32, zones: &[String]) -> BTreeMap<String, u32> {
    let count = u32::try_from(zones.len()).unwrap_or(u32::MAX);
    if count == 0 {
        return BTreeMap::new();
    }
    let here = |zone: &String| current.get(zone).copied().unwrap_or(0);
    let mut fullest_first: Vec<&String> = zones.iter().collect();
    fullest_first.sort_by(|a, b| here(b).cmp(&here(a)).then_with(|| a.cmp(b)));
    let (each, left) = (size / count, size % count);
    fullest_first
        .into_iter()
        .zip(0_u32..)
        .map(|(zone, place)| (zone.clone(), each + u32::from(place < left)))
        .collect()
}

/// The size that the autoscaler makes of this one, as far as its mode lets it. The lower bound yields where the two
/// contradict each other.
pub(crate) fn clamped(size: u32, autoscaler: Option<&Autoscaler>) -> u32 {
    autoscaler.map_or(size, |scaler| match scaler.mode {
        AutoscalingMode::On => size.max(scaler.min_replicas).min(scaler.max_replicas),
        AutoscalingMode::OnlyScaleOut => size.max(scaler.min_replicas.min(scaler.max_replicas)),
        AutoscalingMode::Off => size,
    })
}

/// The group's instances that are not on their way out.
pub(crate) fn lives(status: &GroupStatus) -> impl Iterator<Item = &Instance> {
    status.instances.iter().filter(|instance| {
        !matches!(instance.current_action, CurrentAction::Deleting | CurrentAction::Abandoning)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zones(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn counts(counts: &[(&str, u32)]) -> BTreeMap<String, u32> {
        counts.iter().map(|&(zone, count)| (zone.to_owned(), count)).collect()
    }

    #[test]
    fn zones_differ_by_at_most_one() {
        assert_eq!(spread(5, &zones(&["a", "b", "c"])), counts(&[("a", 2), ("b", 2), ("c", 1)]));
        assert_eq!(spread(0, &zones(&["a", "b"])), counts(&[("a", 0), ("b", 0)]));
        assert_eq!(spread(3, &[]), counts(&[]));
    }

    #[test]
    fn what_stays_stays_where_it_is() {
        let now = counts(&[("a", 1), ("b", 2), ("c", 1)]);
        assert_eq!(respread(&now, 4, &zones(&["a", "b", "c"])), now);
        assert_eq!(respread(&now, 5, &zones(&["a", "b", "c"])), counts(&[("a", 2), ("b", 2), ("c", 1)]));
    }
}
