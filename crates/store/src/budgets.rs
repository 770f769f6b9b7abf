//! Budgets as revisions, and the thresholds that a month has crossed.

use chrono::NaiveDate;
use domain::{Timestamp, cost::Money};

use crate::{Error, Result, Store, Tx};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    pub environment: String,
    pub revision: i32,
    /// None: it was taken away.
    pub monthly: Option<Money>,
    pub set_by: String,
    pub set_by_name: String,
    pub set_at: Timestamp,
}

/// A threshold that was crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    pub revision: i32,
    /// The first day.
    pub month: NaiveDate,
    pub threshold: u8,
    pub spent: Money,
}

/// That it was noted, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetNotice {
    pub threshold: u8,
    pub crossed_at: Timestamp,
}

impl Store {
    /// The newest revision; None where none was ever set.
    pub async fn get_budget(&self, environment: &str) -> Result<Option<Budget>> {
        let row = sqlx::query!(
            r#"SELECT b.revision, b.monthly, b.set_by, coalesce(p.name, b.set_by) AS "set_by_name!", b.set_at
               FROM budgets b LEFT JOIN people p ON p.sub = b.set_by
               WHERE b.environment = $1 ORDER BY b.revision DESC LIMIT 1"#,
            environment
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| Budget {
            environment: environment.to_owned(),
            revision: row.revision,
            monthly: row.monthly.map(Money::from_nanos),
            set_by: row.set_by,
            set_by_name: row.set_by_name,
            set_at: row.set_at,
        }))
    }

    /// What of the revision was crossed in the month, lowest threshold first.
    pub async fn list_budget_notices(
        &self,
        environment: &str,
        revision: i32,
        month: NaiveDate,
    ) -> Result<Vec<BudgetNotice>> {
        let rows = sqlx::query!(
            "SELECT threshold, crossed_at FROM budget_notices WHERE environment = $1 AND revision = $2 AND month = $3
             ORDER BY threshold",
            environment,
            revision,
            month
        )
        .fetch_all(&self.pool)
        .await?;
        // The schema holds them between 1 and 100.
        let notice = |threshold: i16, crossed_at| {
            Some(BudgetNotice { threshold: u8::try_from(threshold).ok()?, crossed_at })
        };
        Ok(rows.into_iter().filter_map(|row| notice(row.threshold, row.crossed_at)).collect())
    }
}

impl Tx {
    /// Puts a budget into force after revision `base` (0: the first). A conflict says that another one came first.
    pub async fn set_budget(
        &mut self,
        environment: &str,
        base: i32,
        monthly: Option<Money>,
        set_by: &str,
        at: Timestamp,
    ) -> Result<i32> {
        let revision = sqlx::query_scalar!(
            "INSERT INTO budgets (environment, revision, monthly, set_by, set_at)
             SELECT $1, $2::integer + 1, $3, $4, $5
             WHERE $2 = (SELECT coalesce(max(revision), 0) FROM budgets WHERE environment = $1)
             ON CONFLICT DO NOTHING RETURNING revision",
            environment,
            base,
            monthly.map(Money::nanos),
            set_by,
            at
        )
        .fetch_optional(self.connection())
        .await?;
        revision.ok_or_else(|| {
            Error::Conflict(format!("the budget of {environment} was set by somebody else meanwhile"))
        })
    }

    /// Whether it is noted now for the first time.
    pub async fn note_crossing(
        &mut self,
        environment: &str,
        crossing: &Crossing,
        at: Timestamp,
    ) -> Result<bool> {
        let rows = sqlx::query!(
            "INSERT INTO budget_notices (environment, revision, month, threshold, spent, crossed_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            environment,
            crossing.revision,
            crossing.month,
            i16::from(crossing.threshold),
            crossing.spent.nanos(),
            at
        )
        .execute(self.connection())
        .await?;
        Ok(rows.rows_affected() > 0)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::samples::{self, at};

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_budget_counts_its_revisions_and_a_stale_base_is_a_conflict(pool: PgPool) {
        let store = Store::from(pool);
        samples::environment(&store, "dev").await;
        samples::sign_in(&store, "sub-1", "Robin").await;
        assert_eq!(store.get_budget("dev").await.unwrap(), None);
        let mut tx = store.begin().await.unwrap();
        let first = tx.set_budget("dev", 0, Some(Money::from_dollars(500)), "sub-1", at(1)).await.unwrap();
        assert_eq!(first, 1);
        tx.commit().await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let stale = tx.set_budget("dev", 0, None, "sub-1", at(2)).await;
        assert!(matches!(stale, Err(Error::Conflict(_))), "{stale:?}");
        tx.rollback().await.unwrap();
        let budget = store.get_budget("dev").await.unwrap().unwrap();
        assert_eq!((budget.revision, budget.set_by_name.as_str()), (1, "Robin"));
        assert_eq!(budget.monthly, Some(Money::from_dollars(500)));
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_threshold_is_noted_once(pool: PgPool) {
        let store = Store::from(pool);
        samples::environment(&store, "dev").await;
        let month = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
        let crossing = Crossing { revision: 1, month, threshold: 50, spent: Money::from_dollars(6) };
        let mut tx = store.begin().await.unwrap();
        tx.set_budget("dev", 0, Some(Money::from_dollars(10)), "sub-1", at(1)).await.unwrap();
        assert!(tx.note_crossing("dev", &crossing, at(2)).await.unwrap());
        assert!(!tx.note_crossing("dev", &crossing, at(3)).await.unwrap());
        tx.commit().await.unwrap();
        let noted = [BudgetNotice { threshold: 50, crossed_at: at(2) }];
        assert_eq!(store.list_budget_notices("dev", 1, month).await.unwrap(), noted);
        assert_eq!(store.list_budget_notices("dev", 2, month).await.unwrap(), []);
    }
}
