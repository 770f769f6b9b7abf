//! Instances of a zone: get, list, their serial ports, and what can be done to one beside its group: reset, stop, start,
//! delete. A group takes a VM that is stopped or gone for failed and repairs it. VMs are made by groups alone.

use axum::{
    Json, Router,
    extract::State,
    routing::{get, post},
};
use serde_json::{Map, Value, json};

use super::{call::Call, listing};
use crate::{
    app::App,
    engine::{self, Step},
    error::Error,
    fingerprint,
    operation::{Finish, Subject},
    places,
    reference::{self, link},
    vm::{Status, Vm, address},
    world::World,
};

pub(crate) fn routes() -> Router<App> {
    let collection = "/projects/{project}/zones/{zone}/instances";
    Router::new()
        .route(collection, get(list))
        .route(&format!("{collection}/{{name}}"), get(show).delete(delete))
        .route(&format!("{collection}/{{name}}/reset"), post(reset))
        .route(&format!("{collection}/{{name}}/stop"), post(stop))
        .route(&format!("{collection}/{{name}}/start"), post(start))
        .route(&format!("{collection}/{{name}}/serialPort"), get(serial_port))
}

async fn show(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    let world = app.world();
    find(&world, call.path()).map(|vm| Json(view(&world, vm)))
}

async fn list(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    let zone = reference::location(call.path());
    places::region_of(zone).ok_or_else(|| Error::invalid("zone", zone, "Unknown zone."))?;
    let world = app.world();
    let items =
        World::below(&world.vms, call.path()).map(|(path, vm)| (path.clone(), view(&world, vm))).collect();
    listing::list(&call, "compute#instanceList", items).map(Json)
}

/// Port 1 is the console; the others are silent.
async fn serial_port(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    let world = app.world();
    let vm = find(&world, call.parent())?;
    let number = |name: &str, default: i64| match call.query(name) {
        None => Ok(default),
        Some(text) => text.parse::<i64>().map_err(|_| Error::invalid(name, text, "Must be a whole number.")),
    };
    let port = number("port", 1)?;
    if !(1..=4).contains(&port) {
        return Err(Error::invalid("port", port, "Must be between 1 and 4, inclusive."));
    }
    let start = number("start", 0)?;
    let (start, contents, next) = if port == 1 { vm.serial.read(start) } else { (0, "", 0) };
    Ok(Json(json!({
        "kind": "compute#serialPortOutput",
        "selfLink": link(call.path()),
        "contents": contents,
        "start": start.to_string(),
        "next": next.to_string(),
    })))
}

async fn reset(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    act(&app, &call, call.parent(), "reset", |world, path, step| {
        let vm = find(world, path)?;
        if vm.status != Status::Running {
            return Err(Error::not_ready(path));
        }
        engine::reset(world, path, step);
        Ok(())
    })
}

async fn stop(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    act(&app, &call, call.parent(), "stop", |world, path, step| {
        engine::halt(world, path, step);
        Ok(())
    })
}

/// What no capacity or quota is left for is refused here, where nothing tries again.
async fn start(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    act(&app, &call, call.parent(), "start", |world, path, step| {
        let template = find(world, path)?.template.clone();
        engine::start(world, path, &template, step).map_err(|attempt| Error::attempt(&attempt))
    })
}

async fn delete(State(app): State<App>, call: Call) -> Result<Json<Value>, Error> {
    act(&app, &call, call.path(), "delete", |world, path, step| {
        engine::delete(world, path, step);
        Ok(())
    })
}

/// An operation on a VM, in its zone.
fn act(
    app: &App,
    call: &Call,
    path: &str,
    kind: &str,
    work: impl FnOnce(&mut World, &str, &mut Step<'_>) -> Result<(), Error>,
) -> Result<Json<Value>, Error> {
    app.change(call, |world, now| {
        let vm = find(world, path)?;
        let (path, target_id) = (vm.path.clone(), vm.id);
        work(world, &path, &mut Step::new(now, &app.config))?;
        Ok(Subject { kind: kind.to_owned(), target: path, target_id, finish: Finish::Stored })
    })
}

fn find<'a>(world: &'a World, path: &str) -> Result<&'a Vm, Error> {
    if let Some(vm) = world.vms.get(path) {
        return Ok(vm);
    }
    // Instances are addressed by id as well.
    let zone = path.rsplit_once('/').map_or("", |(zone, _)| zone);
    World::below(&world.vms, zone)
        .map(|(_, vm)| vm)
        .find(|vm| vm.id.to_string() == reference::name(path))
        .ok_or_else(|| Error::not_found(path))
}

