//! A group as the API shows it: the declaration, and what is derived from its instances.

use serde_json::{Map, Value, json};

use crate::{
    engine,
    group::Group,
    reference::{self, link},
    world::World,
};

const ACTIONS: [(&str, &str); 13] = [
    ("abandoning", "ABANDONING"),
    ("creating", "CREATING"),
    ("creatingWithoutRetries", "CREATING_WITHOUT_RETRIES"),
    ("deleting", "DELETING"),
    ("none", "NONE"),
    ("recreating", "RECREATING"),
    ("refreshing", "REFRESHING"),
    ("restarting", "RESTARTING"),
    ("resuming", "RESUMING"),
    ("starting", "STARTING"),
    ("stopping", "STOPPING"),
    ("suspending", "SUSPENDING"),
    ("verifying", "VERIFYING"),
];
const STATUSES: [(&str, &str); 12] = [
    ("deprovisioning", "DEPROVISIONING"),
    ("pending", "PENDING"),
    ("pendingStop", "PENDING_STOP"),
    ("provisioning", "PROVISIONING"),
    ("repairing", "REPAIRING"),
    ("running", "RUNNING"),
    ("staging", "STAGING"),
    ("stopped", "STOPPED"),
    ("stopping", "STOPPING"),
    ("suspended", "SUSPENDED"),
    ("suspending", "SUSPENDING"),
    ("terminated", "TERMINATED"),
];

pub(super) fn view(world: &World, group: &Group) -> Value {
    let mut view = group.body.clone();
    let scope = reference::scope(&group.path);
    let name = reference::name(&group.path);
    for (key, value) in [
        ("kind", "compute#instanceGroupManager".to_owned()),
        ("id", group.id.to_string()),
        ("creationTimestamp", group.created.to_string()),
        ("name", name.to_owned()),
        ("region", link(scope)),
        ("selfLink", link(&group.path)),
        ("instanceGroup", link(&format!("{scope}/instanceGroups/{name}"))),
        ("fingerprint", group.fingerprint.clone()),
    ] {
        view.insert(key.to_owned(), value.into());
    }
    view.insert("targetSize".to_owned(), group.target_size.into());
    view.insert("targetStoppedSize".to_owned(), group.stopped_count().into());
    view.insert("targetSuspendedSize".to_owned(), 0.into());
    view.insert("currentActions".to_owned(), actions(group));
    view.insert("status".to_owned(), status(world, group));
    recalculate(&mut view, group.target_size);
    Value::Object(view)
}

fn actions(group: &Group) -> Value {
    let count = |name: &str| group.instances.values().filter(|i| i.action.name() == name).count();
    Value::Object(ACTIONS.iter().map(|(key, name)| ((*key).to_owned(), count(name).into())).collect())
}

fn status(world: &World, group: &Group) -> Value {
    let stateful = group.body.get("statefulPolicy").and_then(|policy| policy.get("preservedState")).is_some();
    let mut status = json!({
        "isStable": engine::is_stable(world, group),
        "versionTarget": {"isReached": engine::version_target_reached(group)},
        "stateful": {"hasStatefulConfig": stateful, "perInstanceConfigs": {"allEffective": true}},
        "allInstancesConfig": {"effective": true},
        "currentInstanceStatuses": statuses(world, group),
    });
    if let Some(autoscaler) = world.autoscaler_of(&group.path) {
        status["autoscaler"] = link(autoscaler).into();
    }
    status
}

fn statuses(world: &World, group: &Group) -> Value {
    let project = reference::project(&group.path);
    let mut counts: Map<String, Value> =
        STATUSES.iter().map(|(key, _)| ((*key).to_owned(), 0.into())).collect();
    counts.insert("nonExistent".to_owned(), 0.into());
    for instance in group.instances.values() {
        let path = reference::instance(project, &instance.zone, &instance.name);
        let key = match world.vms.get(&path) {
            Some(vm) => STATUSES.iter().find(|(_, name)| *name == vm.status.name()).map(|(key, _)| *key),
            None => Some("nonExistent"),
        };
        if let Some(count) = key.and_then(|key| counts.get_mut(key)) {
            *count = (count.as_u64().unwrap_or_default() + 1).into();
        }
    }
    Value::Object(counts)
}

/// `calculated` follows the size, which changes without the declaration.
fn recalculate(view: &mut Map<String, Value>, size: u32) {
    use crate::intent::Amount;
    let versions = view.get_mut("versions").and_then(Value::as_array_mut);
    for version in versions.into_iter().flatten() {
        if let Some(amount) = Amount::of(version.get("targetSize")) {
            version["targetSize"]["calculated"] = amount.of_size(size).min(size).into();
        }
    }
    if let Some(policy) = view.get_mut("updatePolicy") {
        for key in ["maxSurge", "maxUnavailable"] {
            if let Some(amount) = Amount::of(policy.get(key)) {
                policy[key]["calculated"] = amount.of_size(size).into();
            }
        }
    }
}
