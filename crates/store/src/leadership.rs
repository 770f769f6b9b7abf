//! Who may write to the cloud: one row, an epoch that grows with each hand-over, and a lease that the database's clock ends.

use std::{fmt, time::Duration};

use domain::Timestamp;
use sqlx::postgres::types::PgInterval;

use crate::{Error, Notification, Result, Store, Tx};

/// The number of a leadership; a newer one is larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub i64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leadership {
    /// None: released.
    pub holder: Option<String>,
    pub epoch: Epoch,
    pub renewed_at: Timestamp,
    pub expires_at: Timestamp,
}

/// In microseconds, which is what the database counts in.
fn interval(ttl: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX) }
}

impl Store {
    pub async fn get_leadership(&self) -> Result<Leadership> {
        let row = sqlx::query!("SELECT holder, epoch, renewed_at, expires_at FROM leadership")
            .fetch_one(&self.pool)
            .await?;
        Ok(Leadership {
            holder: row.holder,
            epoch: Epoch(row.epoch),
            renewed_at: row.renewed_at,
            expires_at: row.expires_at,
        })
    }

    /// A new epoch, told to every listener, if nobody leads, the lease ran out, or `holder` itself asks again (a restarted process need not wait for its old lease).
    /// Waits for the old leader's open transactions. `holder` must be unique among processes.
    pub async fn try_acquire_leadership(&self, holder: &str, ttl: Duration) -> Result<Option<Epoch>> {
        let mut tx = self.begin().await?;
        // FOR UPDATE, because a plain update of these columns would not conflict with what `assert_leader` holds.
        let epoch = sqlx::query_scalar!(
            "WITH free AS (
                 SELECT id FROM leadership
                 WHERE holder IS NULL OR holder = $1 OR expires_at <= clock_timestamp() FOR UPDATE
             )
             UPDATE leadership SET holder = $1, epoch = epoch + 1,
                 renewed_at = clock_timestamp(), expires_at = clock_timestamp() + $2
             FROM free WHERE leadership.id = free.id RETURNING epoch",
            holder,
            interval(ttl)
        )
        .fetch_optional(tx.connection())
        .await?;
        if epoch.is_some() {
            tx.notify(Notification::Health { environment: None });
        }
        tx.commit().await?;
        Ok(epoch.map(Epoch))
    }

    /// Extends the lease. An error says that it is lost: the epoch moved, or it ran out.
    pub async fn renew_leadership(&self, epoch: Epoch, ttl: Duration) -> Result<()> {
        let rows = sqlx::query!(
            "UPDATE leadership SET renewed_at = clock_timestamp(), expires_at = clock_timestamp() + $2
             WHERE epoch = $1 AND holder IS NOT NULL AND expires_at > clock_timestamp()",
            epoch.0,
            interval(ttl)
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        if rows == 0 { Err(Error::LostLeadership(epoch)) } else { Ok(()) }
    }

    /// Lets another process lead at once. Without effect when the epoch moved already.
    pub async fn release_leadership(&self, epoch: Epoch) -> Result<()> {
        let mut tx = self.begin().await?;
        let released = sqlx::query!(
            "UPDATE leadership SET holder = NULL, expires_at = clock_timestamp() WHERE epoch = $1",
            epoch.0
        )
        .execute(tx.connection())
        .await?
        .rows_affected();
        if released > 0 {
            tx.notify(Notification::Health { environment: None });
        }
        tx.commit().await
    }
}

