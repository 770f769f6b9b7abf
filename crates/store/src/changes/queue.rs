//! The changes that may run, without what they do.

use domain::{
    ChangeId,
    queue::{QUEUED, Queued},
};

use super::spellings;
use crate::{Result, Store, column};

impl Store {
    /// Of all environments, the oldest first.
    pub async fn list_queue(&self) -> Result<Vec<Queued>> {
        let states = spellings(&QUEUED);
        sqlx::query!("SELECT id, environment, state FROM changes WHERE state = ANY($1) ORDER BY id", &states)
            .fetch_all(&self.pool)
            .await?
            .into_iter()
            .map(|row| {
                let id = ChangeId(row.id);
                let state = column::text(|| id.to_string(), "state", &row.state)?;
                Ok(Queued { id, environment: row.environment, state })
            })
            .collect()
    }
}
