//! A regional managed instance group.

use serde::{Deserialize, Serialize};

use crate::environment::NamedPort;

/// PROACTIVE, minimal action REPLACE, replacement method SUBSTITUTE (the declaration offers no other).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdatePolicy {
    /// VMs. 0 or at least the number of zones.
    pub max_surge: u32,
    /// VMs. 0 or at least the number of zones.
    pub max_unavailable: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoHealing {
    /// The health check's name.
    pub health_check: String,
    pub initial_delay_sec: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceGroup {
    pub name: String,
    pub base_instance_name: String,
    pub description: String,
    /// The instance template's name.
    pub template: String,
    /// VMs. With an autoscaler in charge this is only the size at creation, and never a difference.
    pub target_size: u32,
    /// Sorted; fixed after creation.
    pub zones: Vec<String>,
    pub named_ports: Vec<NamedPort>,
    pub update_policy: UpdatePolicy,
    pub auto_healing: Option<AutoHealing>,
}
