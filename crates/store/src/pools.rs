//! Pools: each with what is declared of it and, beside that, what was last seen of it.

use domain::{ChangeId, Timestamp, condition::Condition, pool::PoolSpec};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{PgExecutor, types::Json};

use crate::{Error, Notification, Result, Store, Tx, column, error::found};

/// What was last seen of a pool's group, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolStatus {
    /// VMs that the group aims at.
    pub target_size: u32,
    /// VMs that run.
    pub running: u32,
    /// No action is under way or scheduled.
    pub is_stable: bool,
    /// All VMs have the intended template.
    pub version_reached: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    pub environment: String,
    pub name: String,
    /// Counts the declarations of this pool that differed, from 1.
    pub generation: i64,
    pub spec: PoolSpec,
    pub declared_by: ChangeId,
    pub declared_at: Timestamp,
    /// The generation that `status` and `conditions` speak of; 0 until the first look.
    pub observed_generation: i64,
    /// None: no group was seen yet.
    pub status: Option<PoolStatus>,
    pub conditions: Vec<Condition>,
}

/// What a declaration changed, by the pools' names in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeclaredPools {
    pub added: Vec<String>,
    pub changed: Vec<String>,
    pub removed: Vec<String>,
}

struct Row {
    environment: String,
    name: String,
    generation: i64,
    spec: Value,
    declared_by: i64,
    declared_at: Timestamp,
    observed_generation: i64,
    status: Option<Value>,
    conditions: Value,
}

impl TryFrom<Row> for Pool {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let named = || noun(&row.environment, &row.name);
        Ok(Self {
            spec: column::json(named, "spec", row.spec)?,
            status: row.status.map(|status| column::json(named, "status", status)).transpose()?,
            conditions: column::json(named, "conditions", row.conditions)?,
            generation: row.generation,
            declared_by: ChangeId(row.declared_by),
            declared_at: row.declared_at,
            observed_generation: row.observed_generation,
            environment: row.environment,
            name: row.name,
        })
    }
}

fn noun(environment: &str, name: &str) -> String {
    format!("pool {name} of {environment}")
}