fn view(world: &World, vm: &Vm) -> Value {
    let properties = world.blueprints.get(&vm.blueprint).cloned().unwrap_or_default();
    let zone = reference::scope(&vm.path);
    let mut view = Map::new();
    for key in [
        "description",
        "canIpForward",
        "labels",
        "scheduling",
        "shieldedInstanceConfig",
        "confidentialInstanceConfig",
        "advancedMachineFeatures",
        "guestAccelerators",
        "minCpuPlatform",
        "reservationAffinity",
        "resourcePolicies",
        "networkPerformanceConfig",
        "keyRevocationActionType",
    ] {
        if let Some(value) = properties.get(key) {
            view.insert(key.to_owned(), value.clone());
        }
    }
    let machine_type = properties.get("machineType").and_then(Value::as_str).unwrap_or_default();
    let labels = properties.get("labels").map(Value::to_string).unwrap_or_default();
    for (key, value) in [
        ("kind", "compute#instance".to_owned()),
        ("id", vm.id.to_string()),
        ("creationTimestamp", vm.created.to_string()),
        ("name", vm.name().to_owned()),
        ("selfLink", link(&vm.path)),
        ("zone", link(zone)),
        ("machineType", link(&format!("{zone}/machineTypes/{machine_type}"))),
        ("status", vm.status.name().to_owned()),
        ("cpuPlatform", "Intel Broadwell".to_owned()),
        ("labelFingerprint", fingerprint::of(&labels)),
        ("fingerprint", fingerprint::of(&format!("{} {}", vm.id, vm.status.name()))),
    ] {
        view.insert(key.to_owned(), value.into());
    }
    if let Some(started) = vm.last_start {
        view.insert("lastStartTimestamp".to_owned(), started.to_string().into());
    }
    view.insert("startRestricted".to_owned(), false.into());
    view.insert("deletionProtection".to_owned(), false.into());
    view.insert("tags".to_owned(), tags(&properties));
    view.insert("metadata".to_owned(), metadata(vm, &properties));
    view.insert("disks".to_owned(), disks(vm, &properties));
    view.insert("networkInterfaces".to_owned(), interfaces(vm, &properties));
    if let Some(Value::Array(accounts)) = properties.get("serviceAccounts") {
        let mut accounts = accounts.clone();
        for account in &mut accounts {
            account["email"] = vm.service_account(&properties).into();
        }
        view.insert("serviceAccounts".to_owned(), accounts.into());
    }
    Value::Object(view)
}

fn tags(properties: &Value) -> Value {
    let items = properties.pointer("/tags/items").cloned().unwrap_or_else(|| json!([]));
    json!({"fingerprint": fingerprint::of(&items.to_string()), "items": items})
}

fn metadata(vm: &Vm, properties: &Value) -> Value {
    let items: Vec<Value> = vm
        .attributes(properties)
        .into_iter()
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect();
    let items = Value::from(items);
    json!({"kind": "compute#metadata", "fingerprint": fingerprint::of(&items.to_string()), "items": items})
}

/// Disks as attached: the template's parameters become disks that are named after the VM.
fn disks(vm: &Vm, properties: &Value) -> Value {
    let zone = reference::scope(&vm.path);
    let mut disks = properties.get("disks").and_then(Value::as_array).cloned().unwrap_or_default();
    for (index, disk) in disks.iter_mut().enumerate() {
        let Some(disk) = disk.as_object_mut() else { continue };
        let parameters = disk.remove("initializeParams").unwrap_or_default();
        let own = if index == 0 { vm.name().to_owned() } else { format!("{}-{index}", vm.name()) };
        let name = parameters.get("diskName").and_then(Value::as_str).unwrap_or(&own).to_owned();
        if let Some(size) = parameters.get("diskSizeGb") {
            disk.entry("diskSizeGb").or_insert_with(|| size.clone());
        }
        disk.entry("source").or_insert_with(|| link(&format!("{zone}/disks/{name}")).into());
        disk.entry("interface").or_insert_with(|| "SCSI".into());
    }
    disks.into()
}

/// `networkIP` is the loopback address on which the VM's agent really listens.
fn interfaces(vm: &Vm, properties: &Value) -> Value {
    let mut interfaces =
        properties.get("networkInterfaces").and_then(Value::as_array).cloned().unwrap_or_default();
    for interface in &mut interfaces {
        interface["networkIP"] = vm.agent.ip().to_string().into();
        interface["fingerprint"] = fingerprint::of(&vm.agent.to_string()).into();
        for access in interface.get_mut("accessConfigs").and_then(Value::as_array_mut).into_iter().flatten() {
            access["natIP"] = address::external(vm.id).to_string().into();
        }
    }
    interfaces.into()
}
