//! How many changes there are, without reading any of them.

use domain::{ChangeId, Timestamp, change::ChangeCounts};

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
    /// Those of all environments.
    pub async fn count_changes_approved(&self) -> Result<ApprovedChanges> {
        let row = sqlx::query!(
            r#"SELECT count(*) AS "count!", min(approved_at) AS since FROM changes WHERE state = 'approved'"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(ApprovedChanges { count: count(row.count), since: row.since })
    }

    /// Changes of one environment or of all, by what they are looked for; `waiting` are those that wait for the vote of one
    /// person, whose changes are counted too.
    pub async fn count_changes(
        &self,
        environment: Option<&str>,
        recent: Timestamp,
        (person, waiting): (&str, &[ChangeId]),
    ) -> Result<ChangeCounts> {
        let waiting: Vec<i64> = waiting.iter().map(|id| id.0).collect();
        let row = sqlx::query!(
            r#"SELECT count(*) AS "every!",
                      count(*) FILTER (WHERE proposed_at > $2) AS "recent!",
                      count(*) FILTER (WHERE state = 'awaiting_approvals') AS "waiting!",
                      count(*) FILTER (WHERE id = ANY($3)) AS "waiting_for_me!",
                      count(*) FILTER (WHERE proposed_by = $4 OR id IN (
                          SELECT change_id FROM change_revisions WHERE created_by = $4
                      )) AS "mine!",
                      count(*) FILTER (WHERE state IN ('approved', 'applying')) AS "under_way!",
                      count(*) FILTER (WHERE state = 'failed') AS "failed!"
               FROM changes WHERE $1::text IS NULL OR environment = $1"#,
            environment,
            recent,
            &waiting,
            person
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(ChangeCounts {
            every: count(row.every),
            recent: count(row.recent),
            waiting: count(row.waiting),
            waiting_for_me: count(row.waiting_for_me),
            mine: count(row.mine),
            under_way: count(row.under_way),
            failed: count(row.failed),
        })
    }
}