async fn read(executor: impl PgExecutor<'_>, environment: &str, name: Option<&str>) -> Result<Vec<Pool>> {
    sqlx::query_as!(
        Row,
        "SELECT environment, name, generation, spec, declared_by, declared_at, observed_generation, status, conditions
         FROM pools WHERE environment = $1 AND ($2::text IS NULL OR name = $2) ORDER BY position",
        environment,
        name
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(Pool::try_from)
    .collect()
}

impl Store {
    /// In the order of the declaration.
    pub async fn list_pools(&self, environment: &str) -> Result<Vec<Pool>> {
        read(&self.pool, environment, None).await
    }

    pub async fn get_pool(&self, environment: &str, name: &str) -> Result<Option<Pool>> {
        Ok(read(&self.pool, environment, Some(name)).await?.pop())
    }
}

impl Tx {
    /// Makes the environment's pools the declared ones. A pool that is declared as before keeps its generation;
    /// one that is not declared any more is forgotten, its instances are not. The environment must be locked.
    pub async fn declare_pools(
        &mut self,
        environment: &str,
        specs: &[PoolSpec],
        change: ChangeId,
        at: Timestamp,
    ) -> Result<DeclaredPools> {
        let names: Vec<String> = specs.iter().map(|spec| spec.name.clone()).collect();
        let bodies: Vec<Json<&PoolSpec>> = specs.iter().map(Json).collect();
        let mut removed = sqlx::query_scalar!(
            "DELETE FROM pools WHERE environment = $1 AND name <> ALL($2) RETURNING name",
            environment,
            &names
        )
        .fetch_all(self.connection())
        .await?;
        let written = sqlx::query!(
            r#"WITH declared AS (
                   SELECT name, spec, position::integer
                   FROM unnest($2::text[], $3::jsonb[]) WITH ORDINALITY AS t (name, spec, position)
               ), moved AS (
                   UPDATE pools SET position = declared.position FROM declared
                   WHERE environment = $1 AND pools.name = declared.name
                     AND pools.spec = declared.spec AND pools.position <> declared.position
               )
               INSERT INTO pools (environment, name, position, generation, spec, declared_by, declared_at)
               SELECT $1, name, position, 1, spec, $4, $5 FROM declared
               ON CONFLICT (environment, name) DO UPDATE SET
                   generation = pools.generation + 1, spec = excluded.spec, position = excluded.position,
                   declared_by = excluded.declared_by, declared_at = excluded.declared_at
               WHERE pools.spec <> excluded.spec
               RETURNING name, generation"#,
            environment,
            &names,
            &bodies as _,
            change.0,
            at
        )
        .fetch_all(self.connection())
        .await?;
        removed.sort();
        let mut pools = DeclaredPools { removed, ..DeclaredPools::default() };
        for row in written {
            if row.generation == 1 { &mut pools.added } else { &mut pools.changed }.push(row.name);
        }
        pools.added.sort();
        pools.changed.sort();
        for pool in pools.added.iter().chain(&pools.changed).chain(&pools.removed) {
            self.notify(Notification::Pool { environment: environment.to_owned(), pool: pool.clone() });
        }
        Ok(pools)
    }

    /// Whether anything differs from what was there; only then anyone is told.
    pub async fn set_pool_status(
        &mut self,
        environment: &str,
        name: &str,
        observed_generation: i64,
        status: Option<&PoolStatus>,
        conditions: &[Condition],
    ) -> Result<bool> {
        let row = sqlx::query!(
            r#"WITH before AS (
                   SELECT observed_generation, status, conditions FROM pools
                   WHERE environment = $1 AND name = $2 FOR UPDATE
               )
               UPDATE pools SET observed_generation = $3, status = $4, conditions = $5 FROM before
               WHERE environment = $1 AND name = $2
               RETURNING (before.observed_generation, before.status, before.conditions)
                   IS DISTINCT FROM (pools.observed_generation, pools.status, pools.conditions) AS "changed!""#,
            environment,
            name,
            observed_generation,
            status.map(Json) as _,
            Json(conditions) as _
        )
        .fetch_optional(self.connection())
        .await?;
        found(u64::from(row.is_some()), || noun(environment, name))?;
        let changed = row.is_some_and(|row| row.changed);
        if changed {
            self.notify(Notification::Pool { environment: environment.to_owned(), pool: name.to_owned() });
        }
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use domain::AgentType;
    use sqlx::PgPool;

    use super::*;
    use crate::samples::{self, at};

    fn pool_spec(name: &str) -> PoolSpec {
        PoolSpec::new(name, AgentType::ALL[0], "web")
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_declaration_replaces_the_set_and_counts_only_what_differs(pool: PgPool) {
        let store = Store::from(pool);
        let change = samples::environment(&store, "dev").await;
        let mut tx = store.begin().await.unwrap();
        let first = [pool_spec("b"), pool_spec("a"), pool_spec("c")];
        let declared = tx.declare_pools("dev", &first, change, at(1)).await.unwrap();
        assert_eq!(declared.added, ["a", "b", "c"]);
        assert_eq!(tx.declare_pools("dev", &first, change, at(2)).await.unwrap(), DeclaredPools::default());

        let mut wider = pool_spec("b");
        wider.target_size = Some(4);
        let second = [pool_spec("d"), pool_spec("a"), wider];
        let declared = tx.declare_pools("dev", &second, change, at(3)).await.unwrap();
        assert_eq!(
            declared,
            DeclaredPools { added: vec!["d".into()], changed: vec!["b".into()], removed: vec!["c".into()] }
        );
        tx.commit().await.unwrap();

        let listed = store.list_pools("dev").await.unwrap();
        let seen: Vec<_> = listed.iter().map(|pool| (pool.name.as_str(), pool.generation)).collect();
        assert_eq!(seen, [("d", 1), ("a", 1), ("b", 2)]);
        assert_eq!((listed[1].declared_at, listed[2].declared_at), (at(1), at(3)));
        assert_eq!(store.get_pool("dev", "b").await.unwrap().unwrap().spec, second[2]);
        assert_eq!(store.get_pool("dev", "c").await.unwrap(), None);

        let mut tx = store.begin().await.unwrap();
        let none = tx.declare_pools("dev", &[], change, at(4)).await.unwrap();
        assert_eq!(none.removed, ["a", "b", "d"]);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_status_stands_beside_the_declaration(pool: PgPool) {
        let store = Store::from(pool);
        let change = samples::environment(&store, "dev").await;
        let mut tx = store.begin().await.unwrap();
        tx.declare_pools("dev", &[pool_spec("a")], change, at(1)).await.unwrap();
        let status = PoolStatus { target_size: 2, running: 1, is_stable: false, version_reached: true };
        assert!(tx.set_pool_status("dev", "a", 1, Some(&status), &[]).await.unwrap());
        assert!(!tx.set_pool_status("dev", "a", 1, Some(&status), &[]).await.unwrap());
        tx.commit().await.unwrap();
        let seen = store.get_pool("dev", "a").await.unwrap().unwrap();
        assert_eq!((seen.observed_generation, seen.status.as_ref()), (1, Some(&status)));

        let mut tx = store.begin().await.unwrap();
        assert!(tx.set_pool_status("dev", "a", 1, None, &[]).await.unwrap());
        let missing = tx.set_pool_status("dev", "z", 1, None, &[]).await;
        assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
        // A status cannot speak of a declaration that is still to come.
        assert!(tx.set_pool_status("dev", "a", 2, None, &[]).await.is_err());
    }
}
