//! One event as it is hashed. No personal text: people are named by their subject, and their names stand in the people table.

use domain::{ChangeId, Timestamp, actor::ActorKind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{Hash, canonical, canonical::CanonicalError, decimal};

/// The leaf's format. A reader refuses what it does not know.
pub const VERSION: u8 = 1;

/// No other digest of the product begins with these bytes, so a leaf's hash can stand for nothing else.
const DOMAIN: &[u8] = b"agent-manager.audit-leaf/v1\0";

/// Integers beyond this are not the same in every reader of JSON (RFC 8785, appendix B).
const LARGEST_INTEGER: u64 = (1 << 53) - 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeafActor {
    pub kind: ActorKind,
    pub id: String,
    pub authn: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    pub v: u8,
    /// Gap-free, from 1.
    #[serde(with = "decimal")]
    pub seq: i64,
    /// The hash of the event before; of the first, zeros.
    pub prev: Hash,
    /// As [`timestamp`] writes it.
    pub ts: String,
    pub env: Option<String>,
    pub actor: LeafActor,
    /// Text, so that an older verifier can still check a log with newer actions.
    pub action: String,
    pub object: String,
    pub before_sha256: Option<Hash>,
    pub after_sha256: Option<Hash>,
    pub change_id: Option<ChangeId>,
    pub request_id: String,
    pub trace_id: Option<String>,
    /// Of the leader that acted; None for what people and agents did.
    #[serde(with = "decimal::optional")]
    pub epoch: Option<i64>,
    /// No floats, and integers only where they are small: money and 64-bit numbers are text.
    pub payload: Map<String, Value>,
}

#[derive(Debug, thiserror::Error)]
pub enum LeafError {
    #[error("payload.{path}: write the number {number} as text, so that every reader sees the same digits")]
    Number { path: String, number: serde_json::Number },
    #[error("leaf version {0} is not known here: verify with a newer version")]
    Version(u8),
    #[error("a leaf {0}")]
    Canonical(#[from] CanonicalError),
}

impl Leaf {
    /// The bytes that are stored and hashed.
    pub fn to_bytes(&self) -> Result<Vec<u8>, LeafError> {
        if self.v != VERSION {
            return Err(LeafError::Version(self.v));
        }
        for (key, value) in &self.payload {
            exact(key, value)?;
        }
        Ok(canonical::to_bytes(self)?)
    }

    /// Reads stored bytes; any spelling but the canonical one is refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LeafError> {
        let leaf: Self = canonical::from_bytes(bytes)?;
        if leaf.v == VERSION { Ok(leaf) } else { Err(LeafError::Version(leaf.v)) }
    }

    pub fn hash(&self) -> Result<Hash, LeafError> {
        Ok(Self::hash_bytes(&self.to_bytes()?))
    }

    /// SHA-256(domain ‖ length as 8 bytes ‖ leaf).
    pub fn hash_bytes(bytes: &[u8]) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(DOMAIN);
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
        Hash(hasher.finalize().into())
    }
}

/// RFC 3339 in UTC with microseconds, which is what the database keeps.
pub fn timestamp(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

fn exact(path: &str, value: &Value) -> Result<(), LeafError> {
    match value {
        Value::Number(number) => {
            let small = number.as_i64().is_some_and(|integer| integer.unsigned_abs() <= LARGEST_INTEGER);
            if small {
                Ok(())
            } else {
                Err(LeafError::Number { path: path.to_owned(), number: number.clone() })
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(index, item)| exact(&format!("{path}[{index}]"), item))
        }
        Value::Object(map) => map.iter().try_for_each(|(key, item)| exact(&format!("{path}.{key}"), item)),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn leaf() -> Leaf {
        Leaf {
            v: VERSION,
            seq: i64::MAX,
            prev: Hash::ZERO,
            ts: timestamp(Timestamp::from_timestamp(1_700_000_000, 123_456_789).unwrap()),
            env: Some("dev".into()),
            actor: LeafActor { kind: ActorKind::Person, id: "sub-1".into(), authn: "oidc".into() },
            action: "propose_change".into(),
            object: "chg-7".into(),
            before_sha256: None,
            after_sha256: Some(Hash([0xab; 32])),
            change_id: Some(ChangeId(7)),
            request_id: "req".into(),
            trace_id: None,
            epoch: Some(3),
            payload: Map::from_iter([("z".to_owned(), json!(1)), ("a".to_owned(), json!("2"))]),
        }
    }

    // The format is a promise to every auditor: a change of these bytes needs a new `v`.
    #[test]
    fn the_bytes_are_canonical_with_big_integers_as_text() {
        let zeros = "0".repeat(64);
        let ab = "ab".repeat(32);
        let expected = format!(
            r#"{{"action":"propose_change","actor":{{"authn":"oidc","id":"sub-1","kind":"person"}},"after_sha256":"{ab}","before_sha256":null,"change_id":"chg-7","env":"dev","epoch":"3","object":"chg-7","payload":{{"a":"2","z":1}},"prev":"{zeros}","request_id":"req","seq":"9223372036854775807","trace_id":null,"ts":"2023-11-14T22:13:20.123456Z","v":1}}"#
        );
        assert_eq!(String::from_utf8(leaf().to_bytes().unwrap()).unwrap(), expected);
        assert_eq!(Leaf::from_bytes(expected.as_bytes()).unwrap(), leaf());
    }

    #[test]
    fn the_hash_is_over_domain_length_and_all_bytes() {
        let bytes = leaf().to_bytes().unwrap();
        let mut input = b"agent-manager.audit-leaf/v1\0".to_vec();
        input.extend((bytes.len() as u64).to_be_bytes());
        input.extend(&bytes);
        assert_eq!(leaf().hash().unwrap(), canonical::sha256(&input));
    }

    #[test]
    fn numbers_that_readers_disagree_on_are_refused_with_their_path() {
        for wrong in [json!(0.5), json!(1_u64 << 53), json!(i64::MIN), json!(u64::MAX)] {
            let mut leaf = leaf();
            leaf.payload.insert("list".into(), json!([{ "cost": wrong }]));
            let error = leaf.to_bytes().unwrap_err();
            assert!(error.to_string().starts_with("payload.list[0].cost: "), "{error}");
        }
    }

    #[test]
    fn an_unknown_version_or_field_is_refused() {
        let text = String::from_utf8(leaf().to_bytes().unwrap()).unwrap();
        let newer = Leaf::from_bytes(text.replace(r#""v":1"#, r#""v":2"#).as_bytes());
        assert!(matches!(newer, Err(LeafError::Version(2))), "{newer:?}");
        let wider = Leaf::from_bytes(text.replace(r#""v":1"#, r#""v":1,"w":1"#).as_bytes());
        assert!(matches!(wider, Err(LeafError::Canonical(CanonicalError::Unreadable(_)))), "{wider:?}");
    }
}
