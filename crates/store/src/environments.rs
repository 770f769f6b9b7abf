//! Environments: what is declared, one approved change at a time. What was last read of Compute Engine is in `observed`.

use domain::{ChangeId, FleetSpec, Timestamp, condition::Condition};
use serde_json::Value;
use sqlx::{PgExecutor, types::Json};

use crate::{Error, Notification, Result, Store, Tx, column};

#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    pub name: String,
    /// Counts the declarations, from 1.
    pub generation: i64,
    pub spec: FleetSpec,
    /// The change whose claim declared this generation.
    pub declared_by: ChangeId,
    pub declared_at: Timestamp,
    /// The generation that was in force when `observed_at` was read.
    pub observed_generation: i64,
    /// None: never read. What was read is [`Store::observed_fleet`].
    pub observed_at: Option<Timestamp>,
    pub conditions: Vec<Condition>,
}

/// Where an environment is and how its resources' names begin, without the rest of its declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentPlace {
    pub name: String,
    pub region: String,
    pub name_prefix: String,
}

/// How much is open of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenOf {
    /// None: of the control plane itself.
    pub environment: Option<String>,
    pub incidents: u32,
    /// Changes that are not ended.
    pub changes: u32,
}

struct Row {
    name: String,
    generation: i64,
    spec: Value,
    declared_by: i64,
    declared_at: Timestamp,
    observed_generation: i64,
    observed_at: Option<Timestamp>,
    conditions: Value,
}

impl TryFrom<Row> for Environment {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let named = || noun(&row.name);
        Ok(Self {
            spec: column::json(named, "spec", row.spec)?,
            conditions: column::json(named, "conditions", row.conditions)?,
            generation: row.generation,
            declared_by: ChangeId(row.declared_by),
            declared_at: row.declared_at,
            observed_generation: row.observed_generation,
            observed_at: row.observed_at,
            name: row.name,
        })
    }
}

pub(crate) fn noun(name: &str) -> String {
    format!("environment {name}")
}

