//! What a search by name finds: things to go to, never something to do.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoundKind {
    Change,
    Pool,
    Template,
    Instance,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub kind: FoundKind,
    pub environment: String,
    /// As its page names it; a change's id.
    pub name: String,
    /// Of an instance alone.
    pub zone: Option<String>,
    /// What else tells it from its like: a change's title, a pool's template, an instance's pool.
    pub detail: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchResult {
    /// What was asked, so that a late answer is not shown for another question.
    pub asked: String,
    pub found: Vec<Found>,
    /// More than fit were found.
    pub more: bool,
}
