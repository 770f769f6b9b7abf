//! The audit log, newest first.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, audit::AuditEvent};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditList {
    pub events: Vec<AuditEvent>,
    /// Pass as `before` for the following page.
    pub next: Option<i64>,
    pub now: Timestamp,
}
