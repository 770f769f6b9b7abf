//! The way to the database: its settings, the pool, and the migrations.

use std::{fmt, str::FromStr, time::Duration};

use domain::Timestamp;
use sqlx::{
    Connection, PgConnection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{Result, Tx};

/// The schema, embedded. See migrations/README.md for its rules.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// A connection that rested so long is asked whether it still stands before it is used. Asked each time, as the pool does by
/// itself, every query would cost two round trips. The price: after a failover of the database each connection that rested for less
/// gives its first user an error, so this is as short as a pause between two queries of the same work.
const RESTED: Duration = Duration::from_millis(200);

#[derive(Clone)]
pub struct Config {
    /// `postgres://user:password@host:port/database`
    pub url: String,
    pub max_connections: u32,
    /// How long a caller waits for a connection. Short, so that a page says soon that the database is away.
    pub acquire_timeout: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
}

impl Config {
    /// 16 connections, 2 s to get one, 5 s per statement.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            max_connections: 16,
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
        }
    }
}

impl fmt::Debug for Config {
    /// The URL is left out: it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("max_connections", &self.max_connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .finish_non_exhaustive()
    }
}

/// The database. Cheap to clone: all clones share one pool.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) pool: PgPool,
}

impl From<PgPool> for Store {
    /// For tests, which are handed a pool of a database of their own.
    fn from(pool: PgPool) -> Self {
        Self { pool }
    }
}

impl Store {
    /// Only a malformed URL is an error. Connections are made when they are needed, so that a server starts while its database is
    /// away and heals with it; ask [`Store::ping`] whether it answers. Needs a tokio runtime.
    pub fn connect(config: &Config) -> Result<Self> {
        let options = PgConnectOptions::from_str(&config.url)?.application_name("agent-manager").options([
            ("statement_timeout", config.statement_timeout.as_millis().to_string()),
            // A transaction is never open over slow work; one that is was abandoned, and holds locks.
            ("idle_in_transaction_session_timeout", "15000".to_owned()),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(config.max_connections)
            .acquire_timeout(config.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(|connection, known| {
                Box::pin(async move {
                    if known.idle_for >= RESTED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options);
        Ok(Self { pool })
    }

    /// Whether the database answers and is the one that migrations made.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query!("SELECT seq FROM audit_head").fetch_one(&self.pool).await?;
        Ok(())
    }

    /// The database's own clock, which ends sessions, tokens and leases.
    pub async fn time(&self) -> Result<Timestamp> {
        let now = sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#).fetch_one(&self.pool).await?;
        Ok(now)
    }

    /// Names of the migrations that this version needs and the database lacks; all of them in an empty one.
    pub async fn pending_migrations(&self) -> Result<Vec<String>> {
        // The migrator's own table is not there when queries are checked, so these are checked when they run.
        let exists: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
            .fetch_one(&self.pool)
            .await?;
        let applied: Vec<i64> = if exists {
            sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success")
                .fetch_all(&self.pool)
                .await?
        } else {
            Vec::new()
        };
        let pending = MIGRATOR.iter().filter(|migration| !applied.contains(&migration.version));
        Ok(pending.map(|migration| migration.description.to_string()).collect())
    }

    /// Applies the migrations that are missing; safe to run by several processes at once.
    pub async fn migrate(&self) -> Result<()> {
        // Its own connection: a migration may wait for another process's for longer than a statement may take.
        let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
        sqlx::query!("SELECT set_config('statement_timeout', '0', false)").fetch_one(&mut connection).await?;
        MIGRATOR.run(&mut connection).await.map_err(sqlx::Error::from)?;
        connection.close().await?;
        Ok(())
    }

    /// What time it is where votes and leases are judged.
    pub async fn database_time(&self) -> Result<Timestamp> {
        Ok(sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#).fetch_one(&self.pool).await?)
    }

    pub async fn begin(&self) -> Result<Tx> {
        Ok(Tx::new(self.pool.begin().await?))
    }

    /// Waits for what is under way, then closes all connections. A [`crate::Listener`] lets go of its own when it is polled or dropped.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use sqlx::ConnectOptions as _;

    use super::*;
    use crate::Error;

    #[tokio::test]
    async fn an_absent_database_is_unavailable_soon() {
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = Config {
            acquire_timeout: Duration::from_millis(300),
            ..Config::new(format!("postgres://postgres@127.0.0.1:{port}/x"))
        };
        let store = Store::connect(&config).unwrap();
        let asked = Instant::now();
        assert!(matches!(store.ping().await, Err(Error::Unavailable(_))));
        assert!(asked.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn a_password_is_not_shown() {
        let shown = format!("{:?}", Config::new("postgres://user:hunter2@host/db"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[sqlx::test(migrator = "MIGRATOR")]
    async fn a_connection_has_its_timeouts_and_migrating_again_changes_nothing(pool: PgPool) {
        let url = pool.connect_options().to_url_lossy();
        let store = Store::connect(&Config::new(url)).unwrap();
        let timeout: String =
            sqlx::query_scalar("SHOW statement_timeout").fetch_one(&store.pool).await.unwrap();
        assert_eq!(timeout, "5s");
        store.migrate().await.unwrap();
        store.ping().await.unwrap();
        store.close().await;
        assert!(matches!(store.ping().await, Err(Error::Unavailable(_))));
    }

    #[sqlx::test(migrator = "MIGRATOR")]
    async fn a_cut_connection_fails_its_transaction_and_the_next_one_is_whole(pool: PgPool) {
        let store = Store::from(pool.clone());
        let mut tx = store.begin().await.unwrap();
        let doomed: i32 =
            sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(tx.connection()).await.unwrap();
        sqlx::query("SELECT pg_terminate_backend($1, 5000)").bind(doomed).execute(&pool).await.unwrap();
        let cut = tx.lock_environment("dev").await;
        assert!(matches!(cut, Err(Error::Unavailable(_))), "{cut:?}");
        drop(tx);
        store.begin().await.unwrap().lock_environment("dev").await.unwrap();
    }

    #[sqlx::test(migrations = false)]
    async fn an_empty_database_does_not_pass_for_ours(pool: PgPool) {
        // A new one need not be empty: `cargo xtask test` puts all migrations into what Postgres copies for it.
        let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&pool).await.unwrap();
        assert!(name.starts_with("_sqlx_test"), "{name} is no database of a test: nothing is dropped there");
        sqlx::query("DROP OWNED BY CURRENT_USER").execute(&pool).await.unwrap();
        let store = Store::from(pool);
        assert!(matches!(store.ping().await, Err(Error::Database(_))));
        let pending = store.pending_migrations().await.unwrap();
        assert_eq!(pending.first().map(String::as_str), Some("create changes"));
        store.migrate().await.unwrap();
        store.ping().await.unwrap();
        assert!(store.pending_migrations().await.unwrap().is_empty());
        store.time().await.unwrap();
    }
}
