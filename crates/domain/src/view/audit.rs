//! The audit log, newest first, and one event of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ChangeId, Timestamp, audit::AuditAction, audit::AuditEvent, plan::FieldChange};

/// What to show of the log. Everything that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditQuery {
    pub environment: Option<String>,
    pub change: Option<ChangeId>,
    /// An id, or a person's whole name.
    pub actor: Option<String>,
    pub action: Option<AuditAction>,
    /// A whole word of what it was done to: `genesis-pool-web`, `chg-12`, an instance's name.
    pub object: Option<String>,
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
    /// Events before this one, newest first.
    pub before: Option<i64>,
    /// Events after this one, those nearest to it. Not together with `before`.
    pub after: Option<i64>,
}

impl AuditQuery {
    /// Whether it leaves anything out, apart from paging.
    pub fn filters(&self) -> bool {
        let Self { environment, change, actor, action, object, from, until, before: _, after: _ } = self;
        environment.is_some()
            || change.is_some()
            || actor.is_some()
            || action.is_some()
            || object.is_some()
            || from.is_some()
            || until.is_some()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditList {
    /// Newest first.
    pub events: Vec<AuditEvent>,
    /// What names of resources begin with, by the environments of the events; without those that are declared no more or not yet.
    pub prefixes: BTreeMap<String, String>,
    /// Pass as `before` for the following page.
    pub next: Option<i64>,
    /// Pass as `after` for the page before this one.
    pub previous: Option<i64>,
    pub watch: AuditWatch,
    pub now: Timestamp,
}

/// How far the control plane follows the log on its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditWatch {
    /// It and all before it were found right, each once.
    pub seq: i64,
    /// The first that was found wrong.
    pub broken_at: Option<i64>,
    /// What the log's alert says while it fires.
    pub alert: Option<String>,
    /// None: it has not looked yet.
    pub looked_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditOutcome {
    /// So many events are what was appended and follow each other; the hash of the last one.
    Right { count: i64, head: String },
    /// The first event that is not what was appended; so many before it are.
    Wrong { count: i64, seq: i64, why: String },
    /// The log is longer than what can be read while a page waits.
    Unfinished,
}

/// A verification of the whole log that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditProof {
    pub outcome: AuditOutcome,
    /// When it ended.
    pub at: Timestamp,
    pub took_milliseconds: i64,
}

/// An event's own page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEventView {
    pub event: AuditEvent,
    /// The hash of the event before it, in hex.
    pub prev: String,
    /// The bytes that are hashed, as text.
    pub leaf: String,
    /// What the declaration of its change says otherwise than the one in force before.
    pub differences: Vec<FieldChange>,
    /// The number of the last event there is.
    pub last: i64,
    pub now: Timestamp,
}
