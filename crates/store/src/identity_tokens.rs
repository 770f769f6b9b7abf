//! Instance identity tokens that were exchanged for a credential: each may be, once.

use domain::Timestamp;

use crate::{Hash, Result, Store};

impl Store {
    /// True the first time that a token's digest is seen. `expires_at` is the token's own end, after which nobody accepts it anyway.
    pub async fn use_identity_token(&self, sha256: Hash, expires_at: Timestamp) -> Result<bool> {
        let rows = sqlx::query!(
            "INSERT INTO used_identity_tokens (sha256, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            &sha256.0[..],
            expires_at
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        Ok(rows > 0)
    }

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

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn of_many_uses_at_once_one_counts(pool: PgPool) {
        let store = Store::from(pool);
        let expires = Timestamp::from_timestamp(4_102_444_800, 0).unwrap();
        let token = || store.use_identity_token(Hash([7; 32]), expires);
        let (a, b, c) = tokio::join!(token(), token(), token());
        let counted = [a, b, c].into_iter().filter(|used| *used.as_ref().unwrap()).count();
        assert_eq!(counted, 1);
        assert!(store.use_identity_token(Hash([8; 32]), at(0)).await.unwrap());
        assert_eq!(store.delete_expired_identity_tokens().await.unwrap(), 1);
        assert!(!token().await.unwrap());
    }
}
