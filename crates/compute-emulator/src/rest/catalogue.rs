//! What exists without anyone making it: projects, regions, zones, machine types. Any project name is a project.

use axum::{Json, Router, extract::State, routing::get};
use serde_json::{Value, json};

use super::{call::Call, listing};
use crate::{
    app::App,
    error::Error,
    machine_type::{self, MachineType},
    places, quota,
    reference::{self, link},
    vm,
    world::World,
};

/// When Compute Engine became generally available: resources that nobody made need a time as well.
const EPOCH: &str = "2013-12-02T00:00:00.000-08:00";

pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/projects/{project}", get(project))
        .route("/projects/{project}/regions", get(regions))
        .route("/projects/{project}/regions/{region}", get(region))
        .route("/projects/{project}/zones", get(zones))
        .route("/projects/{project}/zones/{zone}", get(zone))
        .route("/projects/{project}/zones/{zone}/machineTypes", get(machine_types))
        .route("/projects/{project}/zones/{zone}/machineTypes/{name}", get(machine_type))
}

async fn project(State(app): State<App>, call: Call) -> Json<Value> {
    let name = reference::name(call.path());
    let items: Vec<Value> =
        app.config.project_metadata.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    let items = Value::from(items);
    Json(json!({
        "kind": "compute#project",
        "id": vm::project_number(name).to_string(),
        "name": name,
        "creationTimestamp": EPOCH,
        "selfLink": link(call.path()),
        "defaultServiceAccount": vm::default_service_account(name),
        "defaultNetworkTier": "PREMIUM",
        "commonInstanceMetadata": {
            "kind": "compute#metadata",
            "fingerprint": crate::fingerprint::of(&items.to_string()),
            "items": items,
        },
    }))
}

async fn regions(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    let world = app.world();
    let items = places::REGIONS.iter().filter_map(|(name, _)| {
        let path = format!("{}/{name}", call.path());
        region_view(&world, &path).map(|view| (path, view))
    });
    listing::list(&call, "compute#regionList", items.collect()).map(Json)
}

async fn region(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    let world = app.world();
    region_view(&world, call.path()).map(Json).ok_or_else(|| Error::not_found(call.path()))
}

fn region_view(world: &World, path: &str) -> Option<Value> {
    let name = reference::name(path);
    let project = reference::project(path);
    let zones: Vec<String> =
        places::zones(name)?.iter().map(|zone| link(&format!("projects/{project}/zones/{zone}"))).collect();
    Some(json!({
        "kind": "compute#region",
        "id": crate::fingerprint::digest(name).to_string(),
        "name": name,
        "description": name,
        "creationTimestamp": EPOCH,
        "selfLink": link(path),
        "status": "UP",
        "zones": zones,
        "quotas": quota::usage(world, project, name)
            .into_iter()
            .map(|(metric, usage)| json!({
                "metric": metric,
                "limit": quota::limit(world, name, metric),
                "usage": usage,
            }))
            .collect::<Vec<_>>(),
    }))
}

async fn zones(call: Call) -> Result<Json<Value>, Error> {
    let names = places::REGIONS.iter().filter_map(|(region, _)| places::zones(region)).flatten();
    let items = names.filter_map(|name| {
        let path = format!("{}/{name}", call.path());
        zone_view(&path).map(|view| (path, view))
    });
    listing::list(&call, "compute#zoneList", items.collect()).map(Json)
}

async fn zone(call: Call) -> Result<Json<Value>, Error> {
    zone_view(call.path()).map(Json).ok_or_else(|| Error::not_found(call.path()))
}

fn zone_view(path: &str) -> Option<Value> {
    let name = reference::name(path);
    let region = places::region_of(name)?;
    Some(json!({
        "kind": "compute#zone",
        "id": crate::fingerprint::digest(name).to_string(),
        "name": name,
        "description": name,
        "creationTimestamp": EPOCH,
        "selfLink": link(path),
        "status": "UP",
        "region": link(&format!("projects/{}/regions/{region}", reference::project(path))),
    }))
}

async fn machine_types(call: Call) -> Result<Json<Value>, Error> {
    let zone = reference::location(call.path());
    places::region_of(zone).ok_or_else(|| Error::not_found(reference::scope(call.path())))?;
    let items = machine_type::all().into_iter().map(|(name, kind)| {
        let path = format!("{}/{name}", call.path());
        let view = machine_type_view(&path, kind);
        (path, view)
    });
    listing::list(&call, "compute#machineTypeList", items.collect()).map(Json)
}

async fn machine_type(call: Call) -> Result<Json<Value>, Error> {
    let known = places::region_of(reference::location(call.path())).is_some();
    let kind = machine_type::find(reference::name(call.path())).filter(|_| known);
    kind.map(|kind| Json(machine_type_view(call.path(), kind))).ok_or_else(|| Error::not_found(call.path()))
}

fn machine_type_view(path: &str, kind: MachineType) -> Value {
    let name = reference::name(path);
    json!({
        "kind": "compute#machineType",
        "id": crate::fingerprint::digest(name).to_string(),
        "name": name,
        "description": format!("{} vCPUs, {} MB RAM", kind.cpus, kind.memory_mb),
        "creationTimestamp": EPOCH,
        "selfLink": link(path),
        "zone": reference::location(path),
        "guestCpus": kind.cpus,
        "memoryMb": kind.memory_mb,
        "isSharedCpu": kind.shared,
        "imageSpaceGb": 0,
        "maximumPersistentDisks": 128,
        "maximumPersistentDisksSizeGb": "263168",
        "architecture": if kind.arm { "ARM64" } else { "X86_64" },
    })
}
