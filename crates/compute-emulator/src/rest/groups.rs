//! Regional managed instance groups: insert, get, list, patch, delete. Actions on their instances are in `group_actions`.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
use serde_json::Value;

use super::{
    call::Call,
    group_actions as actions, group_body, group_view, listing, managed_instances,
    resource::{Body, text},
};
use crate::{
    app::App,
    error::Error,
    fingerprint,
    group::Group,
    operation::{Finish, Subject},
    places, reference,
    shape::{self, Nulls, group::GROUP},
    world::World,
};

pub(crate) fn routes() -> Router<App> {
    let collection = "/projects/{project}/regions/{region}/instanceGroupManagers";
    let one = format!("{collection}/{{name}}");
    let action = |name: &str| format!("{one}/{name}");
    Router::new()
        .route(collection, get(list).post(insert))
        .route(&one, get(show).patch(patch).delete(remove))
        .route(&action("resize"), post(actions::resize))
        .route(&action("recreateInstances"), post(actions::recreate))
        .route(&action("deleteInstances"), post(actions::delete))
        .route(&action("abandonInstances"), post(actions::abandon))
        .route(&action("createInstances"), post(actions::create))
        .route(&action("stopInstances"), post(actions::stop))
        .route(&action("startInstances"), post(actions::start))
        .route(&action("applyUpdatesToInstances"), post(actions::apply_updates))
        .route(&action("setInstanceTemplate"), post(actions::set_template))
        .route(&action("listManagedInstances"), post(managed_instances::list))
        .route(&action("listErrors"), get(managed_instances::list_errors))
}

async fn insert(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    app.change(&call, |world, now| {
        let mut body = shape::check(GROUP, call.body()?, Nulls::Absent)?;
        require(&body)?;
        let name = body.get("name").map(text).unwrap_or_default().to_owned();
        reference::check_name("resource.name", &name)?;
        let path = format!("{}/{name}", call.path());
        check_region(&path)?;
        group_body::strip(&mut body);
        let target_size = group_body::take_size(&mut body)?.unwrap_or_default();
        group_body::complete(&mut body, world, &path, target_size)?;
        if world.groups.contains_key(&path) {
            return Err(Error::already_exists(&path));
        }
        let id = world.dice.id();
        let group = Group {
            path: path.clone(),
            id,
            created: now.stamp,
            fingerprint: world.fresh_fingerprint(),
            target_size,
            body,
            instances: BTreeMap::new(),
            deleting: None,
            failures: Vec::new(),
        };
        world.groups.insert(path.clone(), group);
        Ok(Subject { kind: "insert".to_owned(), target: path, target_id: id, finish: Finish::Stored })
    })
}

fn check_region(path: &str) -> Result<(), Error> {
    let region = reference::location(path);
    places::zones(region).map(drop).ok_or_else(|| Error::invalid("region", region, "Unknown region."))
}

fn require(body: &Body) -> Result<(), Error> {
    let mut missing = Vec::new();
    for (field, path) in [("name", "resource.name"), ("targetSize", "resource.targetSize")] {
        if !body.contains_key(field) {
            missing.push(path);
        }
    }
    let versioned =
        body.get("versions").and_then(Value::as_array).is_some_and(|versions| !versions.is_empty());
    if !versioned && !body.contains_key("instanceTemplate") {
        missing.push("resource.instanceTemplate");
    }
    if missing.is_empty() { Ok(()) } else { Err(Error::required(&missing)) }
}

async fn show(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    let world = app.world();
    let group = world.group(call.path())?;
    Ok(Json(group_view::view(&world, group)))
}

async fn list(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    check_region(call.path())?;
    let world = app.world();
    let items = World::below(&world.groups, call.path())
        .map(|(path, group)| (path.clone(), group_view::view(&world, group)))
        .collect();
    listing::list(&call, "compute#regionInstanceGroupManagerList", items).map(Json)
}

/// A JSON merge patch. `autoHealingPolicies: [{}]` clears the policy: clients cannot send an empty list.
async fn patch(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    app.change(&call, |world, _| {
        let mut patch = shape::check(GROUP, call.body()?, Nulls::Kept)?;
        let group = world.group(call.path())?;
        refuse_deleting(group)?;
        fingerprint::check(patch.get("fingerprint").and_then(Value::as_str), &group.fingerprint)?;
        if let Some(name) = patch.get("name").map(text).filter(|name| *name != reference::name(call.path())) {
            return Err(Error::invalid("resource.name", name, "Name cannot be changed."));
        }
        group_body::strip(&mut patch);
        let size = group_body::take_size(&mut patch)?.unwrap_or(group.target_size);
        let mut body = group.body.clone();
        group_body::apply(&mut body, patch)?;
        group_body::complete(&mut body, world, call.path(), size)?;
        let fingerprint = world.fresh_fingerprint();
        let subject = subject(world, call.path(), "patch")?;
        if let Some(group) = world.groups.get_mut(call.path()) {
            group.body = body;
            group.target_size = size;
            group.fingerprint = fingerprint;
        }
        Ok(subject)
    })
}

/// The group stays visible until its last VM is gone; then its operation is done.
async fn remove(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    app.change(&call, |world, _| {
        refuse_deleting(world.group(call.path())?)?;
        if let Some(autoscaler) = world.autoscaler_of(call.path()) {
            return Err(Error::in_use("instance_group_manager", call.path(), autoscaler));
        }
        let subject = subject(world, call.path(), "delete")?;
        Ok(Subject { finish: Finish::Reached, ..subject })
    })
}

/// An operation on a group.
pub(super) fn subject(world: &World, path: &str, kind: &str) -> Result<Subject, Error> {
    let target_id = world.group(path)?.id;
    Ok(Subject { kind: kind.to_owned(), target: path.to_owned(), target_id, finish: Finish::Stored })
}

/// A group on its way out takes no changes.
pub(super) fn refuse_deleting(group: &Group) -> Result<(), Error> {
    if group.deleting.is_some() { Err(Error::not_ready(&group.path)) } else { Ok(()) }
}
