//! What can go wrong in the store, sorted by what a caller can do about it.

use crate::{Epoch, Result};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} does not exist")]
    NotFound(String),
    /// The row is no longer what the caller thought; read again and decide anew.
    #[error("{0}")]
    Conflict(String),
    /// Another process leads, or the lease ran out: stop writing.
    #[error("epoch {0} does not lead any more")]
    LostLeadership(Epoch),
    /// No connection, too many of them, or too slow: the same call may succeed later.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// The row holds what this version cannot read.
    #[error("{row}: {column} cannot be read")]
    Corrupt { row: String, column: &'static str, source: Box<dyn std::error::Error + Send + Sync> },
    /// An event that the audit log's format does not allow.
    #[error("the audit event is refused")]
    Unrecordable(#[source] audit_log::LeafError),
    /// Anything else; a mistake of ours or of the installation.
    #[error("the database refused a statement")]
    Database(#[source] sqlx::Error),
}

impl Error {
    pub(crate) fn corrupt(
        row: impl Into<String>,
        column: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Corrupt { row: row.into(), column, source: source.into() }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as Sqlx;
        match &error {
            Sqlx::Io(_)
            | Sqlx::Tls(_)
            | Sqlx::PoolTimedOut
            | Sqlx::PoolClosed
            | Sqlx::WorkerCrashed
            | Sqlx::BeginFailed => Self::Unavailable(error),
            Sqlx::Database(refusal) => match refusal.code().as_deref().unwrap_or_default() {
                code if is_away(code) => Self::Unavailable(error),
                "23505" => Self::Conflict(format!(
                    "another row is already there ({})",
                    refusal.constraint().unwrap_or("unnamed constraint")
                )),
                // Serialization failure and deadlock: the database chose this transaction to give way.
                "40001" | "40P01" => Self::Conflict("another transaction was faster".to_owned()),
                _ => Self::Database(error),
            },
            _ => Self::Database(error),
        }
    }
}

/// Codes of Postgres (appendix A) that say "not now" rather than "not so".
fn is_away(code: &str) -> bool {
    // 08 connection exception, 53 insufficient resources, 57P0x shutdown and start-up, 58 system error;
    // 57014 the statement timeout, 55P03 a lock not available, 25P03 idle in transaction for too long.
    ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class))
        || ["57014", "55P03", "25P03"].contains(&code)
}

/// `rows` is the count of a statement that must have met exactly the row named.
pub(crate) fn found(rows: u64, noun: impl FnOnce() -> String) -> Result<()> {
    if rows == 0 { Err(Error::NotFound(noun())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;

    #[test]
    fn what_may_succeed_later_is_unavailable() {
        for code in ["08006", "53300", "57P01", "57P03", "57014", "55P03"] {
            assert!(is_away(code), "{code}");
        }
        for code in ["23505", "42P01", "22P02"] {
            assert!(!is_away(code), "{code}");
        }
        assert!(matches!(Error::from(sqlx::Error::PoolTimedOut), Error::Unavailable(_)));
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_statement_beyond_its_time_is_unavailable_and_a_wrong_one_is_not(pool: PgPool) {
        let mut connection = pool.acquire().await.unwrap();
        sqlx::query("SET statement_timeout = 20").execute(&mut *connection).await.unwrap();
        let slow = sqlx::query("SELECT pg_sleep(5)").execute(&mut *connection).await.unwrap_err();
        assert!(matches!(Error::from(slow), Error::Unavailable(_)));
        let wrong = sqlx::query("SELECT 1/0").execute(&mut *connection).await.unwrap_err();
        assert!(matches!(Error::from(wrong), Error::Database(_)));
    }
}
