//! What an agent says of itself every ten seconds (docs/agent-protocol.md).

use serde::{Deserialize, Serialize};

/// Seconds between two heartbeats of an agent.
pub const HEARTBEAT_INTERVAL_SECONDS: u32 = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeartbeatStatus {
    Healthy,
    Degraded,
    Unhealthy,
    /// Its work was stopped on request; it still listens.
    Stopped,
}

impl HeartbeatStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
            Self::Stopped => "stopped",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeartbeatMetrics {
    pub tasks_completed_total: u64,
    pub cpu_utilization_percent: f64,
    pub memory_usage_bytes: u64,
    pub disk_usage_percent: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// New at each boot of the agent.
    pub boot_id: String,
    /// Grows within a boot, from 1.
    pub sequence: u64,
    pub uptime_seconds: u64,
    pub version: String,
    pub status: HeartbeatStatus,
    pub agent_type: String,
    pub environment: String,
    pub metrics: HeartbeatMetrics,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {problem}")]
pub struct InvalidHeartbeat {
    pub field: &'static str,
    pub problem: &'static str,
}

impl Heartbeat {
    /// What a well-formed heartbeat may say. Longest texts: 64 characters.
    pub fn validate(&self) -> Result<(), InvalidHeartbeat> {
        let fail = |field, problem| Err(InvalidHeartbeat { field, problem });
        let texts = [
            ("boot_id", &self.boot_id),
            ("version", &self.version),
            ("agent_type", &self.agent_type),
            ("environment", &self.environment),
        ];
        for (field, text) in texts {
            if text.is_empty() || text.len() > 64 {
                return fail(field, "must have 1 to 64 characters");
            }
        }
        if self.sequence == 0 || self.sequence > i64::MAX as u64 {
            return fail("sequence", "must be from 1 to 2^63 - 1");
        }
        if self.uptime_seconds > i64::MAX as u64 {
            return fail("uptime_seconds", "must be below 2^63");
        }
        let percent = |value: f64| value.is_finite() && (0.0..=100.0).contains(&value);
        if !percent(self.metrics.cpu_utilization_percent) {
            return fail("metrics.cpu_utilization_percent", "must be from 0 to 100");
        }
        if !percent(self.metrics.disk_usage_percent) {
            return fail("metrics.disk_usage_percent", "must be from 0 to 100");
        }
        if self.metrics.memory_usage_bytes > i64::MAX as u64
            || self.metrics.tasks_completed_total > i64::MAX as u64
        {
            return fail("metrics", "must be below 2^63");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heartbeat() -> Heartbeat {
        Heartbeat {
            boot_id: "b".into(),
            sequence: 1,
            uptime_seconds: 1,
            version: "0.1.0".into(),
            status: HeartbeatStatus::Healthy,
            agent_type: "backend-developer".into(),
            environment: "dev".into(),
            metrics: HeartbeatMetrics {
                tasks_completed_total: 0,
                cpu_utilization_percent: 100.0,
                memory_usage_bytes: 1,
                disk_usage_percent: 0.0,
            },
        }
    }

    #[test]
    fn each_wrong_field_is_named() {
        assert_eq!(heartbeat().validate(), Ok(()));
        let mut zero = heartbeat();
        zero.sequence = 0;
        assert_eq!(zero.validate().unwrap_err().field, "sequence");
        let mut hot = heartbeat();
        hot.metrics.cpu_utilization_percent = f64::NAN;
        assert_eq!(hot.validate().unwrap_err().field, "metrics.cpu_utilization_percent");
        let mut long = heartbeat();
        long.boot_id = "x".repeat(65);
        assert_eq!(long.validate().unwrap_err().field, "boot_id");
    }
}
