//! A pool as declared: `agent_pools`. What is not set here falls to the environment's default.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    AgentType,
    amount::Amount,
    autoscaling::{AutoscalingMode, ScalingSchedule},
    environment::{CustomMetric, NamedPort},
};

/// When VMs of another version are replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum UpdateType {
    /// By the group itself, within the limits of its policy.
    #[default]
    Proactive,
    /// Only where somebody asks for it, or where a VM is made anew for another reason.
    Opportunistic,
}

impl UpdateType {
    pub const ALL: [Self; 2] = [Self::Proactive, Self::Opportunistic];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proactive => "PROACTIVE",
            Self::Opportunistic => "OPPORTUNISTIC",
        }
    }
}

/// How a VM of another version is replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ReplacementMethod {
    /// By a VM of another name, which may come first.
    #[default]
    Substitute,
    /// By a VM of the same name, after the old one is gone.
    Recreate,
}

impl ReplacementMethod {
    pub const ALL: [Self; 2] = [Self::Substitute, Self::Recreate];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Substitute => "SUBSTITUTE",
            Self::Recreate => "RECREATE",
        }
    }
}

/// A second version that a part of the pool tries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CanarySpec {
    /// None: the pool's own template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_name: Option<String>,
    /// None: the template as it is declared now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_version: Option<String>,
    /// VMs that run it; at most the pool's size.
    pub target_size: Amount,
}

/// What was not always in the schema is left out while it says nothing: declarations of before keep their digests.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolSpec {
    pub name: String,
    pub agent_type: AgentType,
    pub template_name: String,
    /// One version of the template by the digits at the end of its resource's name, whatever the template says now;
    /// [`crate::FleetSpec::template_versions`] holds it. None: the template as it is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanarySpec>,
    pub target_size: Option<u32>,
    pub enable_autoscaling: Option<bool>,
    pub min_replicas: Option<u32>,
    pub max_replicas: Option<u32>,
    /// A share in (0, 1].
    pub cpu_target: Option<f64>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub update_type: UpdateType,
    #[serde(default, skip_serializing_if = "is_default")]
    pub replacement_method: ReplacementMethod,
    /// None: the number of zones, which is the least a regional group accepts, or 0 with RECREATE; the plan says so.
    pub max_surge: Option<Amount>,
    pub max_unavailable: Amount,
    /// Seconds from the creation of a canary's youngest VM before it may be promoted. Compute Engine v1 has no such field:
    /// within a rollout the group goes on as soon as a new VM passes its check.
    pub min_ready_sec: u32,
    /// Seconds.
    pub health_check_initial_delay: u32,
    pub named_ports: Option<Vec<NamedPort>>,
    pub custom_metrics: Option<Vec<CustomMetric>>,
    pub labels: BTreeMap<String, String>,
    pub scaling_mode: String,
    // Beyond the module's schema: what Compute Engine's autoscaler takes and the module leaves out. Absent, they are not written.
    /// None: it adds and removes VMs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaling_mode: Option<AutoscalingMode>,
    /// Seconds that a new VM gets before its load counts. None: `default_cooldown_period`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown_period: Option<u32>,
    /// Per cent. None: the environment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_down_max_percent: Option<u32>,
    /// Seconds. None: the environment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_down_time_window: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scaling_schedules: Vec<ScalingSchedule>,
    /// Seconds without a heartbeat until the agent counts as late. Ours: the module knows no heartbeats. This and the two that
    /// follow are left out where they are not set, so that a declaration without them keeps its bytes and its digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_late_after: Option<u32>,
    /// Seconds without a heartbeat until the agent counts as silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_silent_after: Option<u32>,
    /// Seconds that a running VM may take until its agent's first word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_start_within: Option<u32>,
}

impl PoolSpec {
    pub fn new(name: &str, agent_type: AgentType, template_name: &str) -> Self {
        Self {
            name: name.to_owned(),
            agent_type,
            template_name: template_name.to_owned(),
            template_version: None,
            canary: None,
            target_size: None,
            enable_autoscaling: None,
            min_replicas: None,
            max_replicas: None,
            cpu_target: None,
            update_type: UpdateType::Proactive,
            replacement_method: ReplacementMethod::Substitute,
            max_surge: None,
            max_unavailable: Amount::NONE,
            min_ready_sec: 60,
            health_check_initial_delay: 300,
            named_ports: None,
            custom_metrics: None,
            labels: BTreeMap::new(),
            scaling_mode: "manual".to_owned(),
            autoscaling_mode: None,
            cooldown_period: None,
            scale_down_max_percent: None,
            scale_down_time_window: None,
            scaling_schedules: Vec::new(),
            heartbeat_late_after: None,
            heartbeat_silent_after: None,
            heartbeat_start_within: None,
        }
    }

    /// Of its own VMs, or of its canary's.
    pub fn uses(&self, template: &str) -> bool {
        let tried = self.canary.as_ref().and_then(|canary| canary.template_name.as_deref());
        self.template_name == template || tried == Some(template)
    }

    /// The digits of the template's versions that it holds to: for its own VMs, and for its canary's.
    pub fn held_versions(&self, template: &str) -> impl Iterator<Item = &str> {
        let own = self.template_version.as_deref().filter(|_| self.template_name == template);
        let tried = self
            .canary
            .as_ref()
            .filter(|canary| canary.template_name.as_deref().unwrap_or(&self.template_name) == template)
            .and_then(|canary| canary.template_version.as_deref());
        own.into_iter().chain(tried)
    }

    /// Whether it would let go of a version to roll with the template. One that tries a canary is rolled by its promotion, and by nothing
    /// that goes around it.
    pub fn lets_go_of(&self, template: &str) -> bool {
        self.canary.is_none() && self.held_versions(template).next().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_holds_versions_for_itself_and_for_its_canary() {
        let mut pool = PoolSpec::new("front", AgentType::BackendDeveloper, "web");
        let held =
            |pool: &PoolSpec, template| pool.held_versions(template).map(str::to_owned).collect::<Vec<_>>();
        assert!(held(&pool, "web").is_empty() && !pool.lets_go_of("web"));
        pool.template_version = Some("0000000a".into());
        assert_eq!(held(&pool, "web"), ["0000000a"]);
        assert!(pool.lets_go_of("web") && !pool.lets_go_of("other"));
        let mut canary = CanarySpec {
            template_name: None,
            template_version: Some("0000000b".into()),
            target_size: Amount::Fixed(1),
        };
        pool.canary = Some(canary.clone());
        assert_eq!(held(&pool, "web"), ["0000000a", "0000000b"]);
        assert!(!pool.lets_go_of("web"), "its promotion rolls it");
        canary.template_name = Some("other".into());
        pool.canary = Some(canary);
        assert_eq!(
            (held(&pool, "web"), held(&pool, "other")),
            (vec!["0000000a".into()], vec!["0000000b".into()])
        );
    }

    #[test]
    fn a_pool_uses_its_own_template_and_the_one_that_it_tries() {
        let mut pool = PoolSpec::new("front", AgentType::BackendDeveloper, "web");
        let canary = |template: Option<&str>| CanarySpec {
            template_name: template.map(str::to_owned),
            template_version: None,
            target_size: Amount::Fixed(1),
        };
        assert!(pool.uses("web") && !pool.uses("spare"));
        pool.canary = Some(canary(None));
        assert!(pool.uses("web") && !pool.uses("spare"));
        pool.canary = Some(canary(Some("spare")));
        assert!(pool.uses("web") && pool.uses("spare") && !pool.uses("other"));
    }
}
