//! A pool as declared: `agent_pools`. What is not set here falls to the environment's default.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    AgentType,
    autoscaling::{AutoscalingMode, ScalingSchedule},
    environment::{CustomMetric, NamedPort},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolSpec {
    pub name: String,
    pub agent_type: AgentType,
    pub template_name: String,
    pub target_size: Option<u32>,
    pub enable_autoscaling: Option<bool>,
    pub min_replicas: Option<u32>,
    pub max_replicas: Option<u32>,
    /// A share in (0, 1].
    pub cpu_target: Option<f64>,
    /// None: the number of zones, which is the least a regional group accepts; the plan says so.
    pub max_surge: Option<u32>,
    pub max_unavailable: u32,
    /// Seconds. Compute Engine v1 has no such field, so the rollout engine here keeps it.
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
            target_size: None,
            enable_autoscaling: None,
            min_replicas: None,
            max_replicas: None,
            cpu_target: None,
            max_surge: None,
            max_unavailable: 0,
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
}
