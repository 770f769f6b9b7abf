//! Sessions of browsers, keyed by a digest of their id: who reads the table cannot take one over. The database's time ends them.

use audit_log::canonical::sha256;
use domain::Timestamp;

use crate::{Hash, Result, Store};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Opaque to the store.
    pub data: Vec<u8>,
    /// The subject; None until the sign-in is complete.
    pub person: Option<String>,
    pub expires_at: Timestamp,
}

/// A session as its owner may see it listed: without the means to use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSummary {
    pub id_sha256: Hash,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Store {
    /// `id` is the secret id itself, here and below. False: it is taken, choose another.
    pub async fn create_session(&self, id: &[u8], session: &Session) -> Result<bool> {
        let rows = sqlx::query!(
            "INSERT INTO sessions (id_sha256, data, person, expires_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            &sha256(id).0[..],
            session.data,
            session.person,
            session.expires_at
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        Ok(rows > 0)
    }

    /// Creates it or writes over it.
    pub async fn save_session(&self, id: &[u8], session: &Session) -> Result<()> {
        sqlx::query!(
            "INSERT INTO sessions (id_sha256, data, person, expires_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (id_sha256) DO UPDATE SET
                 data = excluded.data, person = excluded.person, expires_at = excluded.expires_at",
            &sha256(id).0[..],
            session.data,
            session.person,
            session.expires_at
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// None for one that has expired, too.
    pub async fn load_session(&self, id: &[u8]) -> Result<Option<Session>> {
        let session = sqlx::query_as!(
            Session,
            "SELECT data, person, expires_at FROM sessions WHERE id_sha256 = $1 AND expires_at > now()",
            &sha256(id).0[..]
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(session)
    }

    /// One that is not there is as good as deleted.
    pub async fn delete_session(&self, id: &[u8]) -> Result<()> {
        sqlx::query!("DELETE FROM sessions WHERE id_sha256 = $1", &sha256(id).0[..])
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Returns how many.
    pub async fn delete_expired_sessions(&self) -> Result<u64> {
        let deleted =
            sqlx::query!("DELETE FROM sessions WHERE expires_at <= now()").execute(&self.pool).await?;
        Ok(deleted.rows_affected())
    }

    /// A person's sessions that are not expired, the newest first.
    pub async fn list_sessions(&self, person: &str) -> Result<Vec<SessionSummary>> {
        sqlx::query!(
            "SELECT id_sha256, created_at, expires_at FROM sessions
             WHERE person = $1 AND expires_at > now() ORDER BY created_at DESC, id_sha256",
            person
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| {
            let id_sha256 = Hash::try_from(row.id_sha256.as_slice()).map_err(|error| {
                crate::Error::corrupt(format!("a session of {person}"), "id_sha256", error)
            })?;
            Ok(SessionSummary { id_sha256, created_at: row.created_at, expires_at: row.expires_at })
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::samples;

    const ID: &[u8] = b"0123456789abcdef";

    fn session(data: &[u8], person: Option<&str>, expires_at: i64) -> Session {
        let expires_at = Timestamp::from_timestamp(expires_at, 0).unwrap();
        Session { data: data.to_vec(), person: person.map(str::to_owned), expires_at }
    }

    /// The year 2100: the database's own time decides, so that a test cannot turn it.
    const FUTURE: i64 = 4_102_444_800;
    const PAST: i64 = 1_000_000_000;

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn the_id_is_nowhere_in_the_table(pool: PgPool) {
        let store = Store::from(pool.clone());
        assert!(store.create_session(ID, &session(b"x", None, FUTURE)).await.unwrap());
        let row: String =
            sqlx::query_scalar("SELECT s::text FROM sessions s").fetch_one(&pool).await.unwrap();
        let hex: String = ID.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!row.contains(&hex) && !row.contains("0123456789abcdef"), "{row}");
        assert!(row.contains(&sha256(ID).to_string()), "{row}");
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_session_lives_until_it_is_deleted_or_expires(pool: PgPool) {
        let store = Store::from(pool);
        let first = session(b"first", None, FUTURE);
        assert!(store.create_session(ID, &first).await.unwrap());
        assert!(!store.create_session(ID, &session(b"thief", None, FUTURE)).await.unwrap());
        assert_eq!(store.load_session(ID).await.unwrap(), Some(first));
        samples::sign_in(&store, "sub-1", "Robin").await;
        let signed_in = session(b"second", Some("sub-1"), FUTURE);
        store.save_session(ID, &signed_in).await.unwrap();
        assert_eq!(store.load_session(ID).await.unwrap(), Some(signed_in));
        store.save_session(b"other", &session(b"y", Some("sub-1"), PAST)).await.unwrap();
        assert_eq!(store.load_session(b"other").await.unwrap(), None);
        let listed = store.list_sessions("sub-1").await.unwrap();
        assert_eq!(listed.iter().map(|row| row.id_sha256).collect::<Vec<_>>(), [sha256(ID)]);
        assert_eq!(store.delete_expired_sessions().await.unwrap(), 1);
        store.delete_session(ID).await.unwrap();
        store.delete_session(ID).await.unwrap();
        assert_eq!(store.load_session(ID).await.unwrap(), None);
    }
}
