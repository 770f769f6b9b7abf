//! A managed instance group and its instances, as state. What is to become of them is in `engine`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    clock::{Stamp, Virtual},
    intent::Intent,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) path: String,
    pub(crate) id: u64,
    pub(crate) created: Stamp,
    pub(crate) fingerprint: String,
    pub(crate) target_size: u32,
    /// What the client declared, completed with defaults; the size is above, and all that the service makes is left out.
    pub(crate) body: Map<String, Value>,
    pub(crate) instances: BTreeMap<String, ManagedInstance>,
    /// The operation that deletes the group.
    pub(crate) deleting: Option<String>,
    /// The newest failures, oldest first.
    pub(crate) failures: Vec<Failure>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ManagedInstance {
    pub(crate) name: String,
    pub(crate) zone: String,
    /// What it is meant to run; its VM may still be of another version.
    pub(crate) version: Version,
    pub(crate) action: Action,
    pub(crate) health: Health,
    /// Its present VM has been healthy once: from then on failing probes count.
    pub(crate) was_healthy: bool,
    /// Until then failing probes do not count.
    pub(crate) grace: Option<Virtual>,
    /// The VM that a RECREATING has to remove first.
    pub(crate) replacing: Option<u64>,
    /// The boot that a RESTARTING has to end first.
    #[serde(default)]
    pub(crate) ending_boot: Option<u64>,
    /// Stopped on demand: kept beside the group's target size, and neither repaired nor updated.
    #[serde(default)]
    pub(crate) standby: bool,
    /// To be deleted as soon as its substitute serves: moved to another zone.
    pub(crate) leaving: bool,
    pub(crate) last_attempt: Option<Attempt>,
    /// When the next try, or the end of an ABANDONING or a REFRESHING, is due.
    pub(crate) due: Option<Virtual>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) name: Option<String>,
    /// Path of the template.
    pub(crate) template: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) code: String,
    pub(crate) message: String,
    /// `errorDetails`, one entry; null where there is none.
    #[serde(default)]
    pub(crate) details: Value,
}

impl Attempt {
    pub(crate) fn new(code: &str, message: String) -> Self {
        Self { code: code.to_owned(), message, details: Value::Null }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) stamp: Stamp,
    pub(crate) action: Action,
    /// Path of the instance.
    pub(crate) instance: String,
    pub(crate) version: Version,
    pub(crate) attempt: Attempt,
}

/// `currentAction`. SUSPENDING, RESUMING and CREATING_WITHOUT_RETRIES are not modelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Action {
    None,
    Creating,
    Verifying,
    Recreating,
    Restarting,
    Refreshing,
    Stopping,
    Starting,
    Deleting,
    Abandoning,
}

impl Action {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Creating => "CREATING",
            Self::Verifying => "VERIFYING",
            Self::Recreating => "RECREATING",
            Self::Restarting => "RESTARTING",
            Self::Refreshing => "REFRESHING",
            Self::Stopping => "STOPPING",
            Self::Starting => "STARTING",
            Self::Deleting => "DELETING",
            Self::Abandoning => "ABANDONING",
        }
    }

    /// It is on its way out of the group and no longer counts.
    pub(crate) fn leaves(self) -> bool {
        matches!(self, Self::Deleting | Self::Abandoning)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Health {
    Unknown,
    Healthy,
    Unhealthy,
    Timeout,
}

impl Health {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Healthy => "HEALTHY",
            Self::Unhealthy => "UNHEALTHY",
            Self::Timeout => "TIMEOUT",
        }
    }
}

impl ManagedInstance {
    /// An instance that is to be created.
    pub(crate) fn new(name: String, zone: String, version: Version) -> Self {
        Self {
            name,
            zone,
            version,
            action: Action::Creating,
            health: Health::Unknown,
            was_healthy: false,
            grace: None,
            replacing: None,
            ending_boot: None,
            standby: false,
            leaving: false,
            last_attempt: None,
            due: None,
        }
    }

    /// Forgets what was known of its VM, which is about to be another one.
    pub(crate) fn forget_vm(&mut self) {
        self.health = Health::Unknown;
        self.was_healthy = false;
        self.grace = None;
    }

    /// A new VM under the same name. `vm` is the one to be removed first.
    pub(crate) fn start_over(&mut self, vm: Option<u64>) {
        self.action = Action::Recreating;
        self.replacing = vm;
        self.due = None;
        self.standby = false;
        self.forget_vm();
    }

    /// Another boot of the same VM. `boots` is the count that ends.
    pub(crate) fn restart(&mut self, boots: u64) {
        self.action = Action::Restarting;
        self.ending_boot = Some(boots);
        self.due = None;
        self.forget_vm();
    }
}

impl Group {
    pub(crate) fn intent(&self) -> Intent {
        Intent::of(&self.path, &self.body)
    }

    /// The instances that stay and count towards the target size.
    pub(crate) fn live(&self) -> impl Iterator<Item = &ManagedInstance> {
        self.instances.values().filter(|instance| !instance.action.leaves() && !instance.standby)
    }

    /// `targetStoppedSize`
    pub(crate) fn stopped_count(&self) -> usize {
        self.instances.values().filter(|instance| !instance.action.leaves() && instance.standby).count()
    }

    pub(crate) fn live_count(&self) -> u32 {
        u32::try_from(self.live().count()).unwrap_or(u32::MAX)
    }

    pub(crate) fn record(&mut self, failure: Failure) {
        const KEPT: usize = 100;
        if self.failures.len() == KEPT {
            self.failures.remove(0);
        }
        self.failures.push(failure);
    }
}
