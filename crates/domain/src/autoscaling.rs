//! How an autoscaler is told to size a pool beyond its bounds and its CPU target, and what was seen of its work.

mod cron;
mod in_force;
mod replay;
mod time_zone;

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::Timestamp;

pub use cron::{InvalidCron, check_cron};
pub use in_force::{ScheduleInForce, schedule_in_force};
pub use replay::{Replay, Replayed, replay};
pub use time_zone::is_time_zone;
pub(crate) use time_zone::spelled;

/// What the autoscaler may do with what it recommends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AutoscalingMode {
    #[default]
    On,
    /// It still recommends.
    Off,
    OnlyScaleOut,
}

impl AutoscalingMode {
    pub const ALL: [Self; 3] = [Self::On, Self::OnlyScaleOut, Self::Off];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::On => "ON",
            Self::Off => "OFF",
            Self::OnlyScaleOut => "ONLY_SCALE_OUT",
        }
    }

    /// As a choice in a form says it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::On => "adds and removes VMs",
            Self::Off => "only recommends",
            Self::OnlyScaleOut => "only adds VMs",
        }
    }
}

impl fmt::Display for AutoscalingMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for AutoscalingMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no mode: ON, ONLY_SCALE_OUT or OFF"))
    }
}

/// Times at which a pool has at least so many VMs, whatever its load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScalingSchedule {
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Cron with five fields, or a sixth for the year.
    pub schedule: String,
    /// A name of the time zone database.
    #[serde(default = "utc")]
    pub time_zone: String,
    pub duration_sec: u32,
    pub min_required_replicas: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

fn utc() -> String {
    "UTC".to_owned()
}

impl ScalingSchedule {
    /// `at least 5 for 8 h from 0 8 * * Mon-Fri (Europe/Berlin)`.
    pub fn words(&self) -> String {
        let minutes = self.duration_sec / 60;
        let span = match (minutes / 60, minutes % 60) {
            (0, minutes) => format!("{minutes} min"),
            (hours, 0) => format!("{hours} h"),
            (hours, minutes) => format!("{hours} h {minutes} min"),
        };
        let off = if self.disabled { ", switched off" } else { "" };
        format!(
            "at least {} for {span} from {} ({}){off}",
            self.min_required_replicas, self.schedule, self.time_zone
        )
    }
}

/// One look at an autoscaled pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    pub at: Timestamp,
    /// VMs that run.
    pub running: u32,
    /// The size that the group was told.
    pub target: u32,
    /// None where the service recommended nothing.
    pub recommended: Option<u32>,
    pub minimum: u32,
    pub maximum: u32,
}

/// What the service says of its autoscaler, in its own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoscalerStatus {
    /// `ACTIVE`, `PENDING`, `ERROR`, `DELETING`.
    pub status: String,
    /// Computed in every mode.
    pub recommended_size: Option<u32>,
    pub details: Vec<StatusDetail>,
    pub schedules: BTreeMap<String, ScheduleStatus>,
}

/// The types of reasons that a pool's autoscaler can have; docs/errors.md explains each. The service may come to know others.
pub const STATUS_TYPES: [&str; 16] = [
    "ALL_INSTANCES_UNHEALTHY",
    "CAPPED_AT_MAX_NUM_REPLICAS",
    "CUSTOM_METRIC_DATA_POINTS_TOO_SPARSE",
    "CUSTOM_METRIC_INVALID",
    "MIN_EQUALS_MAX",
    "MISSING_CUSTOM_METRIC_DATA_POINTS",
    "MODE_OFF",
    "MODE_ONLY_SCALE_OUT",
    "MODE_ONLY_UP",
    "NOT_ENOUGH_QUOTA_AVAILABLE",
    "REGION_RESOURCE_STOCKOUT",
    "SCALING_TARGET_DOES_NOT_EXIST",
    "SCHEDULED_INSTANCES_GREATER_THAN_AUTOSCALER_MAX",
    "SCHEDULED_INSTANCES_LESS_THAN_AUTOSCALER_MIN",
    "UNKNOWN",
    "ZONE_RESOURCE_STOCKOUT",
];

/// A reason of the service: `CAPPED_AT_MAX_NUM_REPLICAS` and its sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusDetail {
    #[serde(rename = "type")]
    pub kind: String,
    pub message: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleStatus {
    /// `READY`, `ACTIVE`, `DISABLED`, `OBSOLETE`.
    pub state: String,
    pub last_start: Option<Timestamp>,
    pub next_start: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_read_back_as_the_api_spells_them() {
        for mode in AutoscalingMode::ALL {
            assert_eq!(mode.as_str().parse(), Ok(mode));
            assert_eq!(serde_json::to_value(mode).unwrap(), mode.as_str());
        }
        assert!("ONLY_UP".parse::<AutoscalingMode>().is_err());
    }

    #[test]
    fn a_schedule_says_itself_in_a_line() {
        let schedule: ScalingSchedule = serde_json::from_value(serde_json::json!({
            "name": "office", "schedule": "0 8 * * Mon-Fri", "duration_sec": 30_600, "min_required_replicas": 5,
        }))
        .unwrap();
        assert_eq!(schedule.words(), "at least 5 for 8 h 30 min from 0 8 * * Mon-Fri (UTC)");
    }
}
