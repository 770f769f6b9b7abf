//! How many changes there are, without reading any of them.

use domain::Timestamp;

use crate::{Result, Store};

/// Changes that may run and wait for their turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApprovedChanges {
    pub count: u32,
    /// Since when the first of them may run; None: there is none.
    pub since: Option<Timestamp>,
}

fn count(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Store {
    /// Changes of all environments that stop at "awaiting approvals".
    pub async fn count_changes_waiting(&self) -> Result<u32> {
        let waiting = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM changes WHERE state = 'awaiting_approvals'"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(count(waiting))
    }

    /// Those of all environments.
    pub async fn count_changes_approved(&self) -> Result<ApprovedChanges> {
        let row = sqlx::query!(
            r#"SELECT count(*) AS "count!", min(approved_at) AS since FROM changes WHERE state = 'approved'"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(ApprovedChanges { count: count(row.count), since: row.since })
    }
}
