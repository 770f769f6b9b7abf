//! Which instances are not what the group wants them to be, and what a new one is to be.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    group::{Action, Group, ManagedInstance, Version},
    intent::{Disruption, Intent},
    world::World,
};

pub(super) type Names = BTreeSet<String>;

/// How many instances each version still lacks, those that are to be replaced not counted.
#[derive(Debug)]
pub(super) struct Lacking(Vec<(Version, i64)>);

impl Lacking {
    pub(super) fn of(group: &Group, intent: &Intent, outdated: &Names) -> Self {
        let mut lacking = shares(group, intent);
        for instance in group.live().filter(|i| !outdated.contains(&i.name)) {
            let same = |(version, _): &&mut (Version, i64)| version.template == instance.version.template;
            if let Some((_, share)) = lacking.iter_mut().find(same) {
                *share -= 1;
            }
        }
        Self(lacking)
    }

    /// The version that a new instance is to have: the one that lacks most; of equals the first that was declared.
    pub(super) fn take(&mut self) -> Option<Version> {
        let (version, share) = self.0.iter_mut().rev().max_by_key(|(_, share)| *share)?;
        *share -= 1;
        Some(version.clone())
    }
}

/// The version of a single new instance.
pub(super) fn next_version(group: &Group, intent: &Intent, outdated: &Names) -> Option<Version> {
    Lacking::of(group, intent, outdated).take()
}

/// What a rollout has to do, as far as the policy allows it.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// To be replaced: by another instance, or by another VM of the same name.
    pub(super) replace: Names,
    /// To be brought to a version without another VM.
    pub(super) in_place: Vec<(String, Version, Disruption)>,
}

impl Due {
    pub(super) fn is_empty(&self) -> bool {
        self.replace.is_empty() && self.in_place.is_empty()
    }
}

/// The staying instances that are not what the group wants, by what brings them there. Of those that need more than the
/// policy allows nothing is done.
pub(super) fn due(group: &Group, intent: &Intent, world: &World) -> Due {
    let outdated = outdated(group, intent);
    let mut due = Due::default();
    if outdated.is_empty() {
        return due;
    }
    let mut lacking = Lacking::of(group, intent, &outdated);
    let mut known: BTreeMap<(String, String), Disruption> = BTreeMap::new();
    for name in outdated {
        let Some(instance) = group.instances.get(&name) else { continue };
        if instance.leaving {
            due.replace.insert(name);
            continue;
        }
        let Some(version) = lacking.take() else { continue };
        let from_to = (instance.version.template.clone(), version.template.clone());
        let differ = *known
            .entry(from_to)
            .or_insert_with(|| disruption(world, &instance.version.template, &version.template));
        // A VM that is not there yet, or not of use, is simply made by the new version.
        let blank = matches!(instance.action, Action::Creating | Action::Recreating);
        match differ.max(intent.minimal) {
            _ if blank => {
                due.replace.insert(name);
            }
            needed if needed > intent.allowed => {}
            Disruption::Replace => {
                due.replace.insert(name);
            }
            needed => due.in_place.push((name, version, needed)),
        }
    }
    due
}

/// What it takes to bring a VM of one template to another: at least a look, for the version's own name changes too.
pub(crate) fn disruption(world: &World, from: &str, to: &str) -> Disruption {
    // Without a restart, and with one. All else needs another VM. Nobody has compared this with the service field by field.
    const REFRESHED: &[&str] = &["labels", "metadata", "resourcePolicies", "tags"];
    const RESTARTED: &[&str] = &[
        "guestAccelerators",
        "machineType",
        "minCpuPlatform",
        "scheduling",
        "serviceAccounts",
        "shieldedInstanceConfig",
    ];
    if from == to {
        return Disruption::None;
    }
    let properties = |template: &str| world.resources.get(template)?.body.get("properties")?.as_object();
    let (Some(from), Some(to)) = (properties(from), properties(to)) else { return Disruption::Replace };
    let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let needed =
        keys.into_iter().filter(|key| from.get(*key) != to.get(*key)).map(|key| match key.as_str() {
            key if REFRESHED.contains(&key) => Disruption::Refresh,
            key if RESTARTED.contains(&key) => Disruption::Restart,
            _ => Disruption::Replace,
        });
    needed.max().unwrap_or(Disruption::Refresh)
}

