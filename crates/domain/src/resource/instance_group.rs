//! A regional managed instance group.

use serde::{Deserialize, Serialize};

use crate::{
    amount::Amount,
    environment::NamedPort,
    pool::{ReplacementMethod, UpdateType},
};

/// The minimal action is REPLACE: no difference between templates is applied to a running VM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdatePolicy {
    /// Left out while it is PROACTIVE, so that plans of before keep their digests; so below.
    #[serde(default, skip_serializing_if = "is_default")]
    pub update_type: UpdateType,
    #[serde(default, skip_serializing_if = "is_default")]
    pub replacement_method: ReplacementMethod,
    /// A fixed number is 0 or at least the number of zones.
    pub max_surge: Amount,
    /// A fixed number is 0 or at least the number of zones.
    pub max_unavailable: Amount,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The version that only a part of the group runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// The instance template's name.
    pub template: String,
    /// At most the group's size.
    pub target_size: Amount,
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
    /// The instance template's name: of all VMs but the canary's.
    pub template: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// VMs. With an autoscaler in charge this is only the size at creation, and never a difference.
    pub target_size: u32,
    /// Sorted; fixed after creation.
    pub zones: Vec<String>,
    pub named_ports: Vec<NamedPort>,
    pub update_policy: UpdatePolicy,
    pub auto_healing: Option<AutoHealing>,
}

impl InstanceGroup {
    /// How many VMs of a group of `size` are to run each version: the one without a number of its own first.
    pub fn shares(&self, size: u32) -> Vec<(&str, u32)> {
        let Some(canary) = &self.canary else { return vec![(&self.template, size)] };
        let tried = canary.target_size.of(size).min(size);
        vec![(&self.template, size - tried), (&canary.template, tried)]
    }

    /// The names of the versions that it is to run.
    pub fn templates(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.template.as_str())
            .chain(self.canary.iter().map(|canary| canary.template.as_str()))
    }
}