impl Tx {
    /// First in each leader transaction: nobody else begins to lead until it ends. Does not stand in the way of renewals.
    pub async fn assert_leader(&mut self, epoch: Epoch) -> Result<()> {
        let leads = sqlx::query!(
            "SELECT id FROM leadership
             WHERE epoch = $1 AND holder IS NOT NULL AND expires_at > clock_timestamp() FOR KEY SHARE",
            epoch.0
        )
        .fetch_optional(self.connection())
        .await?;
        leads.map(|_| ()).ok_or(Error::LostLeadership(epoch))
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;
    use tokio::time::timeout;

    use super::*;
    use crate::Heard;

    const LONG: Duration = Duration::from_secs(60);

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn one_leads_and_hands_over(pool: PgPool) {
        let store = Store::from(pool);
        let first = store.try_acquire_leadership("a", LONG).await.unwrap().unwrap();
        assert_eq!(store.try_acquire_leadership("b", LONG).await.unwrap(), None);
        store.renew_leadership(first, LONG).await.unwrap();
        store.begin().await.unwrap().assert_leader(first).await.unwrap();

        store.release_leadership(first).await.unwrap();
        let unled = store.begin().await.unwrap().assert_leader(first).await;
        assert!(matches!(unled, Err(Error::LostLeadership(_))), "{unled:?}");
        let second = store.try_acquire_leadership("b", LONG).await.unwrap().unwrap();
        assert!(second > first);
        let old = store.renew_leadership(first, LONG).await;
        assert!(matches!(old, Err(Error::LostLeadership(epoch)) if epoch == first), "{old:?}");
        store.release_leadership(first).await.unwrap();
        store.begin().await.unwrap().assert_leader(second).await.unwrap();
        assert_eq!(store.get_leadership().await.unwrap().holder.as_deref(), Some("b"));
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn invariant_15_clock_a_lease_runs_out_by_the_databases(pool: PgPool) {
        let store = Store::from(pool);
        let first = store.try_acquire_leadership("a", Duration::ZERO).await.unwrap().unwrap();
        assert!(store.renew_leadership(first, LONG).await.is_err());
        assert!(store.begin().await.unwrap().assert_leader(first).await.is_err());
        let second = store.try_acquire_leadership("b", LONG).await.unwrap();
        assert_eq!(second, Some(Epoch(first.0 + 1)));
        let restarted = store.try_acquire_leadership("b", LONG).await.unwrap();
        assert_eq!(restarted, Some(Epoch(first.0 + 2)));
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_new_leader_waits_for_the_old_ones_transaction_and_renewals_do_not(pool: PgPool) {
        let store = Store::from(pool);
        let first = store.try_acquire_leadership("a", LONG).await.unwrap().unwrap();
        let mut tx = store.begin().await.unwrap();
        tx.assert_leader(first).await.unwrap();
        timeout(Duration::from_secs(2), store.renew_leadership(first, LONG)).await.unwrap().unwrap();
        store.release_leadership(first).await.unwrap();
        let takeover = store.try_acquire_leadership("b", LONG);
        tokio::pin!(takeover);
        assert!(timeout(Duration::from_millis(200), &mut takeover).await.is_err(), "it must wait");
        tx.commit().await.unwrap();
        assert_eq!(takeover.await.unwrap(), Some(Epoch(first.0 + 1)));
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn who_begins_or_ends_to_lead_tells_it(pool: PgPool) {
        let store = Store::from(pool);
        let mut listener = store.listen().await.unwrap();
        let epoch = store.try_acquire_leadership("a", LONG).await.unwrap().unwrap();
        assert_eq!(store.try_acquire_leadership("b", LONG).await.unwrap(), None);
        store.release_leadership(epoch).await.unwrap();
        store.release_leadership(Epoch(epoch.0 + 9)).await.unwrap();
        for _ in 0..2 {
            let heard = timeout(Duration::from_secs(5), listener.next()).await.unwrap();
            assert_eq!(heard, Some(Heard::Notice(Notification::Health { environment: None })));
        }
        let more = timeout(Duration::from_millis(200), listener.next()).await;
        assert!(more.is_err(), "nothing else happened: {more:?}");
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn of_many_that_ask_at_once_one_leads(pool: PgPool) {
        let store = Store::from(pool);
        let ask = |holder| store.try_acquire_leadership(holder, LONG);
        let (a, b, c, d) = tokio::join!(ask("a"), ask("b"), ask("c"), ask("d"));
        assert_eq!([a, b, c, d].into_iter().filter(|asked| asked.as_ref().unwrap().is_some()).count(), 1);
    }
}
