//! Answers kept for requests that named a key: the same request again is answered the same and does nothing twice.

use domain::token::TokenId;

use crate::{Error, Hash, Result, Store};

/// What a key leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It was free and is now this request's: say what came of it, or let go of it.
    Claimed,
    /// Another request with this key has not been answered.
    InUse,
    /// The key was given for something else.
    Differs,
    Answered {
        status: u16,
        body: Vec<u8>,
    },
}

impl Store {
    pub async fn claim_idempotency_key(
        &self,
        token: TokenId,
        key: &str,
        request_sha256: Hash,
    ) -> Result<KeyState> {
        let claimed = sqlx::query!(
            "INSERT INTO idempotency_keys (token_id, key, request_sha256) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            token.0,
            key,
            &request_sha256.0[..]
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        if claimed > 0 {
            return Ok(KeyState::Claimed);
        }
        let row = sqlx::query!(
            "SELECT request_sha256, status, body FROM idempotency_keys WHERE token_id = $1 AND key = $2",
            token.0,
            key
        )
        .fetch_optional(&self.pool)
        .await?;
        // Let go of in this moment: the caller tries again.
        let Some(row) = row else { return Ok(KeyState::InUse) };
        if row.request_sha256 != request_sha256.0 {
            return Ok(KeyState::Differs);
        }
        match (row.status, row.body) {
            (Some(status), Some(body)) => {
                let status = u16::try_from(status)
                    .map_err(|error| Error::corrupt(format!("idempotency key {key}"), "status", error))?;
                Ok(KeyState::Answered { status, body })
            }
            _ => Ok(KeyState::InUse),
        }
    }

    pub async fn answer_idempotency_key(
        &self,
        token: TokenId,
        key: &str,
        status: u16,
        body: &[u8],
    ) -> Result<()> {
        sqlx::query!(
            "UPDATE idempotency_keys SET status = $3, body = $4 WHERE token_id = $1 AND key = $2",
            token.0,
            key,
            i32::from(status),
            body
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Nothing was done: the key may be tried again.
    pub async fn release_idempotency_key(&self, token: TokenId, key: &str) -> Result<()> {
        sqlx::query!(
            "DELETE FROM idempotency_keys WHERE token_id = $1 AND key = $2 AND status IS NULL",
            token.0,
            key
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Those of the day before yesterday; a client that retries for longer gives up its key. Returns how many.
    pub async fn delete_old_idempotency_keys(&self) -> Result<u64> {
        let deleted =
            sqlx::query!("DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'")
                .execute(&self.pool)
                .await?;
        Ok(deleted.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use audit_log::canonical::sha256;
    use domain::token::Scope;
    use sqlx::PgPool;

    use super::*;
    use crate::{NewApiToken, samples};

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_key_is_answered_once_for_one_request(pool: PgPool) {
        let store = Store::from(pool.clone());
        samples::sign_in(&store, "sub-1", "Robin").await;
        let scopes = BTreeSet::from([Scope::Propose]);
        let new = NewApiToken {
            secret_sha256: sha256(b"s"),
            person: "sub-1",
            name: "n",
            scopes: &scopes,
            lifetime_days: 1,
        };
        let mut tx = store.begin().await.unwrap();
        let token = tx.insert_api_token(&new).await.unwrap().id;
        tx.commit().await.unwrap();

        let (one, other) = (sha256(b"one"), sha256(b"other"));
        let claim = |hash| store.claim_idempotency_key(token, "k", hash);
        assert_eq!(claim(one).await.unwrap(), KeyState::Claimed);
        assert_eq!(claim(one).await.unwrap(), KeyState::InUse);
        assert_eq!(claim(other).await.unwrap(), KeyState::Differs);
        store.release_idempotency_key(token, "k").await.unwrap();
        assert_eq!(claim(other).await.unwrap(), KeyState::Claimed);
        store.answer_idempotency_key(token, "k", 201, b"{}").await.unwrap();
        let answered = KeyState::Answered { status: 201, body: b"{}".to_vec() };
        assert_eq!(claim(other).await.unwrap(), answered);
        store.release_idempotency_key(token, "k").await.unwrap();
        assert_eq!(claim(other).await.unwrap(), answered, "what was answered stays");

        assert_eq!(store.delete_old_idempotency_keys().await.unwrap(), 0);
        let aged = "UPDATE idempotency_keys SET created_at = now() - interval '25 hours'";
        sqlx::query(aged).execute(&pool).await.unwrap();
        assert_eq!(store.delete_old_idempotency_keys().await.unwrap(), 1);
    }
}
