//! A transaction: what several nouns write together, and the notices that leave when it is committed.

use std::{collections::BTreeSet, fmt};

use domain::Timestamp;
use sqlx::{PgConnection, Postgres, Transaction};

use crate::{Notification, Result, notifications};

/// Dropped without [`Tx::commit`], it leaves nothing behind.
pub struct Tx {
    transaction: Transaction<'static, Postgres>,
    notices: BTreeSet<Notification>,
}

impl Tx {
    pub(crate) fn new(transaction: Transaction<'static, Postgres>) -> Self {
        Self { transaction, notices: BTreeSet::new() }
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// What time it is where votes and leases are judged.
    pub async fn database_time(&mut self) -> Result<Timestamp> {
        Ok(sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#).fetch_one(self.connection()).await?)
    }

    /// Tells every listener once the transaction is committed. The store's own writes do this by themselves.
    pub fn notify(&mut self, notice: Notification) {
        self.notices.insert(notice);
    }

    pub async fn commit(mut self) -> Result<()> {
        notifications::send(&mut self.transaction, &self.notices).await?;
        self.transaction.commit().await?;
        Ok(())
    }

    pub async fn rollback(self) -> Result<()> {
        self.transaction.rollback().await?;
        Ok(())
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("notices", &self.notices).finish_non_exhaustive()
    }
}
