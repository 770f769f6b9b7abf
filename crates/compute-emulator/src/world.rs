//! The whole state of an emulator, as it is saved and restored. What happens to it in time is in `engine`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    autoscaler::Scaler,
    clock::{Moment, Stamp, Virtual},
    dice::Dice,
    error::Error,
    fault::Fault,
    fingerprint,
    group::Group,
    load::Load,
    operation::Operation,
    reference,
    vm::{Vm, address::Addresses},
};

/// Keys are paths (see `reference`), so a listing is a range and a look-up is the URL's tail.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct World {
    /// Virtual time when this state was saved.
    pub(crate) at: Virtual,
    pub(crate) dice: Dice,
    pub(crate) addresses: Addresses,
    /// PKCS #8 of the key that signs identity tokens, base64.
    pub(crate) identity_key: String,
    /// Templates, health checks, firewall rules and autoscalers: what is declared and needs no engine.
    pub(crate) resources: BTreeMap<String, Resource>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) vms: BTreeMap<String, Vm>,
    /// Properties of the templates that VMs were made from, by template id: a template may be gone before its last VM.
    pub(crate) blueprints: BTreeMap<u64, Value>,
    pub(crate) operations: BTreeMap<String, Operation>,
    /// By `project/requestId`.
    pub(crate) replays: BTreeMap<String, Replay>,
    /// What goes wrong on demand, by number.
    #[serde(default)]
    pub(crate) faults: BTreeMap<u64, Active>,
    /// The load that a group's agents are told to show, by the group's path.
    #[serde(default)]
    pub(crate) loads: BTreeMap<String, Load>,
    /// What autoscalers remember, by their path.
    #[serde(default)]
    pub(crate) scalers: BTreeMap<String, Scaler>,
    /// The CPU utilisation that VMs' agents showed when they were last asked, 0 to 1, by the VM's id.
    #[serde(skip)]
    pub(crate) cpu: BTreeMap<u64, f64>,
}

/// Path of the group that an autoscaler is for.
pub(crate) fn target_of(autoscaler: &str, body: &Map<String, Value>) -> Option<String> {
    let target = body.get("target").and_then(Value::as_str)?;
    reference::resolve(target, reference::project(autoscaler), "instanceGroupManagers")
}

/// A fault that is switched on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Active {
    pub(crate) since: Stamp,
    pub(crate) fault: Fault,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Resource {
    pub(crate) id: u64,
    pub(crate) created: Stamp,
    /// What the client declared, checked and completed with defaults; without the fields that the service makes.
    pub(crate) body: Map<String, Value>,
}

/// What a request id stood for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Replay {
    pub(crate) request: u64,
    pub(crate) operation: String,
}

impl World {
    pub(crate) fn new(seed: u64, identity_key: String) -> Self {
        Self {
            at: 0,
            dice: Dice::new(seed),
            addresses: Addresses::new(seed),
            identity_key,
            resources: BTreeMap::new(),
            groups: BTreeMap::new(),
            vms: BTreeMap::new(),
            blueprints: BTreeMap::new(),
            operations: BTreeMap::new(),
            replays: BTreeMap::new(),
            faults: BTreeMap::new(),
            loads: BTreeMap::new(),
            scalers: BTreeMap::new(),
            cpu: BTreeMap::new(),
        }
    }

    pub(crate) fn active_faults(&self) -> impl Iterator<Item = &Fault> {
        self.faults.values().map(|active| &active.fault)
    }

    pub(crate) fn resource(&self, path: &str) -> Result<&Resource, Error> {
        self.resources.get(path).ok_or_else(|| Error::not_found(path))
    }

    pub(crate) fn group(&self, path: &str) -> Result<&Group, Error> {
        self.groups.get(path).ok_or_else(|| Error::not_found(path))
    }

    /// The entries directly below a collection's path.
    pub(crate) fn below<'a, T>(
        map: &'a BTreeMap<String, T>,
        collection: &str,
    ) -> impl Iterator<Item = (&'a String, &'a T)> {
        let prefix = format!("{collection}/");
        map.range(prefix.clone()..).take_while(move |(path, _)| path.starts_with(&prefix))
    }

    /// The autoscaler that targets a group.
    pub(crate) fn autoscaler_of(&self, group: &str) -> Option<&str> {
        let collection = format!("{}/autoscalers", reference::scope(group));
        Self::below(&self.resources, &collection)
            .find(|(_, scaler)| {
                scaler.body.get("target").and_then(Value::as_str) == Some(&reference::link(group))
            })
            .map(|(path, _)| path.as_str())
    }

    /// The first group that uses a template, in its versions or in an instance of it.
    pub(crate) fn user_of_template(&self, template: &str) -> Option<&str> {
        self.groups
            .iter()
            .find(|(_, group)| {
                group.intent().versions.iter().any(|v| v.template == template)
                    || group.instances.values().any(|i| i.version.template == template)
            })
            .map(|(path, _)| path.as_str())
    }

    pub(crate) fn user_of_health_check(&self, health_check: &str) -> Option<&str> {
        self.groups
            .iter()
            .find(|(_, group)| group.intent().health_check.is_some_and(|check| check.path == health_check))
            .map(|(path, _)| path.as_str())
    }

    /// Forgets the properties of templates that are gone with their last VM.
    pub(crate) fn drop_blueprint(&mut self, id: u64) {
        let used = self.vms.values().any(|vm| vm.blueprint == id)
            || self.resources.values().any(|resource| resource.id == id);
        if !used {
            self.blueprints.remove(&id);
        }
    }

    pub(crate) fn fresh_fingerprint(&mut self) -> String {
        fingerprint::encode(self.dice.next())
    }

    /// Keeps the newest operations only: a client looks at its own within minutes.
    pub(crate) fn forget_old_operations(&mut self, now: Moment) {
        const KEPT: usize = 4000;
        if self.operations.len() <= KEPT + KEPT / 4 {
            return;
        }
        let mut ages: Vec<(Stamp, String)> = self
            .operations
            .iter()
            .filter(|(_, operation)| operation.is_done(now))
            .map(|(path, operation)| (operation.inserted, path.clone()))
            .collect();
        ages.sort();
        for (_, path) in ages.into_iter().take(KEPT / 4) {
            self.operations.remove(&path);
        }
        let operations = &self.operations;
        self.replays.retain(|_, replay| operations.contains_key(&replay.operation));
    }
}
