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

/// How much of a metric a project may use in the region, and how much it does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quota {
    pub limit: f64,
    pub usage: f64,
}

impl Quota {
    /// Never negative, though a limit may be lowered below what is in use.
    pub fn left(&self) -> f64 {
        (self.limit - self.usage).max(0.0)
    }
}

/// The region as the API tells it. Absent offline: rules that need it are then left to the apply.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Location {
    pub zones: BTreeSet<String>,
    /// Machine type to the zones that have it. Only the types that were asked for.
    pub machine_types: BTreeMap<String, BTreeSet<String>>,
    /// By Compute Engine's names: `CPUS`, `N2_CPUS`, `PREEMPTIBLE_CPUS`. Only those of vCPUs.
    #[serde(default)]
    pub quotas: BTreeMap<String, Quota>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_below_the_use_leaves_nothing() {
        let quota = Quota { limit: 4.0, usage: 6.0 };
        assert!(quota.left().abs() < f64::EPSILON);
    }
}
