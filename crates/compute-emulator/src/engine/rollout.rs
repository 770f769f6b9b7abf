//! Which instances are not what the group wants them to be, and what a new one is to be.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    group::{Group, ManagedInstance, Version},
    intent::Intent,
};

pub(super) type Names = BTreeSet<String>;

/// The version that a new instance is to have: the one that lacks most.
pub(super) fn next_version(group: &Group, intent: &Intent, outdated: &Names) -> Option<Version> {
    let mut lacking = shares(group, intent);
    for instance in group.live().filter(|i| !outdated.contains(&i.name)) {
        if let Some((_, share)) =
            lacking.iter_mut().find(|(version, _)| version.template == instance.version.template)
        {
            *share -= 1;
        }
    }
    // The first of equals: the version that was declared first.
    lacking.into_iter().rev().max_by_key(|(_, share)| *share).map(|(version, _)| version)
}

/// The names of the staying instances that are to be replaced: of a version that is not wanted, of one that has too many,
/// or bound for another zone.
pub(super) fn outdated(group: &Group, intent: &Intent) -> Names {
    let mut room: BTreeMap<String, i64> =
        shares(group, intent).into_iter().map(|(version, share)| (version.template, share)).collect();
    // Those that are furthest stay, so that a canary that serves is not replaced by one that boots.
    let mut instances: Vec<&ManagedInstance> = group.live().collect();
    instances.sort_by_key(|i| (i.leaving, i.action.name() != "NONE", i.name.clone()));
    let mut names = Names::new();
    for instance in instances {
        let unwanted = match room.get_mut(&instance.version.template) {
            Some(room) => {
                *room -= 1;
                *room < 0 && intent.versions.len() > 1
            }
            None => true,
        };
        if instance.leaving || (unwanted && intent.proactive && !intent.replacing_forbidden) {
            names.insert(instance.name.clone());
        }
    }
    names
}

fn shares(group: &Group, intent: &Intent) -> Vec<(Version, i64)> {
    intent.shares(group.target_size).into_iter().map(|(version, share)| (version, i64::from(share))).collect()
}
