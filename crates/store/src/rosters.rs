//! Rosters: a history of revisions, of which the highest is in force. Before the first one, nobody is in any group.

use domain::{Timestamp, approvals::Roster};
use sqlx::{PgExecutor, types::Json};

use crate::{Error, Result, Store, Tx, column};

/// With the moment since when, by the database's time; None: there is none yet.
async fn in_force(executor: impl PgExecutor<'_>) -> Result<(Roster, Option<Timestamp>)> {
    let row = sqlx::query!("SELECT revision, body, created_at FROM rosters ORDER BY revision DESC LIMIT 1")
        .fetch_optional(executor)
        .await?;
    let Some(row) = row else { return Ok((Roster::default(), None)) };
    let named = || format!("roster r{}", row.revision);
    let roster: Roster = column::json(named, "body", row.body)?;
    roster.check().map_err(|error| Error::corrupt(named(), "body", error))?;
    Ok((roster, Some(row.created_at)))
}

impl Store {
    pub async fn roster_in_force(&self) -> Result<Roster> {
        Ok(in_force(&self.pool).await?.0)
    }

    /// With the moment since when; None: nobody is in any group yet.
    pub async fn roster_in_force_since(&self) -> Result<(Roster, Option<Timestamp>)> {
        in_force(&self.pool).await
    }
}

impl Tx {
    pub async fn roster_in_force(&mut self) -> Result<Roster> {
        Ok(in_force(self.connection()).await?.0)
    }

    /// A conflict: this revision is there already.
    pub async fn insert_roster(&mut self, roster: &Roster) -> Result<()> {
        sqlx::query!(
            "INSERT INTO rosters (revision, body) VALUES ($1, $2)",
            roster.revision,
            Json(roster) as _
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn the_highest_revision_is_in_force_and_none_is_rewritten(pool: PgPool) {
        let store = Store::from(pool.clone());
        assert_eq!(store.roster_in_force().await.unwrap(), Roster::default());
        assert_eq!(store.roster_in_force_since().await.unwrap(), (Roster::default(), None));
        let mut since = None;
        for roster in [Roster::of(1, &[("sre", &["a"])]), Roster::of(2, &[("sre", &["a", "b"])])] {
            let mut tx = store.begin().await.unwrap();
            tx.insert_roster(&roster).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(store.roster_in_force().await.unwrap(), roster);
            let (same, now) = store.roster_in_force_since().await.unwrap();
            assert!(same == roster && now > since, "{now:?} {since:?}");
            since = now;
        }
        let refused = sqlx::query("DELETE FROM rosters").execute(&pool).await.unwrap_err();
        assert!(refused.to_string().contains("rosters keeps its history"), "{refused}");
    }
}
