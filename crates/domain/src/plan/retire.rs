//! Template versions that nothing uses any more. Apart from plans on purpose: when a plan's last call returns, VMs
//! still run the old version and Compute Engine refuses to delete it; later its absence changes no VM, so nobody needs
//! to approve it. A reconciler runs these actions whenever there are any.

use std::collections::BTreeSet;

use super::{Action, Step};
use crate::{FleetSpec, ObservedFleet, derive, name, resource::ResourceSet};

/// Deletions of the observed template versions that are neither declared nor used by any group or instance.
/// The versions that the declaration derives to stay, even unused: a later change may need them.
pub fn retire(desired: &FleetSpec, observed: &ObservedFleet) -> Vec<Action> {
    idle(&derive::desired(desired, observed), observed)
}

pub(super) fn idle(wanted: &ResourceSet, observed: &ObservedFleet) -> Vec<Action> {
    let used = used(observed);
    observed
        .resources
        .templates
        .keys()
        .filter(|name| !wanted.templates.contains_key(*name) && !used.contains(name.as_str()))
        .map(|name| Action {
            step: Step::DeleteInstanceTemplate { name: name.clone() },
            reason: "It is no longer declared and no VM runs it.".to_owned(),
            changes: Vec::new(),
        })
        .collect()
}

fn used(observed: &ObservedFleet) -> BTreeSet<&str> {
    let by_groups = observed.resources.groups.values().flat_map(|group| group.templates());
    let by_instances =
        observed.groups.values().flat_map(|status| &status.instances).filter_map(|vm| vm.template.as_deref());
    by_groups.chain(by_instances).map(name::last_segment).collect()
}
