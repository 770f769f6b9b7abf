//! What a group's status says of it: derived from the state each time, never stored.

use super::{rollout, spread};
use crate::{
    group::{Action, Group},
    world::World,
};

/// No action is under way or scheduled.
pub(crate) fn is_stable(world: &World, group: &Group) -> bool {
    let intent = group.intent();
    group.deleting.is_none()
        && group.instances.values().all(|i| i.action == Action::None && !i.leaving)
        && group.live_count() == group.target_size
        && rollout::due(group, &intent, world).is_empty()
        && !(intent.redistribute && spread::overfull(&intent.zones, group).is_some())
}

/// Each version has the number of instances that it is to have; where updates are OPPORTUNISTIC a stable group may not.
pub(crate) fn version_target_reached(group: &Group) -> bool {
    let mut intent = group.intent();
    intent.proactive = true;
    let serving = |template: &str| {
        let ready = |action: Action| matches!(action, Action::None | Action::Verifying | Action::Stopping);
        group.live().filter(|i| i.version.template == template && ready(i.action)).count()
    };
    let mut wanted = std::collections::BTreeMap::new();
    for (version, share) in intent.shares(group.target_size) {
        *wanted.entry(version.template).or_insert(0_usize) += share as usize;
    }
    group.live().all(|i| wanted.contains_key(&i.version.template))
        && wanted.iter().all(|(template, share)| serving(template) == *share)
}
