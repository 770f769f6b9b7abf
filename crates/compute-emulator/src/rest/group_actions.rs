//! What can be done to a group's instances: resize, create, recreate, delete, abandon, stop, start, update. Each stores an
//! intent; the engine brings it about.

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
    engine,
    error::Error,
    group::{Action, Group, ManagedInstance},
    intent::Disruption,
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
        let vms = vms(world, &call, &names)?;
        let group = group(world, &call)?;
        for (name, vm) in names.iter().zip(vms) {
            let stays = |i: &&mut ManagedInstance| !i.action.leaves() && !i.standby;
            if let Some(instance) = group.instances.get_mut(name).filter(stays) {
                instance.start_over(vm.map(|(id, _)| id));
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
                let counted = !instance.standby;
                instance.action = action;
                instance.due = None;
                group.target_size = group.target_size.saturating_sub(u32::from(counted));
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

/// Brings the named instances to the version that the group wants, at once and whatever the surge, by the least that does
/// it; and does at least what is asked for, wanted version or not.
pub(super) async fn apply_updates(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    app.change(&call, |world, _| {
        let (names, body) = named(world, &call, fields::APPLY_UPDATES)?;
        let subject = subject(world, call.parent(), "compute.instanceGroupManagers.applyUpdatesToInstances")?;
        let given = |key: &str, default| body.get(key).map(text).and_then(Disruption::of).unwrap_or(default);
        let minimal = given("minimalAction", Disruption::None);
        let allowed = given("mostDisruptiveAllowedAction", Disruption::Replace);
        if minimal > allowed {
            let why = "It must be at least as disruptive as minimalAction.";
            let value = body.get("mostDisruptiveAllowedAction").map(text).unwrap_or_default();
            return Err(Error::invalid("resource.mostDisruptiveAllowedAction", value, why));
        }
        let vms = vms(world, &call, &names)?;
        let wanted: Vec<_> = {
            let group = world.group(call.parent())?;
            names
                .iter()
                .map(|name| {
                    let version = engine::version_for(group, name)?;
                    let current = &group.instances.get(name)?.version.template;
                    let needed = engine::disruption(world, current, &version.template).max(minimal);
                    Some((version, needed))
                })
                .collect()
        };
        let group = group(world, &call)?;
        for ((name, vm), wanted) in names.iter().zip(vms).zip(wanted) {
            let Some((version, needed)) = wanted.filter(|(_, needed)| *needed <= allowed) else { continue };
            let stays = |i: &&mut ManagedInstance| !i.action.leaves() && !i.standby;
            let Some(instance) = group.instances.get_mut(name).filter(stays) else { continue };
            let calm = matches!(instance.action, Action::None | Action::Verifying);
            match (needed, vm) {
                (Disruption::None, _) => continue,
                (Disruption::Refresh, Some(_)) if calm => {
                    instance.action = Action::Refreshing;
                    instance.due = None;
                }
                (Disruption::Restart, Some((_, boots))) if calm => instance.restart(boots),
                _ => instance.start_over(vm.map(|(id, _)| id)),
            }
            instance.version = version;
        }
        Ok(subject)
    })
}

/// Instances of the given names, beside those that the group names itself. It becomes larger by them.
pub(super) async fn create(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    app.change(&call, |world, _| {
        let body = shape::check(fields::CREATE_INSTANCES, call.body()?, Nulls::Absent)?;
        let subject = subject(world, call.parent(), "compute.instanceGroupManagers.createInstances")?;
        let mut current = world.group(call.parent())?.clone();
        refuse_deleting(&current)?;
        let configs = body.get("instances").and_then(Value::as_array).cloned().unwrap_or_default();
        if configs.is_empty() {
            return Err(Error::required(&["resource.instances"]));
        }
        let total = usize::try_from(current.target_size).unwrap_or(usize::MAX).saturating_add(configs.len());
        if configs.len() > MOST {
            let why = "At most 1000 instances can be specified.";
            return Err(Error::invalid("resource.instances", configs.len(), why));
        }
        group_body::checked_size("targetSize", &total.to_string())?;
        let mut names = Vec::new();
        for (index, config) in configs.iter().enumerate() {
            let field = format!("resource.instances[{index}].name");
            let name = config.get("name").map(text).ok_or_else(|| Error::required(&[&field]))?;
            reference::check_name(&field, name)?;
            if current.instances.contains_key(name) || names.iter().any(|known| known == name) {
                return Err(Error::invalid(
                    &field,
                    name,
                    "An instance of that name is already in the group.",
                ));
            }
            names.push(name.to_owned());
        }
        engine::add_instances(&mut current, &names, world);
        world.groups.insert(current.path.clone(), current);
        Ok(subject)
    })
}

/// Stopped instances stay in the group, beside its target size, until they are started again.
pub(super) async fn stop(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    app.change(&call, |world, _| {
        let (names, _) = named(world, &call, fields::STOP_INSTANCES)?;
        let subject = subject(world, call.parent(), "compute.instanceGroupManagers.stopInstances")?;
        let vms = vms(world, &call, &names)?;
        let group = group(world, &call)?;
        refuse_unless(group, &names, |instance, vm| !instance.standby && vm.is_some(), &vms, "running")?;
        for name in &names {
            if let Some(instance) = group.instances.get_mut(name) {
                instance.action = Action::Stopping;
                instance.standby = true;
                instance.due = None;
                instance.forget_vm();
                group.target_size = group.target_size.saturating_sub(1);
            }
        }
        Ok(subject)
    })
}

pub(super) async fn start(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    app.change(&call, |world, _| {
        let (names, _) = named(world, &call, fields::INSTANCES)?;
        let subject = subject(world, call.parent(), "compute.instanceGroupManagers.startInstances")?;
        let vms = vms(world, &call, &names)?;
        let group = group(world, &call)?;
        refuse_unless(group, &names, |instance, _| instance.standby, &vms, "stopped")?;
        for name in &names {
            if let Some(instance) = group.instances.get_mut(name) {
                instance.action = Action::Starting;
                instance.standby = false;
                instance.ending_boot = None;
                instance.due = None;
                group.target_size += 1;
            }
        }
        Ok(subject)
    })
}

/// All or none: refuses the first instance that is not in the state that the call is for.
fn refuse_unless(
    group: &Group,
    names: &[String],
    fits: impl Fn(&ManagedInstance, Option<(u64, u64)>) -> bool,
    vms: &[Option<(u64, u64)>],
    state: &str,
) -> Result<(), Error> {
    for (index, (name, vm)) in names.iter().zip(vms).enumerate() {
        let instance = group.instances.get(name).filter(|i| !i.action.leaves());
        if !instance.is_some_and(|instance| fits(instance, *vm)) {
            let why = format!("The instance is not {state}.");
            return Err(Error::invalid(&format!("resource.instances[{index}]"), name, &why));
        }
    }
    Ok(())
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

/// Id and number of boots of their present VMs.
fn vms(world: &World, call: &Call, names: &[String]) -> Result<Vec<Option<(u64, u64)>>, Error> {
    let group = world.group(call.parent())?;
    let project = reference::project(&group.path);
    Ok(names
        .iter()
        .map(|name| {
            let instance = group.instances.get(name)?;
            let vm = world.vms.get(&reference::instance(project, &instance.zone, name))?;
            Some((vm.id, vm.boots))
        })
        .collect())
}
