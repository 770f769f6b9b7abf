//! Deletions of template versions that nothing uses any more: intended, then done.

use domain::Timestamp;
use uuid::Uuid;

use crate::{Result, Store, Tx};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateDeletion {
    pub environment: String,
    /// Compute Engine's name of the version.
    pub resource_name: String,
    pub request_id: Uuid,
    pub intended_at: Timestamp,
}

impl Store {
    /// Intended and not done, the oldest first.
    pub async fn list_open_template_deletions(&self, environment: &str) -> Result<Vec<TemplateDeletion>> {
        let open = sqlx::query_as!(
            TemplateDeletion,
            "SELECT environment, resource_name, request_id, intended_at
             FROM template_deletions WHERE environment = $1 AND done_at IS NULL ORDER BY intended_at, resource_name",
            environment
        );
        Ok(open.fetch_all(&self.pool).await?)
    }
}

impl Tx {
    pub async fn intend_template_deletion(&mut self, deletion: &TemplateDeletion) -> Result<()> {
        sqlx::query!(
            "INSERT INTO template_deletions (environment, resource_name, request_id, intended_at) VALUES ($1, $2, $3, $4)",
            deletion.environment,
            deletion.resource_name,
            deletion.request_id,
            deletion.intended_at
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Ended, well or with an error. False: somebody else has ended it.
    pub async fn end_template_deletion(
        &mut self,
        request_id: Uuid,
        at: Timestamp,
        error: Option<&str>,
    ) -> Result<bool> {
        let ended = sqlx::query!(
            "UPDATE template_deletions SET done_at = $2, error = $3 WHERE request_id = $1 AND done_at IS NULL",
            request_id,
            at,
            error
        );
        Ok(ended.execute(self.connection()).await?.rows_affected() == 1)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::samples::{self, at};

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_deletion_is_open_until_it_ended_and_ends_once(pool: PgPool) {
        let store = Store::from(pool);
        samples::environment(&store, "dev").await;
        let deletion = TemplateDeletion {
            environment: "dev".to_owned(),
            resource_name: "genesis-agent-web-1a2b".to_owned(),
            request_id: Uuid::from_u128(7),
            intended_at: at(1),
        };
        let mut tx = store.begin().await.unwrap();
        tx.intend_template_deletion(&deletion).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.list_open_template_deletions("dev").await.unwrap(), std::slice::from_ref(&deletion));
        assert_eq!(store.list_open_template_deletions("prod").await.unwrap(), []);
        let mut tx = store.begin().await.unwrap();
        assert!(tx.end_template_deletion(deletion.request_id, at(2), None).await.unwrap());
        assert!(!tx.end_template_deletion(deletion.request_id, at(3), Some("late")).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(store.list_open_template_deletions("dev").await.unwrap(), []);
    }
}
