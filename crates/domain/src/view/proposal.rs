//! What a proposal would meet, said before somebody makes it.

use serde::{Deserialize, Serialize};

use crate::{
    ChangeId,
    change::{ChangeState, Heading, Verdict},
};

/// A change that waits or runs already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenChange {
    pub id: ChangeId,
    pub title: String,
    pub state: ChangeState,
}

impl From<Heading> for OpenChange {
    fn from(heading: Heading) -> Self {
        Self { id: heading.id, title: heading.title, state: heading.state }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Of the bytes that its change would store, in hex.
    pub plan_sha256: String,
    pub payload_sha256: String,
    /// Whose agreement the policy in force would ask for.
    pub verdict: Verdict,
    /// The environment's changes that have not ended, newest first.
    pub open: Vec<OpenChange>,
    /// There are others, older than those.
    pub more: bool,
}
