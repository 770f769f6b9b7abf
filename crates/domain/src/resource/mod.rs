//! The fleet in Compute Engine's own terms: what a declaration derives to, and what is read back.
//! One set of types for both, so that a plan is a comparison.

mod autoscaler;
mod firewall_rule;
mod health_check;
mod instance_group;
mod instance_template;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use autoscaler::{Autoscaler, ScaleInControl};
pub use firewall_rule::FirewallRule;
pub use health_check::HealthCheck;
pub use instance_group::{AutoHealing, Canary, InstanceGroup, UpdatePolicy};
pub use instance_template::{Disk, InstanceTemplate, MaintenancePolicy, Scheduling, Shielded};

/// All resources of one environment, by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ResourceSet {
    pub templates: BTreeMap<String, InstanceTemplate>,
    pub health_checks: BTreeMap<String, HealthCheck>,
    pub firewall_rules: BTreeMap<String, FirewallRule>,
    pub groups: BTreeMap<String, InstanceGroup>,
    pub autoscalers: BTreeMap<String, Autoscaler>,
}

/// The kinds of resource that a plan acts on, in the order in which they may be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    HealthCheck,
    FirewallRule,
    InstanceTemplate,
    InstanceGroup,
    Autoscaler,
    /// One VM of a group, acted on by name.
    Instance,
}

impl ResourceKind {
    pub const ALL: [Self; 6] = [
        Self::HealthCheck,
        Self::FirewallRule,
        Self::InstanceTemplate,
        Self::InstanceGroup,
        Self::Autoscaler,
        Self::Instance,
    ];

    /// As ids and columns spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HealthCheck => "health_check",
            Self::FirewallRule => "firewall_rule",
            Self::InstanceTemplate => "instance_template",
            Self::InstanceGroup => "instance_group",
            Self::Autoscaler => "autoscaler",
            Self::Instance => "instance",
        }
    }

    /// As a sentence says it.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::HealthCheck => "health check",
            Self::FirewallRule => "firewall rule",
            Self::InstanceTemplate => "instance template",
            Self::InstanceGroup => "instance group",
            Self::Autoscaler => "autoscaler",
            Self::Instance => "instance",
        }
    }
}
