//! What happened to a pool, newest first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{audit::AuditLine, columns, health::Happening};
use crate::Timestamp;

/// The half hour before the first of the agents that fail now began to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HalfHour {
    pub since: Timestamp,
    pub until: Timestamp,
    /// Oldest first.
    pub happenings: Vec<Happening>,
    /// Whether more happened before them than is told, or may have: not all of a very busy one is read.
    pub more: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolTimeline {
    /// Newest first.
    #[serde(with = "columns")]
    pub events: Vec<AuditLine>,
    /// As a page of the log has them.
    pub prefixes: BTreeMap<String, String>,
    /// Pass as `before` to look further back.
    pub next: Option<i64>,
    /// How far back this page looked, where more lies before it.
    pub reached: Option<Timestamp>,
    /// Of the newest page, while agents of the pool fail and their beginning to is on it.
    pub before_failing: Option<HalfHour>,
    pub now: Timestamp,
}
