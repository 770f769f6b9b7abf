//! The calls that a plan is made of, and their order.

use serde::{Deserialize, Serialize};

use crate::resource::{Autoscaler, FirewallRule, HealthCheck, InstanceGroup, InstanceTemplate, ResourceKind};

/// One VM of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceRef {
    /// The instance group's name.
    pub group: String,
    pub zone: String,
    pub name: String,
}

/// One resource call. The variants are in the order in which a plan runs them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Step {
    CreateHealthCheck {
        health_check: HealthCheck,
    },
    UpdateHealthCheck {
        health_check: HealthCheck,
    },
    CreateFirewallRule {
        firewall_rule: FirewallRule,
    },
    UpdateFirewallRule {
        firewall_rule: FirewallRule,
    },
    CreateInstanceTemplate {
        instance_template: InstanceTemplate,
    },
    CreateInstanceGroup {
        instance_group: InstanceGroup,
    },
    /// Before its group changes: an autoscaler that is still there would undo a new size.
    DeleteAutoscaler {
        name: String,
    },
    /// Everything but size and zones: template, policy, ports, healing.
    UpdateInstanceGroup {
        instance_group: InstanceGroup,
    },
    ResizeInstanceGroup {
        name: String,
        from: u32,
        to: u32,
    },
    /// One VM leaves, and its group has one less.
    DeleteInstance(InstanceRef),
    /// Another VM under the same name, of the version that its group intends.
    RecreateInstance(InstanceRef),
    /// The same VM boots again; its disks stay.
    RestartInstance(InstanceRef),
    /// It takes the version that its group intends, as a group does by itself where it is PROACTIVE.
    UpdateInstance(InstanceRef),
    CreateAutoscaler {
        autoscaler: Autoscaler,
    },
    UpdateAutoscaler {
        autoscaler: Autoscaler,
    },
    DeleteInstanceGroup {
        name: String,
    },
    /// Never in a plan: instances still run the old version when the plan's last call returns. See [`super::retire`].
    DeleteInstanceTemplate {
        name: String,
    },
    DeleteFirewallRule {
        name: String,
    },
    DeleteHealthCheck {
        name: String,
    },
}

impl Step {
    pub fn kind(&self) -> ResourceKind {
        match self {
            Self::CreateHealthCheck { .. }
            | Self::UpdateHealthCheck { .. }
            | Self::DeleteHealthCheck { .. } => ResourceKind::HealthCheck,
            Self::CreateFirewallRule { .. }
            | Self::UpdateFirewallRule { .. }
            | Self::DeleteFirewallRule { .. } => ResourceKind::FirewallRule,
            Self::CreateInstanceTemplate { .. } | Self::DeleteInstanceTemplate { .. } => {
                ResourceKind::InstanceTemplate
            }
            Self::CreateInstanceGroup { .. }
            | Self::UpdateInstanceGroup { .. }
            | Self::ResizeInstanceGroup { .. }
            | Self::DeleteInstanceGroup { .. } => ResourceKind::InstanceGroup,
            Self::CreateAutoscaler { .. } | Self::UpdateAutoscaler { .. } | Self::DeleteAutoscaler { .. } => {
                ResourceKind::Autoscaler
            }
            Self::DeleteInstance(_)
            | Self::RecreateInstance(_)
            | Self::RestartInstance(_)
            | Self::UpdateInstance(_) => ResourceKind::Instance,
        }
    }

    /// The VM that it acts on, where it acts on one.
    pub const fn instance(&self) -> Option<&InstanceRef> {
        match self {
            Self::DeleteInstance(vm)
            | Self::RecreateInstance(vm)
            | Self::RestartInstance(vm)
            | Self::UpdateInstance(vm) => Some(vm),
            _ => None,
        }
    }

    /// The resource's name.
    pub fn name(&self) -> &str {
        match self {
            Self::CreateHealthCheck { health_check } | Self::UpdateHealthCheck { health_check } => {
                &health_check.name
            }
            Self::CreateFirewallRule { firewall_rule } | Self::UpdateFirewallRule { firewall_rule } => {
                &firewall_rule.name
            }
            Self::CreateInstanceTemplate { instance_template } => &instance_template.name,
            Self::CreateInstanceGroup { instance_group } | Self::UpdateInstanceGroup { instance_group } => {
                &instance_group.name
            }
            Self::CreateAutoscaler { autoscaler } | Self::UpdateAutoscaler { autoscaler } => &autoscaler.name,
            Self::DeleteInstance(vm)
            | Self::RecreateInstance(vm)
            | Self::RestartInstance(vm)
            | Self::UpdateInstance(vm) => &vm.name,
            Self::ResizeInstanceGroup { name, .. }
            | Self::DeleteAutoscaler { name }
            | Self::DeleteInstanceGroup { name }
            | Self::DeleteInstanceTemplate { name }
            | Self::DeleteFirewallRule { name }
            | Self::DeleteHealthCheck { name } => name,
        }
    }

    /// Where a plan runs the step; steps of the same rank do not depend on each other.
    pub const fn rank(&self) -> u8 {
        match self {
            Self::CreateHealthCheck { .. } => 0,
            Self::UpdateHealthCheck { .. } => 1,
            Self::CreateFirewallRule { .. } => 2,
            Self::UpdateFirewallRule { .. } => 3,
            Self::CreateInstanceTemplate { .. } => 4,
            Self::CreateInstanceGroup { .. } => 5,
            Self::DeleteAutoscaler { .. } => 6,
            Self::UpdateInstanceGroup { .. } => 7,
            Self::ResizeInstanceGroup { .. } => 8,
            Self::DeleteInstance(_)
            | Self::RecreateInstance(_)
            | Self::RestartInstance(_)
            | Self::UpdateInstance(_) => 9,
            Self::CreateAutoscaler { .. } => 10,
            Self::UpdateAutoscaler { .. } => 11,
            Self::DeleteInstanceGroup { .. } => 12,
            Self::DeleteInstanceTemplate { .. } => 13,
            Self::DeleteFirewallRule { .. } => 14,
            Self::DeleteHealthCheck { .. } => 15,
        }
    }

    pub fn verb(&self) -> Verb {
        match self {
            Self::CreateHealthCheck { .. }
            | Self::CreateFirewallRule { .. }
            | Self::CreateInstanceTemplate { .. }
            | Self::CreateInstanceGroup { .. }
            | Self::CreateAutoscaler { .. } => Verb::Create,
            Self::UpdateHealthCheck { .. }
            | Self::UpdateFirewallRule { .. }
            | Self::UpdateInstanceGroup { .. }
            | Self::UpdateAutoscaler { .. }
            | Self::UpdateInstance(_) => Verb::Update,
            Self::ResizeInstanceGroup { .. } => Verb::Resize,
            Self::RecreateInstance(_) => Verb::Recreate,
            Self::RestartInstance(_) => Verb::Restart,
            Self::DeleteInstance(_)
            | Self::DeleteAutoscaler { .. }
            | Self::DeleteInstanceGroup { .. }
            | Self::DeleteInstanceTemplate { .. }
            | Self::DeleteFirewallRule { .. }
            | Self::DeleteHealthCheck { .. } => Verb::Delete,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Create,
    Update,
    Resize,
    Recreate,
    Restart,
    Delete,
}

impl Verb {
    /// In the order in which a summary counts them.
    pub const ALL: [Self; 6] =
        [Self::Create, Self::Update, Self::Resize, Self::Recreate, Self::Restart, Self::Delete];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Resize => "resize",
            Self::Recreate => "recreate",
            Self::Restart => "restart",
            Self::Delete => "delete",
        }
    }
}
