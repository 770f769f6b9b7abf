//! What Compute Engine holds of one environment, as it was read at one moment.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Timestamp, autoscaling::AutoscalerStatus, instance::Instance, resource::ResourceSet};

/// What moves in a group. The group's settings are in [`ResourceSet`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupStatus {
    pub target_size: u32,
    /// No action is under way or scheduled.
    pub is_stable: bool,
    /// All instances have the intended version.
    pub version_reached: bool,
    pub instances: Vec<Instance>,
}

/// The region as the API tells it. Absent offline: rules that need it are then left to the apply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    pub zones: BTreeSet<String>,
    /// Machine type to the zones that have it. Only the types that were asked for.
    pub machine_types: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ObservedFleet {
    /// Only resources of this environment: by their names' prefix and what the store says we own.
    pub resources: ResourceSet,
    /// By the group's name.
    pub groups: BTreeMap<String, GroupStatus>,
    /// What the service says of each autoscaler, by its name. The settings are in [`ResourceSet`].
    #[serde(default)]
    pub autoscalers: BTreeMap<String, AutoscalerStatus>,
    pub location: Option<Location>,
    /// None: never read.
    pub observed_at: Option<Timestamp>,
}
