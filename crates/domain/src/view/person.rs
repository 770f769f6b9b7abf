//! People as their issuer last described them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Role, Timestamp};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRow {
    /// The issuer's subject.
    pub sub: String,
    pub name: String,
    pub email: String,
    pub roles: BTreeSet<Role>,
    pub groups: Vec<String>,
    pub first_sign_in: Timestamp,
    pub last_sign_in: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonList {
    /// Who signed in last comes first.
    pub people: Vec<PersonRow>,
    /// More people than fit were found.
    pub more: bool,
    pub now: Timestamp,
}
