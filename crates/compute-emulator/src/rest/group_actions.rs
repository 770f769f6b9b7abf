//! What can be done to a group's instances: resize, recreate, delete, abandon, update. Each stores an intent; the engine
//! brings it about.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::{
    call::Call,
    group_body,
    groups::{refuse_deleting, subject},
    resource::{Body, text},
};
use crate::{
    app::App,
    error::Error,
    group::{Action, Group},
    reference,
    shape::{self, Fields, Nulls, group as fields},
    world::World,
};

/// The most instances that one call may name.
const MOST: usize = 1000;

pub(super) async fn resize(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    app.change(&call, |world, _| {
        let size = call.query("size").ok_or_else(|| Error::required(&["size"]))?;
        let size = group_body::checked_size("size", size)?;
        let subject = subject(world, call.parent(), "compute.instanceGroupManagers.resize")?;
        group(world, &call)?.target_size = size;
        Ok(subject)
    })
}

pub(super) async fn recreate(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    app.change(&call, |world, _| {
        let (names, _) = named(world, &call, fields::INSTANCES)?;
        let subject = subject(world, call.parent(), "compute.instanceGroupManagers.recreateInstances")?;
        let vms = ids(world, &call, &names)?;
        let group = group(world, &call)?;
        for (name, vm) in names.iter().zip(vms) {
            if let Some(instance) = group.instances.get_mut(name).filter(|i| !i.action.leaves()) {
                instance.action = Action::Recreating;
                instance.replacing = vm;
                instance.due = None;
                instance.forget_vm();
            }
        }
        Ok(subject)
    })
}

/// Deleted and abandoned instances leave a smaller group behind.
pub(super) async fn delete(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    leave(
        &app,
        &call,
        fields::DELETE_INSTANCES,
        Action::Deleting,
        "compute.instanceGroupManagers.deleteInstances",
    )
}

pub(super) async fn abandon(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    leave(
        &app,
        &call,
        fields::INSTANCES,
        Action::Abandoning,
        "compute.instanceGroupManagers.abandonInstances",
    )
}

fn leave(app: &App, call: &Call, fields: Fields, action: Action, kind: &str) -> Result<Json<Value>, Error> {
    app.change(call, |world, _| {
        let (names, _) = named(world, call, fields)?;
        let subject = subject(world, call.parent(), kind)?;
        let group = group(world, call)?;
        for name in names {
            if let Some(instance) = group.instances.get_mut(&name).filter(|i| !i.action.leaves()) {
                instance.action = action;
                instance.due = None;
                group.target_size = group.target_size.saturating_sub(1);
            }
        }
        Ok(subject)
    })
}

/// All new instances are of this template, and with a PROACTIVE policy the old ones become so.
pub(super) async fn set_template(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    app.change(&call, |world, _| {
        let patch = shape::check(fields::SET_TEMPLATE, call.body()?, Nulls::Absent)?;
        if !patch.contains_key("instanceTemplate") {
            return Err(Error::required(&["resource.instanceTemplate"]));
        }
        let current = world.group(call.parent())?;
        refuse_deleting(current)?;
        let (mut body, size) = (current.body.clone(), current.target_size);
        group_body::apply(&mut body, patch)?;
        group_body::complete(&mut body, world, call.parent(), size)?;
        let fingerprint = world.fresh_fingerprint();
        let subject = subject(world, call.parent(), "compute.instanceGroupManagers.setInstanceTemplate")?;
        let group = group(world, &call)?;
        group.body = body;
        group.fingerprint = fingerprint;
        Ok(subject)
    })
}

/// Brings the named instances to the version that the group wants: by replacing their VMs, which is what every difference
/// of templates needs here.
pub(super) async fn apply_updates(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    app.change(&call, |world, _| {
        let (names, body) = named(world, &call, fields::APPLY_UPDATES)?;
        let subject = subject(world, call.parent(), "compute.instanceGroupManagers.applyUpdatesToInstances")?;
        let vms = ids(world, &call, &names)?;
        let allowed = body.get("mostDisruptiveAllowedAction").map_or("REPLACE", text) == "REPLACE";
        let forced = body.get("minimalAction").map(text) == Some("REPLACE");
        let group = group(world, &call)?;
        for (name, vm) in names.iter().zip(vms) {
            let wanted = crate::engine::version_for(group, name);
            let Some(instance) = group.instances.get_mut(name).filter(|i| !i.action.leaves()) else {
                continue;
            };
            let differs = wanted.as_ref().is_some_and(|version| *version != instance.version);
            if !(allowed && differs || forced) {
                continue;
            }
            if let Some(version) = wanted {
                instance.version = version;
            }
            instance.action = Action::Recreating;
            instance.replacing = vm;
            instance.due = None;
            instance.forget_vm();
        }
        Ok(subject)
    })
}

fn group<'a>(world: &'a mut World, call: &Call) -> Result<&'a mut Group, Error> {
    let path = call.parent();
    let group = world.groups.get_mut(path).ok_or_else(|| Error::not_found(path))?;
    refuse_deleting(group)?;
    Ok(group)
}

/// The names of the instances that a body lists by URL. Each must be in the group.
fn named(world: &World, call: &Call, fields: Fields) -> Result<(Vec<String>, Body), Error> {
    let body = shape::check(fields, call.body()?, Nulls::Absent)?;
    let group = world.group(call.parent())?;
    if body.get("allInstances") == Some(&json!(true)) {
        return Ok((group.instances.keys().cloned().collect(), body));
    }
    let urls = body.get("instances").and_then(Value::as_array).cloned().unwrap_or_default();
    if urls.is_empty() {
        return Err(Error::required(&["resource.instances"]));
    }
    if urls.len() > MOST {
        let why = "At most 1000 instances can be specified.";
        return Err(Error::invalid("resource.instances", urls.len(), why));
    }
    let skip = body.get("skipInstancesOnValidationError") == Some(&json!(true));
    let mut names = Vec::new();
    for (index, url) in urls.iter().enumerate() {
        let path = reference::resolve(text(url), reference::project(&group.path), "instances");
        let member = path.as_deref().and_then(|path| {
            let instance = group.instances.get(reference::name(path))?;
            (instance.zone == reference::location(path)).then(|| instance.name.clone())
        });
        match member {
            Some(name) if !names.contains(&name) => names.push(name),
            Some(_) => {}
            None if skip => {}
            None => {
                let why = format!("The instance is not a member of '{}'.", group.path);
                return Err(Error::invalid(&format!("resource.instances[{index}]"), text(url), &why));
            }
        }
    }
    Ok((names, body))
}

/// The ids of their present VMs.
fn ids(world: &World, call: &Call, names: &[String]) -> Result<Vec<Option<u64>>, Error> {
    let group = world.group(call.parent())?;
    let project = reference::project(&group.path);
    Ok(names
        .iter()
        .map(|name| {
            let instance = group.instances.get(name)?;
            world.vms.get(&reference::instance(project, &instance.zone, name)).map(|vm| vm.id)
        })
        .collect())
}
