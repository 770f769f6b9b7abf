//! Sessions of browsers, as the settings list them.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// SHA-256 of the session's id, in hex: it names the session and opens nothing.
    pub id_sha256: String,
    /// The subject.
    pub person: String,
    pub person_name: String,
    pub signed_in_at: Timestamp,
    pub expires_at: Timestamp,
    /// The one that asks.
    pub current: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionList {
    /// The viewer's own, newest first.
    pub own: Vec<SessionRow>,
    /// Everybody else's, for who may end them; empty for others.
    pub others: Vec<SessionRow>,
    pub now: Timestamp,
}
