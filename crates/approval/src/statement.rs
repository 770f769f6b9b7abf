//! The approval statement: everything that a vote is about, as RFC 8785 bytes. Those bytes are stored as they were signed and never written anew.

use domain::{ChangeId, Timestamp, approvals::Ballot};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Bytes32;

/// Of the statement's format.
pub const VERSION: u32 = 1;

/// Keeps these digests apart from all others that anybody signs with the same key.
const DOMAIN: &[u8] = b"agent-manager.approval/v1\0";

/// Longer than any statement of ours: what is longer is not read.
const LONGEST: usize = 4096;

/// A 64-bit number as decimal text: a JSON number would lose digits beyond 2^53.
mod decimal {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(number: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number: i64 = text.parse().map_err(D::Error::custom)?;
        if number.to_string() == text { Ok(number) } else { Err(D::Error::custom("not in plain digits")) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    pub v: u32,
    /// The environment's name.
    pub env: String,
    pub action: Ballot,
    pub change_id: ChangeId,
    pub revision: u32,
    pub payload_sha256: Bytes32,
    pub plan_sha256: Bytes32,
    /// The environment's generation that the plan follows.
    #[serde(with = "decimal")]
    pub target_generation: i64,
    pub policy_id: String,
    #[serde(with = "decimal")]
    pub policy_rev: i64,
    #[serde(with = "decimal")]
    pub roster_rev: i64,
    /// The issuer's subject of who proposed the change.
    pub requester: String,
    /// The issuer's subject of who signs.
    pub approver: String,
    /// The server's, for one use.
    pub nonce: Bytes32,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    #[error("the statement is longer than {LONGEST} bytes")]
    TooLong,
    #[error("the statement cannot be read: {0}")]
    Unreadable(#[source] serde_json::Error),
    #[error("the statement cannot be written: {0}")]
    Unwritable(#[source] serde_json::Error),
    /// Other order, spaces, escapes or digits than RFC 8785 has for the same value.
    #[error("the statement is not in its canonical spelling")]
    NotCanonical,
    #[error("the statement has version {0}, and this is version {VERSION}")]
    Version(u32),
    #[error("the statement is never valid: it ends before it begins")]
    Never,
}

impl Statement {
    /// RFC 8785: one value has one spelling.
    pub fn to_bytes(&self) -> Result<Vec<u8>, StatementError> {
        serde_json_canonicalizer::to_vec(self).map_err(StatementError::Unwritable)
    }

    /// Reads signed bytes and refuses every other spelling of them: unknown and repeated keys, spaces, another order.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StatementError> {
        if bytes.len() > LONGEST {
            return Err(StatementError::TooLong);
        }
        let statement: Self = serde_json::from_slice(bytes).map_err(StatementError::Unreadable)?;
        if statement.v != VERSION {
            return Err(StatementError::Version(statement.v));
        }
        if statement.not_after <= statement.not_before {
            return Err(StatementError::Never);
        }
        if statement.to_bytes()? == bytes { Ok(statement) } else { Err(StatementError::NotCanonical) }
    }

    /// What is signed: SHA-256 over domain, length and bytes.
    pub fn digest(bytes: &[u8]) -> Bytes32 {
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
        Bytes32(hash.finalize().into())
    }

    /// By the time of whoever keeps the votes. Neither end is early or late by a second.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.not_before <= now && now < self.not_after
    }
}
