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

/// How the control plane stands as a whole: as its worst part does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub status: HealthStatus,
    /// The first of the worst parts; empty where all is well.
    pub part: String,
    /// Its coded cause.
    pub cause: String,
}

impl Standing {
    pub fn of(checks: &[HealthCheck]) -> Self {
        let status = worst(checks);
        let first = checks.iter().find(|check| check.status == status && status != HealthStatus::Ok);
        let (part, cause) = first.map(|check| (check.part.clone(), check.cause.clone())).unwrap_or_default();
        Self { status, part, cause }
    }
}

fn worst(checks: &[HealthCheck]) -> HealthStatus {
    checks.iter().map(|check| check.status).max().unwrap_or(HealthStatus::Ok)
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthView {
    /// Leader, backlog, audit log, database, compute, agents, streams, in this order.
    pub checks: Vec<HealthCheck>,
    pub now: Timestamp,
}

impl HealthView {
    /// The worst of all.
    pub fn status(&self) -> HealthStatus {
        worst(&self.checks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_stands_as_the_first_of_its_worst_parts() {
        let ok = HealthCheck::ok("Database", "Answers", "It answers.");
        let warn = HealthCheck::warn("Backlog", "SlowStart", "Late.", "Look.");
        let fail = |part| HealthCheck::fail(part, "NobodyLeads", "Nobody.", "Start one.");
        let well = Standing::of(std::slice::from_ref(&ok));
        assert_eq!((well.status, well.part.as_str(), well.cause.as_str()), (HealthStatus::Ok, "", ""));
        let ill = Standing::of(&[ok, warn, fail("Leader"), fail("Agents")]);
        let worst = (ill.status, ill.part.as_str(), ill.cause.as_str());
        assert_eq!(worst, (HealthStatus::Fail, "Leader", "NobodyLeads"));
        assert_eq!(Standing::of(&[]).status, HealthStatus::Ok);
    }
}
