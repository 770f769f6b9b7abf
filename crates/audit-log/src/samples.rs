//! A leaf that tests of several files begin with.

use domain::actor::ActorKind;
use serde_json::Map;

use crate::{Hash, Leaf, LeafActor, VERSION};

pub(crate) fn leaf(seq: i64, prev: Hash, object: &str) -> Leaf {
    Leaf {
        v: VERSION,
        seq,
        prev,
        ts: "2026-01-01T00:00:00.000000Z".into(),
        env: Some("dev".into()),
        actor: LeafActor { kind: ActorKind::System, id: "test".into(), authn: "process".into() },
        action: "claim_change".into(),
        object: object.into(),
        before_sha256: None,
        after_sha256: None,
        change_id: None,
        request_id: "r".into(),
        trace_id: None,
        epoch: Some(1),
        payload: Map::new(),
    }
}
