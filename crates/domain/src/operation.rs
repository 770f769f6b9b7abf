//! One cloud call of a change: intended in the store first, then sent with a request id that makes a repeat harmless.

use serde::{Deserialize, Serialize};

use crate::{ChangeId, Timestamp, cause::Cause};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// Committed as intent; the call may or may not have left.
    Intended,
    /// Compute Engine took it and named its operation.
    Running,
    Done,
    /// Refused for good: the same call would be refused again.
    Failed,
}

impl OperationState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    pub change: ChangeId,
    /// The plan action's key; unique within the change's revision.
    pub step: String,
    /// UUIDv5(change, step): the same for every attempt.
    pub request_id: String,
    pub state: OperationState,
    /// Compute Engine's name of the operation, once it has one.
    pub name: Option<String>,
    /// What the last attempt was refused with.
    pub error: Option<String>,
    pub attempts: u32,
    pub intended_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

impl Operation {
    /// Why the last attempt was refused, whether it may yet succeed or not.
    pub fn cause(&self) -> Option<Cause> {
        self.error.as_deref().map(Cause::of_refusal)
    }
}
