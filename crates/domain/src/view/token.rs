//! API tokens, as the settings show them: never with their secret.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    token::{Scope, TokenId},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    Active,
    Expired,
    Revoked,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    pub id: TokenId,
    pub name: String,
    /// The subject of whom it acts as.
    pub person: String,
    pub person_name: String,
    pub scopes: BTreeSet<Scope>,
    pub state: TokenState,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// To the minute; None: never used.
    pub last_used_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenList {
    /// The viewer's own, those that work first.
    pub own: Vec<TokenRow>,
    /// Everybody else's, for who may revoke them; empty for others.
    pub others: Vec<TokenRow>,
    pub now: Timestamp,
}

/// What a person asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    pub name: String,
    pub scopes: BTreeSet<Scope>,
    pub lifetime_days: u32,
}

/// The one time that the secret is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedToken {
    pub row: TokenRow,
    pub secret: String,
}

impl std::fmt::Debug for CreatedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedToken").field("row", &self.row).finish_non_exhaustive()
    }
}
