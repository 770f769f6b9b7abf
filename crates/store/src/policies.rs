//! Policies: a history of revisions, of which the highest is in force.

use domain::{Timestamp, approvals::Policy};
use sqlx::{PgExecutor, types::Json};

use crate::{Error, Result, Store, Tx, column};

/// The one policy that is asked.
const NAME: &str = "default";

/// With the moment since when, by the database's time.
async fn in_force(executor: impl PgExecutor<'_>) -> Result<(Policy, Timestamp)> {
    let row = sqlx::query!(
        "SELECT revision, body, created_at FROM policies WHERE id = $1 ORDER BY revision DESC LIMIT 1",
        NAME
    )
    .fetch_optional(executor)
    .await?
    .ok_or_else(|| Error::NotFound(format!("policy {NAME}")))?;
    let named = || format!("policy {NAME} r{}", row.revision);
    let policy: Policy = column::json(named, "body", row.body)?;
    policy.check().map_err(|error| Error::corrupt(named(), "body", error))?;
    Ok((policy, row.created_at))
}

impl Store {
    /// Refused as unreadable when it is not one that could be trusted.
    pub async fn policy_in_force(&self) -> Result<Policy> {
        Ok(in_force(&self.pool).await?.0)
    }

    /// With the moment since when.
    pub async fn policy_in_force_since(&self) -> Result<(Policy, Timestamp)> {
        in_force(&self.pool).await
    }
}

impl Tx {
    pub async fn policy_in_force(&mut self) -> Result<Policy> {
        Ok(in_force(self.connection()).await?.0)
    }

    /// A conflict: this revision is there already.
    pub async fn insert_policy(&mut self, policy: &Policy) -> Result<()> {
        sqlx::query!(
            "INSERT INTO policies (id, revision, body) VALUES ($1, $2, $3)",
            policy.id,
            policy.revision,
            Json(policy) as _
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use domain::environment::Tier;
    use sqlx::PgPool;

    use super::*;

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn the_first_policy_asks_three_people_for_what_is_guarded_and_nobody_for_development(pool: PgPool) {
        let store = Store::from(pool.clone());
        let policy = store.policy_in_force().await.unwrap();
        assert_eq!(policy, Policy::first());
        assert_eq!(policy.name(), "default r1");
        assert_eq!(policy.require("prod", Tier::Guarded).to_string(), "2 of sre and 1 of security");
        assert!(policy.require("dev", Tier::Development).is_nobody());

        let (same, since) = store.policy_in_force_since().await.unwrap();
        assert_eq!(same, policy);
        let mut next = policy.clone();
        next.revision = 2;
        let mut tx = store.begin().await.unwrap();
        tx.insert_policy(&next).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.policy_in_force().await.unwrap(), next);
        let (again, later) = store.policy_in_force_since().await.unwrap();
        assert!(again == next && later > since, "{later} {since}");
        let again = store.begin().await.unwrap().insert_policy(&next).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
        for rewrite in ["UPDATE policies SET body = body", "DELETE FROM policies", "TRUNCATE policies"] {
            let refused = sqlx::query(rewrite).execute(&pool).await.unwrap_err();
            assert!(refused.to_string().contains("policies keeps its history"), "{refused}");
        }
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_policy_that_asks_nobody_by_a_slip_is_not_read(pool: PgPool) {
        let store = Store::from(pool.clone());
        for (revision, rules) in [
            (2, r#"[{"applies":"everywhere","require":[{"group":"sre","approvals":0}]}]"#),
            (3, r#"[{"applies":{"tier":"development"},"require":[]}]"#),
            (4, "[]"),
        ] {
            let body = format!(r#"{{"id":"default","revision":{revision},"rules":{rules}}}"#);
            sqlx::query("INSERT INTO policies (id, revision, body) VALUES ('default', $1, $2::jsonb)")
                .bind(i64::from(revision))
                .bind(body)
                .execute(&pool)
                .await
                .unwrap();
            let read = store.policy_in_force().await;
            assert!(matches!(read, Err(Error::Corrupt { .. })), "{read:?}");
        }
    }
}
