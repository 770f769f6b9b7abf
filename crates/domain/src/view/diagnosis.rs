//! The control plane's own health: each part with a coded cause and what to do.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    Ok,
    Warn,
    Fail,
}

impl HealthStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One part of the control plane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// `Leader`, `Database`.
    pub part: String,
    pub status: HealthStatus,
    /// One word that docs/errors.md explains.
    pub cause: String,
    /// What was seen, as a sentence.
    pub seen: String,
    /// What to do; None where all is well.
    pub fix: Option<String>,
}

impl HealthCheck {
    pub fn ok(part: &str, cause: &str, seen: impl Into<String>) -> Self {
        Self {
            part: part.to_owned(),
            status: HealthStatus::Ok,
            cause: cause.to_owned(),
            seen: seen.into(),
            fix: None,
        }
    }

    pub fn warn(part: &str, cause: &str, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { status: HealthStatus::Warn, fix: Some(fix.into()), ..Self::ok(part, cause, seen) }
    }

    pub fn fail(part: &str, cause: &str, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { status: HealthStatus::Fail, ..Self::warn(part, cause, seen, fix) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthView {
    /// Leader, backlog, database, compute, agents, streams, in this order.
    pub checks: Vec<HealthCheck>,
    pub now: Timestamp,
}

impl HealthView {
    /// The worst of all.
    pub fn status(&self) -> HealthStatus {
        self.checks.iter().map(|check| check.status).max().unwrap_or(HealthStatus::Ok)
    }
}
