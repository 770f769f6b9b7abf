//! The audit log, newest first, and one event of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::columns::{self, columns};
use crate::{
    ChangeId, Timestamp,
    audit::{AuditAction, AuditEvent, Subject, subject_of, told},
    plan::FieldChange,
};

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

/// What lists show of an event. Its hashes, its request and what it changed are read on its own page; these travel by their
/// columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    pub seq: i64,
    pub at: Timestamp,
    pub environment: Option<String>,
    pub actor_name: String,
    pub action: AuditAction,
    pub object: String,
    pub detail: String,
    pub change: Option<ChangeId>,
}

columns!(AuditLine: seq at environment actor_name action object detail change);

impl From<AuditEvent> for AuditLine {
    fn from(event: AuditEvent) -> Self {
        let AuditEvent { seq, at, environment, actor_name, action, object, detail, change, .. } = event;
        Self { seq, at, environment, actor_name, action, object, detail, change }
    }
}

impl AuditLine {
    pub fn sentence(&self) -> String {
        told(&self.actor_name, self.action, &self.object)
    }

    /// As [`AuditEvent::subject`].
    pub fn subject(&self, prefix: Option<&str>) -> Option<Subject<'_>> {
        let Self { action, environment, object, detail, .. } = self;
        subject_of(*action, environment.as_deref(), (object.as_str(), detail.as_str()), prefix)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditList {
    /// Newest first.
    pub events: Vec<AuditEvent>,
    /// Pass as `before` for the following page.
    pub next: Option<i64>,
    /// Pass as `after` for the page before this one.
    pub previous: Option<i64>,
    pub now: Timestamp,
}

/// The log's own page: what is listed, with what is told around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditView {
    /// Newest first.
    #[serde(with = "columns")]
    pub lines: Vec<AuditLine>,
    /// As in [`AuditList`], and the next one.
    pub next: Option<i64>,
    pub previous: Option<i64>,
    /// What names of resources begin with, by the environments of the events; without those that are declared no more or not yet.
    pub prefixes: BTreeMap<String, String>,
    pub watch: AuditWatch,
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
    /// Of a change that was edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Edited>,
    /// What names of resources in the event's environment begin with; None where no such environment is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The number of the last event there is.
    pub last: i64,
    pub now: Timestamp,
}

/// What an edit made of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edited {
    /// The one that it made; the others are counted before it.
    pub revision: u32,
    /// What that one declares otherwise than the one before it; empty where it only was planned again.
    pub differences: Vec<FieldChange>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn view(lines: Vec<AuditLine>) -> AuditView {
        AuditView {
            lines,
            next: None,
            previous: None,
            prefixes: BTreeMap::new(),
            watch: AuditWatch { seq: 0, broken_at: None, alert: None, looked_at: None },
        }
    }

    fn any_line() -> impl Strategy<Value = AuditLine> {
        let at = (0_i64..4_000_000_000, 0_u32..1_000_000_000);
        let change = prop::option::of(1_i64..10_000);
        let environment = prop::option::of("[a-c,~=]{0,4}");
        let action = prop::sample::select(AuditAction::ALL.to_vec());
        (any::<i64>(), at, environment, action, prop::array::uniform3("\\PC{0,6}"), change).prop_filter_map(
            "no such moment",
            |(seq, (at, nanos), environment, action, [actor_name, object, detail], change)| {
                let (at, change) = (Timestamp::from_timestamp(at, nanos)?, change.map(ChangeId));
                Some(AuditLine { seq, at, environment, actor_name, action, object, detail, change })
            },
        )
    }

    proptest! {
        #[test]
        fn lines_arrive_as_they_were_sent(lines in prop::collection::vec(any_line(), 0..12)) {
            let sent = serde_json::to_string(&view(lines.clone())).unwrap();
            prop_assert_eq!(serde_json::from_str::<AuditView>(&sent).unwrap(), view(lines));
        }
    }
}