/// The names of the staying instances that are of a version that is not wanted, of one that has too many, or bound for
/// another zone.
pub(super) fn outdated(group: &Group, intent: &Intent) -> Names {
    let mut room: BTreeMap<String, i64> =
        shares(group, intent).into_iter().map(|(version, share)| (version.template, share)).collect();
    // Those that are furthest stay, so that a canary that serves is not replaced by one that boots.
    let mut instances: Vec<&ManagedInstance> = group.live().collect();
    if intent.versions.len() > 1 {
        instances.sort_by_key(|i| (i.leaving, i.action != Action::None));
    }
    let mut names = Names::new();
    for instance in instances {
        let unwanted = match room.get_mut(&instance.version.template) {
            Some(room) => {
                *room -= 1;
                *room < 0 && intent.versions.len() > 1
            }
            None => true,
        };
        if instance.leaving || (unwanted && intent.proactive) {
            names.insert(instance.name.clone());
        }
    }
    names
}

fn shares(group: &Group, intent: &Intent) -> Vec<(Version, i64)> {
    intent.shares(group.target_size).into_iter().map(|(version, share)| (version, i64::from(share))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::clock::Stamp;

    const PATH: &str = "projects/p/regions/us-central1/instanceGroupManagers/g";

    fn group(size: u32, versions: Value, instances: &[(&str, &str)]) -> Group {
        let Value::Object(body) =
            json!({"versions": versions, "updatePolicy": {"type": "PROACTIVE"}, "baseInstanceName": "g"})
        else {
            panic!("an object")
        };
        let instances = instances
            .iter()
            .map(|(name, template)| {
                let version = Version {
                    name: None,
                    template: format!("projects/p/global/instanceTemplates/{template}"),
                };
                let instance = ManagedInstance::new((*name).to_owned(), "us-central1-a".to_owned(), version);
                ((*name).to_owned(), ManagedInstance { action: Action::None, ..instance })
            })
            .collect();
        Group {
            path: PATH.to_owned(),
            id: 1,
            created: Stamp::default(),
            fingerprint: String::new(),
            target_size: size,
            body,
            instances,
            deleting: None,
            failures: Vec::new(),
        }
    }

    fn canary() -> Value {
        json!([{"instanceTemplate": "global/instanceTemplates/old"},
            {"instanceTemplate": "global/instanceTemplates/new", "targetSize": {"fixed": 1}}])
    }

    #[test]
    fn a_canary_replaces_one_and_no_more() {
        let group = group(3, canary(), &[("a", "old"), ("b", "old"), ("c", "old")]);
        let intent = group.intent();
        let outdated = outdated(&group, &intent);
        assert_eq!(outdated.len(), 1);
        let version = next_version(&group, &intent, &outdated).unwrap();
        assert!(version.template.ends_with("/new"));
    }

    #[test]
    fn new_instances_are_shared_out_between_versions() {
        let group = group(4, canary(), &[]);
        let mut lacking = Lacking::of(&group, &group.intent(), &Names::new());
        let templates: Vec<String> = (0..4).map(|_| lacking.take().unwrap().template).collect();
        assert_eq!(templates.iter().filter(|template| template.ends_with("/new")).count(), 1);
    }

    #[test]
    fn what_is_as_declared_stays() {
        let group = group(3, canary(), &[("a", "old"), ("b", "new"), ("c", "old")]);
        assert!(outdated(&group, &group.intent()).is_empty());
    }
}
