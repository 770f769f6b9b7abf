//! An instance template: immutable in Compute Engine, so its name carries a digest of its content.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    pub size_gb: u32,
    /// `pd-ssd`, `pd-balanced`, …
    pub disk_type: String,
    /// None: encrypted with a key that Google manages.
    pub kms_key: Option<String>,
}

/// What happens to the VM while its host is maintained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MaintenancePolicy {
    Migrate,
    Terminate,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scheduling {
    pub spot: bool,
    pub automatic_restart: bool,
    pub on_host_maintenance: MaintenancePolicy,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shielded {
    pub secure_boot: bool,
    pub vtpm: bool,
    pub integrity_monitoring: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceTemplate {
    pub name: String,
    pub description: String,
    pub machine_type: String,
    /// `project/family`, as `ubuntu-os-cloud/ubuntu-2204-lts`, or a full `projects/…` path.
    pub source_image: String,
    pub boot_disk: Disk,
    /// Has a device name but no disk name: Compute Engine then names one per instance, so that a second VM does not collide.
    pub workspace_disk: Option<Disk>,
    pub network: String,
    pub subnetwork: String,
    pub external_ip: bool,
    /// None is the project's default account.
    pub service_account: Option<String>,
    pub scopes: Vec<String>,
    pub tags: BTreeSet<String>,
    pub labels: BTreeMap<String, String>,
    pub metadata: BTreeMap<String, String>,
    pub scheduling: Scheduling,
    pub shielded: Shielded,
    pub confidential: bool,
    pub resource_policies: Vec<String>,
}
