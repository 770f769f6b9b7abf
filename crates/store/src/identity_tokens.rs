//! Instance identity tokens that were exchanged for a credential: each may be, once.

use domain::Timestamp;

use crate::{Hash, Result, Store, Tx};

impl Tx {
    /// True the first time that a token's digest is seen. `expires_at` is the token's own end, after which nobody accepts it anyway.
    /// Another transaction with the same token waits until this one has ended.
    pub async fn use_identity_token(&mut self, sha256: Hash, expires_at: Timestamp) -> Result<bool> {
        let rows = sqlx::query!(
            "INSERT INTO used_identity_tokens (sha256, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            &sha256.0[..],
            expires_at
        )
        .execute(self.connection())
        .await?
        .rows_affected();
        Ok(rows > 0)
    }
}

impl Store {
    /// Forgets those that expired an hour ago or earlier: a verifier may allow for clocks that differ. Returns how many.
    pub async fn delete_expired_identity_tokens(&self) -> Result<u64> {
        let deleted =
            sqlx::query!("DELETE FROM used_identity_tokens WHERE expires_at < now() - interval '1 hour'")
                .execute(&self.pool)
                .await?;
        Ok(deleted.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::samples::at;

    async fn uses(store: &Store, id: u8, expires_at: Timestamp) -> bool {
        let mut tx = store.begin().await.unwrap();
        let first = tx.use_identity_token(Hash([id; 32]), expires_at).await.unwrap();
        tx.commit().await.unwrap();
        first
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn of_many_uses_at_once_one_counts(pool: PgPool) {
        let store = Store::from(pool);
        let expires = Timestamp::from_timestamp(4_102_444_800, 0).unwrap();
        let (a, b, c) =
            tokio::join!(uses(&store, 7, expires), uses(&store, 7, expires), uses(&store, 7, expires));
        assert_eq!([a, b, c].into_iter().filter(|first| *first).count(), 1);
        assert!(uses(&store, 8, at(0)).await);
        assert_eq!(store.delete_expired_identity_tokens().await.unwrap(), 1);
        assert!(!uses(&store, 7, expires).await);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_use_that_is_rolled_back_was_none(pool: PgPool) {
        let store = Store::from(pool);
        let expires = Timestamp::from_timestamp(4_102_444_800, 0).unwrap();
        let mut tx = store.begin().await.unwrap();
        assert!(tx.use_identity_token(Hash([7; 32]), expires).await.unwrap());
        tx.rollback().await.unwrap();
        assert!(uses(&store, 7, expires).await);
    }
}