async fn read(
    executor: impl PgExecutor<'_>,
    name: Option<&str>,
    most: Option<i64>,
) -> Result<Vec<Environment>> {
    sqlx::query_as!(
        Row,
        "SELECT name, generation, spec, declared_by, declared_at, observed_generation, observed_at, conditions
         FROM environments WHERE $1::text IS NULL OR name = $1 ORDER BY name LIMIT $2",
        name,
        most
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(Environment::try_from)
    .collect()
}

/// None: nothing was, or nobody recorded it.
async fn declared(
    executor: impl PgExecutor<'_>,
    environment: &str,
    generation: i64,
) -> Result<Option<FleetSpec>> {
    let desired = sqlx::query_scalar!(
        "SELECT r.desired FROM changes c JOIN change_revisions r ON r.change_id = c.id
             WHERE c.environment = $1 AND c.claimed_at IS NOT NULL AND r.base_generation + 1 = $2
               AND r.number = (SELECT max(number) FROM change_revisions WHERE change_id = c.id)",
        environment,
        generation
    )
    .fetch_optional(executor)
    .await?;
    desired.map(|desired| column::json(|| noun(environment), "desired", desired)).transpose()
}

impl Store {
    /// By name.
    pub async fn list_environments(&self) -> Result<Vec<Environment>> {
        read(&self.pool, None, None).await
    }

    /// The first by name.
    pub async fn first_environment(&self) -> Result<Option<Environment>> {
        Ok(read(&self.pool, None, Some(1)).await?.pop())
    }

    /// By name.
    pub async fn list_environment_places(&self) -> Result<Vec<EnvironmentPlace>> {
        let places = sqlx::query_as!(
            EnvironmentPlace,
            r#"SELECT name, spec #>> '{environment,region}' AS "region!",
                      spec #>> '{environment,name_prefix}' AS "name_prefix!"
               FROM environments ORDER BY name"#
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(places)
    }

    /// Of those of which something is open; by name, the control plane itself last.
    pub async fn count_open(&self) -> Result<Vec<OpenOf>> {
        let rows = sqlx::query!(
            r#"SELECT environment AS "environment?",
                      count(*) FILTER (WHERE is_incident) AS "incidents!",
                      count(*) FILTER (WHERE NOT is_incident) AS "changes!"
               FROM (
                   SELECT environment, true AS is_incident FROM incidents WHERE closed_at IS NULL
                   UNION ALL
                   SELECT environment, false FROM changes
                       WHERE state IN ('awaiting_approvals', 'approved', 'applying')
               ) open
               GROUP BY environment ORDER BY environment"#
        )
        .fetch_all(&self.pool)
        .await?;
        let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(rows
            .into_iter()
            .map(|row| OpenOf {
                environment: row.environment,
                incidents: count(row.incidents),
                changes: count(row.changes),
            })
            .collect())
    }

    pub async fn get_environment(&self, name: &str) -> Result<Option<Environment>> {
        Ok(read(&self.pool, Some(name), None).await?.pop())
    }

    /// What was declared in that generation, by the change whose claim declared it. None: no claimed change says.
    pub async fn declaration_at(&self, environment: &str, generation: i64) -> Result<Option<FleetSpec>> {
        declared(&self.pool, environment, generation).await
    }
}

impl Tx {
    /// As [`Store::declaration_at`].
    pub(crate) async fn declaration_at(
        &mut self,
        environment: &str,
        generation: i64,
    ) -> Result<Option<FleetSpec>> {
        declared(self.connection(), environment, generation).await
    }

    /// By name.
    pub async fn list_environments(&mut self) -> Result<Vec<Environment>> {
        read(self.connection(), None, None).await
    }

    /// Reads and locks: no other transaction declares or observes the environment until this one ends.
    pub async fn lock_environment(&mut self, name: &str) -> Result<Option<Environment>> {
        sqlx::query!("SELECT name FROM environments WHERE name = $1 FOR UPDATE", name)
            .fetch_optional(self.connection())
            .await?;
        Ok(read(self.connection(), Some(name), None).await?.pop())
    }

    /// The change whose declaration took the place of the one of that generation. None: that one is still in force.
    pub async fn overtaken_by(&mut self, environment: &str, generation: i64) -> Result<Option<ChangeId>> {
        let by = sqlx::query_scalar!(
            "SELECT declared_by FROM environments WHERE name = $1 AND generation <> $2",
            environment,
            generation
        )
        .fetch_optional(self.connection())
        .await?;
        Ok(by.map(ChangeId))
    }

    /// Puts a declaration in force and returns its generation, `base_generation + 1`. A conflict says that another one came first;
    /// `base_generation` is 0 for a new environment.
    pub async fn declare_environment(
        &mut self,
        spec: &FleetSpec,
        base_generation: i64,
        change: ChangeId,
        at: Timestamp,
    ) -> Result<i64> {
        let name = &spec.environment.environment;
        let declared = sqlx::query_scalar!(
            "INSERT INTO environments (name, generation, spec, declared_by, declared_at)
             VALUES ($1, $2::bigint + 1, $3, $4, $5)
             ON CONFLICT (name) DO UPDATE SET
                 generation = excluded.generation, spec = excluded.spec,
                 declared_by = excluded.declared_by, declared_at = excluded.declared_at
             WHERE environments.generation = $2
             RETURNING generation",
            name,
            base_generation,
            Json(spec) as _,
            change.0,
            at
        )
        .fetch_optional(self.connection())
        .await?;
        let generation = declared.ok_or_else(|| {
            Error::Conflict(format!("{} is no longer at generation {base_generation}", noun(name)))
        })?;
        self.notify(Notification::Environment { environment: name.clone() });
        Ok(generation)
    }

    /// Whether they differ from what was there; only then anyone is told.
    pub async fn set_environment_conditions(
        &mut self,
        environment: &str,
        conditions: &[Condition],
    ) -> Result<bool> {
        let changed = sqlx::query!(
            "UPDATE environments SET conditions = $2 WHERE name = $1 AND conditions <> $2",
            environment,
            Json(conditions) as _
        )
        .execute(self.connection())
        .await?
        .rows_affected()
            > 0;
        if changed {
            self.notify(Notification::Environment { environment: environment.to_owned() });
        }
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        ChangeState,
        condition::{ConditionStatus, ConditionType},
    };
    use sqlx::PgPool;

    use super::*;
    use crate::{
        NewRevision,
        samples::{self, at},
    };

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_declaration_counts_up_and_a_stale_base_is_a_conflict(pool: PgPool) {
        let store = Store::from(pool);
        let change = samples::change(&store, "dev").await;
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.lock_environment("dev").await.unwrap(), None);
        let mut spec = samples::spec("dev");
        assert_eq!(tx.declare_environment(&spec, 0, change, at(1)).await.unwrap(), 1);
        spec.environment.region = "europe-west1".into();
        assert_eq!(tx.declare_environment(&spec, 1, change, at(2)).await.unwrap(), 2);
        let stale = tx.declare_environment(&samples::spec("dev"), 1, change, at(3)).await;
        assert!(matches!(stale, Err(Error::Conflict(_))), "{stale:?}");
        tx.commit().await.unwrap();

        let environment = store.get_environment("dev").await.unwrap().unwrap();
        assert_eq!((environment.generation, environment.declared_at), (2, at(2)));
        assert_eq!(environment.spec, spec);
        assert_eq!(store.list_environments().await.unwrap(), vec![environment]);
        assert_eq!(store.get_environment("prod").await.unwrap(), None);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_past_declaration_is_that_of_the_change_that_was_claimed(pool: PgPool) {
        let store = Store::from(pool);
        let first = samples::change(&store, "dev").await;
        let second = samples::propose(&store, "dev", ChangeState::Approved).await;
        assert_eq!(store.declaration_at("dev", 1).await.unwrap(), None, "it was only proposed");
        let mut desired = samples::spec("dev");
        desired.environment.default_pool_size = 7;
        let revised = NewRevision {
            number: 2,
            base_generation: 1,
            desired: &desired,
            plan: &samples::plan("dev"),
            verdict: &second.revision.verdict,
            created_by: None,
            at: at(2),
        };
        let mut tx = store.begin().await.unwrap();
        tx.insert_revision(second.id, &revised).await.unwrap();
        for id in [first, second.id] {
            tx.set_change_state(id, ChangeState::Approved, ChangeState::Applying, None, at(3)).await.unwrap();
        }
        tx.commit().await.unwrap();
        // That the second was first meant to follow nothing is past.
        assert_eq!(store.declaration_at("dev", 1).await.unwrap(), Some(samples::spec("dev")));
        assert_eq!(store.declaration_at("dev", 2).await.unwrap(), Some(desired));
        for unknown in [i64::MIN, 0, 3, i64::MAX] {
            assert_eq!(store.declaration_at("dev", unknown).await.unwrap(), None);
        }
        assert_eq!(store.declaration_at("prod", 1).await.unwrap(), None);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn the_first_and_the_places_of_all_are_by_name(pool: PgPool) {
        let store = Store::from(pool);
        assert_eq!(store.first_environment().await.unwrap(), None);
        assert_eq!(store.list_environment_places().await.unwrap(), []);
        for name in ["prod", "dev"] {
            samples::environment(&store, name).await;
        }
        let all = store.list_environments().await.unwrap();
        assert_eq!(store.first_environment().await.unwrap().as_ref(), all.first());
        let places = all.into_iter().map(|row| EnvironmentPlace {
            name: row.name,
            region: row.spec.environment.region,
            name_prefix: row.spec.environment.name_prefix,
        });
        let listed = store.list_environment_places().await.unwrap();
        assert_eq!(listed, places.collect::<Vec<_>>());
        assert_eq!(listed.iter().map(|place| place.name.as_str()).collect::<Vec<_>>(), ["dev", "prod"]);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn conditions_are_told_only_when_they_change(pool: PgPool) {
        let store = Store::from(pool);
        samples::environment(&store, "dev").await;
        let conditions = [Condition {
            kind: ConditionType::Reachable,
            status: ConditionStatus::False,
            reason: "Refused".into(),
            message: "connection refused".into(),
            since: at(4),
        }];
        let mut tx = store.begin().await.unwrap();
        assert!(tx.set_environment_conditions("dev", &conditions).await.unwrap());
        assert!(!tx.set_environment_conditions("dev", &conditions).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(store.get_environment("dev").await.unwrap().unwrap().conditions, conditions);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn an_unreadable_spec_names_its_environment(pool: PgPool) {
        let store = Store::from(pool.clone());
        samples::environment(&store, "dev").await;
        sqlx::query("UPDATE environments SET spec = jsonb_set(spec, '{agent_pools}', '3')")
            .execute(&pool)
            .await
            .unwrap();
        let error = store.get_environment("dev").await.unwrap_err();
        assert_eq!(error.to_string(), "environment dev: spec cannot be read");
    }
}
