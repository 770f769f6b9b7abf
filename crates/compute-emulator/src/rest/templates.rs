//! Instance templates: immutable, global.

use serde_json::{Value, json};

use super::resource::{Body, Noun, text};
use crate::{error::Error, fingerprint, reference::link, shape::template::TEMPLATE, world::World};

pub(crate) const NOUN: Noun = Noun {
    collection: "instanceTemplates",
    kind: "compute#instanceTemplate",
    fields: TEMPLATE,
    required: &["name", "properties.machineType", "properties.disks", "properties.networkInterfaces"],
    output: &[],
    mutable: false,
    complete,
    user: |world, path| {
        world.user_of_template(path).map(|user| Error::in_use("instance_template", path, user))
    },
};

fn complete(body: &mut Body, _: &World, path: &str) -> Result<(), Error> {
    let Some(Value::Object(properties)) = body.get_mut("properties") else { return Ok(()) };
    let machine_type = properties.get("machineType").map(text).unwrap_or_default();
    if machine_type.contains('/') || machine_type.is_empty() {
        return Err(Error::invalid(
            "resource.properties.machineType",
            machine_type,
            "Instance templates take the name of a machine type, not a URL.",
        ));
    }
    check_disks(properties)?;
    check_scheduling(properties)?;
    complete_interfaces(properties, path)?;
    if let Some(metadata) = properties.get_mut("metadata").and_then(Value::as_object_mut) {
        check_metadata(metadata)?;
        let print = fingerprint::of(&metadata.get("items").map(Value::to_string).unwrap_or_default());
        metadata.insert("kind".into(), "compute#metadata".into());
        metadata.insert("fingerprint".into(), print.into());
    }
    Ok(())
}

fn check_disks(properties: &mut Body) -> Result<(), Error> {
    let disks = properties.get_mut("disks").and_then(Value::as_array_mut);
    let mut boots = 0;
    for (index, disk) in disks.into_iter().flatten().enumerate() {
        let boot = disk.get("boot").and_then(Value::as_bool).unwrap_or(false);
        boots += usize::from(boot);
        let created = disk.get("initializeParams").is_some();
        if !created && disk.get("source").is_none() {
            let field = format!("resource.properties.disks[{index}]");
            return Err(Error::invalid(&field, "", "Either source or initializeParams must be specified."));
        }
        if let Some(disk) = disk.as_object_mut() {
            let set = |disk: &mut Body, key: &str, value: Value| disk.entry(key).or_insert(value).is_null();
            set(disk, "kind", "compute#attachedDisk".into());
            set(disk, "type", "PERSISTENT".into());
            set(disk, "mode", "READ_WRITE".into());
            set(disk, "index", index.into());
            let name = if boot { "boot".to_owned() } else { format!("persistent-disk-{index}") };
            set(disk, "deviceName", name.into());
        }
    }
    if boots != 1 {
        let why = "Exactly one disk must have boot set to true.";
        return Err(Error::invalid("resource.properties.disks", boots, why));
    }
    Ok(())
}

fn check_scheduling(properties: &mut Body) -> Result<(), Error> {
    let scheduling = properties.entry("scheduling").or_insert_with(|| json!({}));
    let is = |key: &str, value: &str| scheduling.get(key).map(text) == Some(value);
    let spot = is("provisioningModel", "SPOT") || scheduling.get("preemptible") == Some(&Value::Bool(true));
    if spot && scheduling.get("automaticRestart") == Some(&Value::Bool(true)) {
        let why = "Scheduling must have preemptible be false when AutomaticRestart is true.";
        return Err(Error::invalid("resource.properties.scheduling.preemptible", true, why));
    }
    if spot && is("onHostMaintenance", "MIGRATE") {
        let why = "Preemptible VMs cannot be migrated: onHostMaintenance must be TERMINATE.";
        return Err(Error::invalid("resource.properties.scheduling.onHostMaintenance", "MIGRATE", why));
    }
    if let Some(scheduling) = scheduling.as_object_mut() {
        scheduling.entry("automaticRestart").or_insert_with(|| (!spot).into());
        scheduling
            .entry("onHostMaintenance")
            .or_insert_with(|| if spot { "TERMINATE" } else { "MIGRATE" }.into());
        scheduling.entry("preemptible").or_insert_with(|| spot.into());
        scheduling
            .entry("provisioningModel")
            .or_insert_with(|| if spot { "SPOT" } else { "STANDARD" }.into());
    }
    Ok(())
}

fn complete_interfaces(properties: &mut Body, path: &str) -> Result<(), Error> {
    let interfaces = properties.get_mut("networkInterfaces").and_then(Value::as_array_mut);
    let project = crate::reference::project(path);
    let mut count = 0;
    for (index, interface) in interfaces.into_iter().flatten().enumerate() {
        let Some(interface) = interface.as_object_mut() else { continue };
        count += 1;
        interface.insert("kind".into(), "compute#networkInterface".into());
        interface.entry("name").or_insert_with(|| format!("nic{index}").into());
        if !interface.contains_key("network") && !interface.contains_key("subnetwork") {
            interface.insert(
                "network".into(),
                link(&format!("projects/{project}/global/networks/default")).into(),
            );
        }
        for access in interface.get_mut("accessConfigs").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(access) = access.as_object_mut() {
                access.insert("kind".into(), "compute#accessConfig".into());
                access.entry("type").or_insert_with(|| "ONE_TO_ONE_NAT".into());
                access.entry("name").or_insert_with(|| "External NAT".into());
                access.entry("networkTier").or_insert_with(|| "PREMIUM".into());
            }
        }
    }
    if count == 0 {
        let why = "At least one network interface is required.";
        return Err(Error::invalid("resource.properties.networkInterfaces", "", why));
    }
    Ok(())
}

fn check_metadata(metadata: &Body) -> Result<(), Error> {
    let mut seen = std::collections::BTreeSet::new();
    for item in metadata.get("items").and_then(Value::as_array).into_iter().flatten() {
        let key = item.get("key").map(text).unwrap_or_default();
        let fits = !key.is_empty()
            && key.len() < 128
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !fits {
            let why = "Must be a match of regex '[a-zA-Z0-9-_]{1,127}'";
            return Err(Error::invalid("resource.properties.metadata.items.key", key, why));
        }
        if !seen.insert(key) {
            let why = "Metadata has duplicate key.";
            return Err(Error::invalid("resource.properties.metadata", key, why));
        }
    }
    Ok(())
}
