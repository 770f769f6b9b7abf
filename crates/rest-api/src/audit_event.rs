//! Events of the audit log.

use domain::{ChangeId, Timestamp, audit};

use crate::schema::wire;

wire! { answer
    /// One event. Each holds the hash of the one before it.
    AuditEvent {
        /// Gap-free, from 1.
        seq: i64,
        at: Timestamp,
        /// Null for events of the whole installation, such as a sign-in.
        environment: Option<String>,
        actor_id: String,
        actor_name: String,
        /// The use-case's name.
        action: String,
        object: String,
        detail: String,
        change: Option<ChangeId>,
        request_id: String,
        /// SHA-256 of the event's canonical bytes, in hex.
        hash: String,
        /// The event as people read it.
        sentence: String,
    }
}

wire! { answer
    /// A page of the log, newest first.
    AuditEventList {
        audit_events: Vec<AuditEvent>,
        /// The cursor of the following page; null on the last one.
        next: Option<String>,
    }
}

impl From<&audit::AuditEvent> for AuditEvent {
    fn from(event: &audit::AuditEvent) -> Self {
        Self {
            seq: event.seq,
            at: event.at,
            environment: event.environment.clone(),
            actor_id: event.actor_id.clone(),
            actor_name: event.actor_name.clone(),
            action: event.action.as_str().to_owned(),
            object: event.object.clone(),
            detail: event.detail.clone(),
            change: event.change,
            request_id: event.request_id.clone(),
            hash: event.hash.clone(),
            sentence: event.sentence(),
        }
    }
}
