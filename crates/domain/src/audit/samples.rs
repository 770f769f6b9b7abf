//! An event that tests of several files begin with.

use super::{AuditAction, AuditEvent};
use crate::{Timestamp, actor::ActorKind};

pub(super) fn event(action: AuditAction, object: &str, detail: &str) -> AuditEvent {
    AuditEvent {
        seq: 1,
        at: Timestamp::default(),
        environment: Some("dev".into()),
        actor_kind: ActorKind::System,
        actor_id: "reconciler".into(),
        actor_name: "reconciler".into(),
        action,
        object: object.into(),
        detail: detail.into(),
        change: None,
        request_id: "r".into(),
        hash: "ab".into(),
        before_sha256: None,
        after_sha256: None,
        facts: Vec::new(),
        differences: Vec::new(),
    }
}
