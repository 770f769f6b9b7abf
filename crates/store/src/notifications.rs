//! Notices of what changed, by Postgres' NOTIFY, to every process that listens. A notice says where to look, never what is there.

use std::{collections::BTreeSet, fmt, time::Duration};

use domain::ChangeId;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool, postgres::PgListener};

use crate::{Error, Result, Store};

const CHANNEL: &str = "agent_manager";

/// Between two attempts to reach a database that is away.
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notification {
    /// Declared anew, or its conditions changed.
    Environment { environment: String },
    /// Compute Engine was read; what was read may be the same as before.
    Observed { environment: String },
    /// Declared anew, removed, or its status or conditions changed.
    Pool { environment: String, pool: String },
    /// Some came, changed or left.
    Instances { environment: String },
    /// A batch was written.
    Heartbeats { environment: String },
    /// Proposed, or one step further; also for each step of its operations.
    Change { environment: String, change: ChangeId },
    /// An incident, an alert or an agent's command moved. None: of the control plane itself.
    Health { environment: Option<String> },
    /// The log has a new last event.
    Audit { seq: i64 },
}

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Notice(Notification),
    /// The connection was lost and is back; notices in between are lost, so look everywhere.
    Reconnected,
}

pub(crate) async fn send(connection: &mut PgConnection, notices: &BTreeSet<Notification>) -> Result<()> {
    if notices.is_empty() {
        return Ok(());
    }
    let payloads = notices
        .iter()
        .map(serde_json::to_string)
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|error| Error::Database(sqlx::Error::Encode(error.into())))?;
    sqlx::query!("SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", CHANNEL, &payloads)
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// Starts to listen; an error says that the database is away now. Holds one connection of the pool for as long as it lives.
    pub async fn listen(&self) -> Result<Listener> {
        let inner = Some(subscribe(&self.pool).await?);
        Ok(Listener { pool: self.pool.clone(), inner })
    }
}

/// Notices as they come, over lost connections too.
pub struct Listener {
    pool: PgPool,
    /// None while the connection is lost.
    inner: Option<PgListener>,
}

impl Listener {
    /// Waits for the next notice; None once the store is closed. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Heard> {
        loop {
            if self.pool.is_closed() {
                // Given back at once: closing waits for every connection.
                self.inner = None;
                return None;
            }
            let Some(inner) = &mut self.inner else {
                match subscribe(&self.pool).await {
                    Ok(inner) => {
                        self.inner = Some(inner);
                        return Some(Heard::Reconnected);
                    }
                    Err(_) => {
                        tokio::time::sleep(RECONNECT_PAUSE).await;
                        continue;
                    }
                }
            };
            match inner.try_recv().await {
                Ok(Some(message)) => match serde_json::from_str(message.payload()) {
                    Ok(notice) => return Some(Heard::Notice(notice)),
                    // From a newer version during an update; the period is the net.
                    Err(error) => tracing::debug!(%error, "a notice of an unknown kind"),
                },
                Ok(None) => self.inner = None,
                Err(error) => {
                    tracing::warn!(%error, "the connection for notices was lost");
                    self.inner = None;
                }
            }
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("connected", &self.inner.is_some()).finish_non_exhaustive()
    }
}

async fn subscribe(pool: &PgPool) -> Result<PgListener> {
    let mut listener = PgListener::connect_with(pool).await?;
    // A lost connection is reported before anything else is heard, so that the caller looks everywhere.
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool_notice(pool: &str) -> Notification {
        Notification::Pool { environment: "dev".into(), pool: pool.into() }
    }

    async fn say(store: &Store, notices: &[Notification]) {
        let mut tx = store.begin().await.unwrap();
        notices.iter().for_each(|notice| tx.notify(notice.clone()));
        tx.commit().await.unwrap();
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn committed_notices_are_heard_once_and_others_never(pool: PgPool) {
        let store = Store::from(pool);
        let mut listener = store.listen().await.unwrap();
        let mut abandoned = store.begin().await.unwrap();
        abandoned.notify(pool_notice("abandoned"));
        abandoned.rollback().await.unwrap();
        say(&store, &[pool_notice("a"), pool_notice("b"), pool_notice("a")]).await;
        let change = Notification::Change { environment: "dev".into(), change: ChangeId(7) };
        say(&store, std::slice::from_ref(&change)).await;
        for expected in [pool_notice("a"), pool_notice("b"), change] {
            assert_eq!(listener.next().await, Some(Heard::Notice(expected)));
        }
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_cut_connection_is_made_anew_and_said(pool: PgPool) {
        let store = Store::from(pool.clone());
        let mut listener = store.listen().await.unwrap();
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND query ILIKE 'LISTEN%'",
        )
        .execute(&pool)
        .await
        .unwrap();
        assert_eq!(listener.next().await, Some(Heard::Reconnected));
        say(&store, &[pool_notice("after")]).await;
        assert_eq!(listener.next().await, Some(Heard::Notice(pool_notice("after"))));
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn unknown_notices_are_passed_over_and_a_closed_store_ends_it(pool: PgPool) {
        let store = Store::from(pool.clone());
        let mut listener = store.listen().await.unwrap();
        sqlx::query("SELECT pg_notify('agent_manager', '{\"kind\":\"from the future\"}')")
            .execute(&pool)
            .await
            .unwrap();
        say(&store, &[pool_notice("known")]).await;
        assert_eq!(listener.next().await, Some(Heard::Notice(pool_notice("known"))));
        let ((), heard) = tokio::join!(store.close(), listener.next());
        assert_eq!(heard, None);
    }
}
