//! Conditions, with Kubernetes' meaning of the words.

use domain::Timestamp;

use crate::schema::wire;

wire! { answer
    /// One thing that is so, is not so, or is not known.
    Condition {
        /// `Ready`, `Synced` or `Reachable`.
        r#type: String,
        /// `True`, `False` or `Unknown`.
        status: String,
        /// One word that docs/errors.md explains.
        reason: String,
        message: String,
        /// When the status last changed.
        since: Timestamp,
    }
}

impl From<&domain::condition::Condition> for Condition {
    fn from(condition: &domain::condition::Condition) -> Self {
        Self {
            r#type: condition.kind.as_str().to_owned(),
            status: format!("{:?}", condition.status),
            reason: condition.reason.clone(),
            message: condition.message.clone(),
            since: condition.since,
        }
    }
}
