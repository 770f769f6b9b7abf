//! Sessions of browsers, keyed by a digest of their id: who reads the table cannot take one over. The database's time ends them.

use std::time::Duration;

use audit_log::canonical::sha256;
use domain::Timestamp;

use crate::{Hash, Result, Store, Tx};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Opaque to the store.
    pub data: Vec<u8>,
    /// The subject; None until the sign-in is complete.
    pub person: Option<String>,
    pub expires_at: Timestamp,
}

/// A session as it is written: it ends so long after the database's now, whatever the writer's clock says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    pub data: Vec<u8>,
    pub person: Option<String>,
    pub lifetime: Duration,
}

/// A session as its owner may see it listed: without the means to use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSummary {
    pub id_sha256: Hash,
    /// The subject.
    pub person: String,
    pub person_name: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Store {
    /// `id` is the secret id itself, here and below. False: it is taken, choose another.
    pub async fn create_session(&self, id: &[u8], session: &NewSession) -> Result<bool> {
        let rows = sqlx::query!(
            "INSERT INTO sessions (id_sha256, data, person, expires_at)
             VALUES ($1, $2, $3, now() + make_interval(secs => $4))
             ON CONFLICT DO NOTHING",
            &sha256(id).0[..],
            session.data,
            session.person,
            session.lifetime.as_secs_f64()
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        Ok(rows > 0)
    }

    /// Creates it or writes over it. Somebody's ends its lifetime after it was made, however often it is saved.
    pub async fn save_session(&self, id: &[u8], session: &NewSession) -> Result<()> {
        sqlx::query!(
            "INSERT INTO sessions (id_sha256, data, person, expires_at)
             VALUES ($1, $2, $3, now() + make_interval(secs => $4))
             ON CONFLICT (id_sha256) DO UPDATE SET
                 data = excluded.data, person = excluded.person,
                 expires_at = CASE WHEN excluded.person IS NULL THEN excluded.expires_at
                     ELSE least(excluded.expires_at, sessions.created_at + make_interval(secs => $4)) END",
            &sha256(id).0[..],
            session.data,
            session.person,
            session.lifetime.as_secs_f64()
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// None for one that has expired, too, and for somebody's that was made longer ago than `longest`, however often it was saved since.
    pub async fn load_session(&self, id: &[u8], longest: Duration) -> Result<Option<Session>> {
        let session = sqlx::query_as!(
            Session,
            "SELECT data, person, expires_at FROM sessions
             WHERE id_sha256 = $1 AND expires_at > now()
                 AND (person IS NULL OR created_at > now() - make_interval(secs => $2))",
            &sha256(id).0[..],
            longest.as_secs_f64()
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

    /// Sessions of one person or of all that are not expired, the newest first.
    pub async fn list_sessions(&self, person: Option<&str>, limit: u32) -> Result<Vec<SessionSummary>> {
        sqlx::query!(
            "SELECT s.id_sha256, p.sub, p.name, s.created_at, s.expires_at
             FROM sessions s JOIN people p ON p.sub = s.person
             WHERE ($1::text IS NULL OR s.person = $1) AND s.expires_at > now()
             ORDER BY s.created_at DESC, s.id_sha256 LIMIT $2",
            person,
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| {
            let id_sha256 = Hash::try_from(row.id_sha256.as_slice()).map_err(|error| {
                crate::Error::corrupt(format!("a session of {}", row.sub), "id_sha256", error)
            })?;
            Ok(SessionSummary {
                id_sha256,
                person: row.sub,
                person_name: row.name,
                created_at: row.created_at,
                expires_at: row.expires_at,
            })
        })
        .collect()
    }
}

impl Tx {
    /// Makes a session the person's that was nobody's so far. False: there is no such session any more.
    pub async fn give_session(&mut self, id_sha256: Hash, person: &str, data: &[u8]) -> Result<bool> {
        let rows = sqlx::query!(
            "UPDATE sessions SET person = $2, data = $3
             WHERE id_sha256 = $1 AND person IS NULL AND expires_at > now()",
            &id_sha256.0[..],
            person,
            data
        )
        .execute(self.connection())
        .await?
        .rows_affected();
        Ok(rows > 0)
    }

    /// Ends one session and says whose it was; None: it has ended already.
    pub async fn end_session(&mut self, id_sha256: Hash) -> Result<Option<String>> {
        let person = sqlx::query_scalar!(
            "DELETE FROM sessions WHERE id_sha256 = $1 AND person IS NOT NULL RETURNING person",
            &id_sha256.0[..]
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(person.flatten())
    }

    /// Ends the person's sessions but the one to keep. Returns how many.
    pub async fn end_sessions(&mut self, person: &str, keep: Option<Hash>) -> Result<u64> {
        let deleted = sqlx::query!(
            "DELETE FROM sessions WHERE person = $1 AND ($2::bytea IS NULL OR id_sha256 <> $2)",
            person,
            keep.map(|hash| hash.0.to_vec())
        )
        .execute(self.connection())
        .await?;
        Ok(deleted.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::samples;

    const ID: &[u8] = b"0123456789abcdef";

    fn session(data: &[u8], person: Option<&str>, lifetime: Duration) -> NewSession {
        NewSession { data: data.to_vec(), person: person.map(str::to_owned), lifetime }
    }

    const LONG: Duration = Duration::from_secs(3600);

    /// What it holds and whose it is.
    async fn held(store: &Store, id: &[u8]) -> Option<(Vec<u8>, Option<String>)> {
        store.load_session(id, LONG).await.unwrap().map(|session| (session.data, session.person))
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn the_id_is_nowhere_in_the_table(pool: PgPool) {
        let store = Store::from(pool.clone());
        assert!(store.create_session(ID, &session(b"x", None, LONG)).await.unwrap());
        let row: String =
            sqlx::query_scalar("SELECT s::text FROM sessions s").fetch_one(&pool).await.unwrap();
        let hex: String = ID.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!row.contains(&hex) && !row.contains("0123456789abcdef"), "{row}");
        assert!(row.contains(&sha256(ID).to_string()), "{row}");
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_session_lives_until_it_is_deleted_or_expires(pool: PgPool) {
        let store = Store::from(pool);
        let first = session(b"first", None, LONG);
        assert!(store.create_session(ID, &first).await.unwrap());
        assert!(!store.create_session(ID, &session(b"thief", None, LONG)).await.unwrap());
        assert_eq!(held(&store, ID).await, Some((b"first".to_vec(), None)));
        samples::sign_in(&store, "sub-1", "Robin").await;
        let signed_in = session(b"second", Some("sub-1"), LONG);
        store.save_session(ID, &signed_in).await.unwrap();
        assert_eq!(held(&store, ID).await, Some((b"second".to_vec(), Some("sub-1".to_owned()))));
        store.save_session(b"other", &session(b"y", Some("sub-1"), Duration::ZERO)).await.unwrap();
        assert_eq!(store.load_session(b"other", LONG).await.unwrap(), None);
        let listed = store.list_sessions(Some("sub-1"), 10).await.unwrap();
        assert_eq!(listed.iter().map(|row| row.id_sha256).collect::<Vec<_>>(), [sha256(ID)]);
        assert_eq!(store.delete_expired_sessions().await.unwrap(), 1);
        store.delete_session(ID).await.unwrap();
        store.delete_session(ID).await.unwrap();
        assert_eq!(store.load_session(ID, LONG).await.unwrap(), None);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_session_s_life_is_counted_from_the_database_s_now(pool: PgPool) {
        let store = Store::from(pool.clone());
        assert!(store.create_session(ID, &session(b"x", None, LONG)).await.unwrap());
        store.save_session(b"other", &session(b"y", None, LONG)).await.unwrap();
        let counted = "SELECT expires_at = created_at + interval '1 hour' FROM sessions";
        let counted: Vec<bool> = sqlx::query_scalar(counted).fetch_all(&pool).await.unwrap();
        assert_eq!(counted, [true, true]);
        sqlx::query("UPDATE sessions SET expires_at = now()").execute(&pool).await.unwrap();
        assert_eq!(held(&store, ID).await, None);
        store.save_session(ID, &session(b"z", None, LONG)).await.unwrap();
        assert_eq!(held(&store, ID).await, Some((b"z".to_vec(), None)), "from each time that it is saved");
    }

    /// As if every session had been made so long ago.
    async fn age(pool: &PgPool, made: &str) {
        sqlx::query("UPDATE sessions SET created_at = now() - $1::text::interval")
            .bind(made)
            .execute(pool)
            .await
            .unwrap();
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_session_does_not_outlast_its_longest_by_being_saved(pool: PgPool) {
        let store = Store::from(pool.clone());
        samples::sign_in(&store, "sub-1", "Robin").await;
        for made in ["59 minutes", "61 minutes"] {
            store.save_session(ID, &session(b"x", Some("sub-1"), LONG)).await.unwrap();
            age(&pool, made).await;
            assert_eq!(held(&store, ID).await.is_some(), made == "59 minutes", "made {made} ago");
            store.save_session(ID, &session(b"y", Some("sub-1"), LONG)).await.unwrap();
            assert_eq!(held(&store, ID).await.is_some(), made == "59 minutes", "made {made} ago, and saved");
            let counted = "SELECT expires_at = created_at + interval '1 hour' FROM sessions";
            let counted: bool = sqlx::query_scalar(counted).fetch_one(&pool).await.unwrap();
            assert!(counted, "what is told of its end is when it ends");
        }
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_session_that_is_nobody_s_yet_lives_on_from_each_time_that_it_is_saved(pool: PgPool) {
        let store = Store::from(pool.clone());
        store.save_session(ID, &session(b"x", None, LONG)).await.unwrap();
        age(&pool, "61 minutes").await;
        assert_eq!(held(&store, ID).await, Some((b"x".to_vec(), None)));
        sqlx::query("UPDATE sessions SET expires_at = now()").execute(&pool).await.unwrap();
        store.save_session(ID, &session(b"y", None, LONG)).await.unwrap();
        assert_eq!(held(&store, ID).await, Some((b"y".to_vec(), None)));
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_session_is_given_once_and_with_its_transaction(pool: PgPool) {
        let store = Store::from(pool);
        samples::sign_in(&store, "sub-1", "Robin").await;
        assert!(store.create_session(ID, &session(b"x", None, LONG)).await.unwrap());
        let mut given_up = store.begin().await.unwrap();
        assert!(given_up.give_session(sha256(ID), "sub-1", b"y").await.unwrap());
        drop(given_up);
        assert_eq!(held(&store, ID).await, Some((b"x".to_vec(), None)));
        let mut tx = store.begin().await.unwrap();
        assert!(tx.give_session(sha256(ID), "sub-1", b"y").await.unwrap());
        assert!(!tx.give_session(sha256(ID), "sub-1", b"z").await.unwrap());
        assert!(!tx.give_session(sha256(b"other"), "sub-1", b"z").await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(held(&store, ID).await, Some((b"y".to_vec(), Some("sub-1".to_owned()))));
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn one_session_or_all_but_one_are_ended(pool: PgPool) {
        let store = Store::from(pool);
        samples::sign_in(&store, "sub-1", "Robin").await;
        samples::sign_in(&store, "sub-2", "Sam").await;
        for (id, person) in [(b"a", "sub-1"), (b"b", "sub-1"), (b"c", "sub-1"), (b"d", "sub-2")] {
            assert!(store.create_session(id, &session(b"x", Some(person), LONG)).await.unwrap());
        }
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.end_session(sha256(b"a")).await.unwrap().as_deref(), Some("sub-1"));
        assert_eq!(tx.end_session(sha256(b"a")).await.unwrap(), None);
        assert_eq!(tx.end_sessions("sub-1", Some(sha256(b"b"))).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let left = store.list_sessions(None, 10).await.unwrap();
        let mut left: Vec<_> = left.into_iter().map(|row| (row.person_name, row.id_sha256)).collect();
        left.sort();
        assert_eq!(left, [("Robin".to_owned(), sha256(b"b")), ("Sam".to_owned(), sha256(b"d"))]);
    }
}
