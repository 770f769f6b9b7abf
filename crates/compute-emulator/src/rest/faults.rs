//! The emulator's own switches, under `/emulator/` and for callers on this machine alone: faults, preemptions, loads.
//! `docs/compute-emulator.md` describes them.

use std::net::{IpAddr, SocketAddr};

use axum::{
    Json, Router,
    extract::{ConnectInfo, Path, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{delete, get, post, put},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::call::Call;
use crate::{
    app::App,
    engine::{self, Step},
    error::Error,
    fault::{Fault, Target},
    load::Load,
    quota,
    world::{Active, World},
};

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/faults", get(list).post(insert).delete(clear))
        .route("/faults/{id}", delete(remove))
        .route("/preemptions", post(preempt))
        .route("/loads", get(loads).delete(clear_loads))
        .route("/loads/{project}/{region}/{group}", put(set_load).delete(clear_load))
        .layer(middleware::from_fn(from_this_machine))
}

/// Whoever can reach the API may use it; who may break it must sit at the machine. A page in a browser there is no such one:
/// it cannot send JSON to another origin without asking first, and nobody answers that question.
async fn from_this_machine(
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if !is_here(peer.ip()) {
        return refuse(StatusCode::FORBIDDEN, "The switches are for callers on the emulator's own machine.");
    }
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let json = kind.is_some_and(|kind| kind.starts_with("application/json"));
    if matches!(request.method().as_str(), "POST" | "PUT") && !json {
        return refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Send JSON, with 'Content-Type: application/json'.",
        );
    }
    next.run(request).await
}

fn is_here(peer: IpAddr) -> bool {
    peer.to_canonical().is_loopback()
}

fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({"error": {"code": status.as_u16(), "message": message}}))).into_response()
}

async fn list(State(app): State<App>) -> Json<Value> {
    let world = app.world();
    let faults: Vec<Value> = world.faults.iter().map(|(id, active)| view(*id, active)).collect();
    Json(json!({ "faults": faults }))
}

async fn insert(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    let fault: Fault = read(&call)?;
    fault.check()?;
    let since = app.clock.now().stamp;
    let mut world = app.world();
    let id = world.faults.keys().last().map_or(1, |last| last + 1);
    let active = Active { since, fault };
    let answer = view(id, &active);
    tracing::warn!(id, fault = ?active.fault, "a fault is switched on");
    world.faults.insert(id, active);
    settle(&app, world);
    Ok(Json(answer))
}

async fn remove(State(app): State<App>, Path(id): Path<u64>) -> Result<Json<Value>, Error> {
    let mut world = app.world();
    let active =
        world.faults.remove(&id).ok_or_else(|| Error::not_found(&format!("emulator/faults/{id}")))?;
    tracing::warn!(id, fault = ?active.fault, "a fault is switched off");
    settle(&app, world);
    Ok(Json(view(id, &active)))
}

async fn clear(State(app): State<App>) -> Json<Value> {
    let mut world = app.world();
    let count = world.faults.len();
    world.faults.clear();
    settle(&app, world);
    Json(json!({ "cleared": count }))
}

fn view(id: u64, active: &Active) -> Value {
    let mut view = serde_json::to_value(&active.fault).unwrap_or_default();
    view["id"] = id.to_string().into();
    view["since"] = active.since.to_string().into();
    view
}

/// Takes the capacity of the running spot VMs that are meant back. One that is named and is no spot VM is refused.
async fn preempt(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    let target: Target = read(&call)?;
    target.check()?;
    let now = app.clock.now();
    let mut world = app.world();
    let spot = |world: &World, blueprint: u64| world.blueprints.get(&blueprint).is_some_and(quota::is_spot);
    let hit: Vec<(String, bool)> = world
        .vms
        .values()
        .filter(|vm| target.hits(vm))
        .map(|vm| (vm.path.clone(), spot(&world, vm.blueprint)))
        .collect();
    if let (Some(name), true) = (&target.instance, hit.iter().all(|(_, spot)| !spot)) {
        return Err(Error::invalid("instance", name, "It is no spot VM that exists."));
    }
    let mut step = Step::new(now, &app.config);
    let paths: Vec<String> = hit.into_iter().filter(|(_, spot)| *spot).map(|(path, _)| path).collect();
    for path in &paths {
        engine::preempt(&mut world, path, &mut step);
    }
    settle(&app, world);
    Ok(Json(json!({ "preempted": paths })))
}

async fn loads(State(app): State<App>) -> Json<Value> {
    let world = app.world();
    Json(json!({ "loads": world.loads }))
}

/// Replaces the load of a group, whether the group exists yet or not.
async fn set_load(
    State(app): State<App>,
    Path((project, region, group)): Path<(String, String, String)>,
    call: Call,
) -> Result<Json<Value>, Error> {
    let mut load: Load = read(&call)?;
    load.check()?;
    load.since = app.clock.now().at;
    let answer = serde_json::to_value(&load).unwrap_or_default();
    let mut world = app.world();
    world.loads.insert(group_path(&project, &region, &group), load);
    settle(&app, world);
    Ok(Json(answer))
}

async fn clear_load(
    State(app): State<App>,
    Path((project, region, group)): Path<(String, String, String)>,
) -> Result<Json<Value>, Error> {
    let path = group_path(&project, &region, &group);
    let mut world = app.world();
    world.loads.remove(&path).ok_or_else(|| Error::not_found(&format!("emulator/loads of {path}")))?;
    settle(&app, world);
    Ok(Json(json!({})))
}

async fn clear_loads(State(app): State<App>) -> Json<Value> {
    let mut world = app.world();
    let count = world.loads.len();
    world.loads.clear();
    settle(&app, world);
    Json(json!({ "cleared": count }))
}

fn group_path(project: &str, region: &str, group: &str) -> String {
    format!("projects/{project}/regions/{region}/instanceGroupManagers/{group}")
}

fn read<T: DeserializeOwned>(call: &Call) -> Result<T, Error> {
    serde_json::from_value(Value::Object(call.body()?))
        .map_err(|error| Error::malformed(format!("This is no such switch: {error}")))
}

/// What was tried in vain under the old switches is tried again under the new ones, at once.
fn settle(app: &App, mut world: std::sync::MutexGuard<'_, World>) {
    let now = app.clock.now().at;
    for group in world.groups.values_mut() {
        for instance in group.instances.values_mut().filter(|instance| instance.last_attempt.is_some()) {
            if let Some(due) = &mut instance.due {
                *due = (*due).min(now);
            }
        }
    }
    for scaler in world.scalers.values_mut() {
        scaler.due = scaler.due.min(now);
    }
    drop(world);
    app.wake.notify_one();
    app.dirty.notify_one();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_here() {
        for (address, here) in [
            ("127.0.0.1", true),
            ("127.16.0.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("10.0.0.1", false),
        ] {
            assert_eq!(is_here(address.parse().unwrap()), here, "{address}");
        }
    }
}
