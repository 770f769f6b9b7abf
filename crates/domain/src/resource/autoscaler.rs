//! A regional autoscaler, attached to the group that it sizes.

use serde::{Deserialize, Serialize};

use crate::{
    autoscaling::{AutoscalingMode, ScalingSchedule},
    environment::CustomMetric,
};

/// At most this share of the group goes within the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScaleInControl {
    pub max_percent: u32,
    pub time_window_sec: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Autoscaler {
    pub name: String,
    /// The instance group's name.
    pub group: String,
    pub min_replicas: u32,
    pub max_replicas: u32,
    pub cooldown_sec: u32,
    /// A share in (0, 1].
    pub cpu_target: f64,
    pub predictive: bool,
    pub custom_metrics: Vec<CustomMetric>,
    pub scale_in: ScaleInControl,
    #[serde(default)]
    pub mode: AutoscalingMode,
    /// By name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<ScalingSchedule>,
}
