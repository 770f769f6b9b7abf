//! What passkeys were asked to sign. Each challenge is answered once, right or wrong, by its own person, while the database's time allows it.

use std::time::Duration;

use crate::{Result, Store};

/// A challenge that was open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The statement whose digest it is; none for a registration.
    pub statement: Option<Vec<u8>>,
}

impl Store {
    pub async fn create_challenge(
        &self,
        challenge: &[u8; 32],
        person: &str,
        statement: Option<&[u8]>,
        lifetime: Duration,
    ) -> Result<()> {
        sqlx::query!(
            "INSERT INTO challenges (challenge, person, statement, expires_at)
             VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))",
            &challenge[..],
            person,
            statement,
            lifetime.as_secs_f64()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Uses it up, outside of any transaction: an answer that is refused afterwards does not bring it back.
    /// None: it was never made, was somebody else's, was used, or is over.
    pub async fn take_challenge(&self, challenge: &[u8; 32], person: &str) -> Result<Option<Challenge>> {
        let taken = sqlx::query!(
            r#"DELETE FROM challenges WHERE challenge = $1 AND person = $2
               RETURNING statement, expires_at > clock_timestamp() AS "open!""#,
            &challenge[..],
            person
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(taken.filter(|row| row.open).map(|row| Challenge { statement: row.statement }))
    }

    /// Returns how many.
    pub async fn delete_expired_challenges(&self) -> Result<u64> {
        let deleted = sqlx::query!("DELETE FROM challenges WHERE expires_at <= clock_timestamp()")
            .execute(&self.pool)
            .await?;
        Ok(deleted.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_challenge_is_answered_once_by_its_person_in_time(pool: PgPool) {
        let store = Store::from(pool);
        store.create_challenge(&[1; 32], "wen", Some(b"statement"), HOUR).await.unwrap();
        store.create_challenge(&[2; 32], "wen", None, Duration::ZERO).await.unwrap();
        assert_eq!(store.take_challenge(&[1; 32], "ines").await.unwrap(), None);
        let take = || store.take_challenge(&[1; 32], "wen");
        let (a, b, c) = tokio::join!(take(), take(), take());
        let taken: Vec<_> = [a, b, c].into_iter().filter_map(|one| one.unwrap()).collect();
        assert_eq!(taken, [Challenge { statement: Some(b"statement".to_vec()) }]);
        assert_eq!(store.take_challenge(&[2; 32], "wen").await.unwrap(), None, "it is over");
        store.create_challenge(&[3; 32], "wen", None, Duration::ZERO).await.unwrap();
        assert_eq!(store.delete_expired_challenges().await.unwrap(), 1);
    }
}
