//! What was last read of Compute Engine in an environment. A VM is a row of its own: whoever needs none of them, or those of one pool,
//! does not read the others.

use std::collections::BTreeMap;

use domain::{ObservedFleet, Timestamp, instance::Instance, observed::GroupStatus};
use serde_json::Value;
use sqlx::types::Json;

use crate::{Notification, Result, Store, Tx, column, environments::noun, error::found};

struct Row {
    observed: Value,
    observed_at: Option<Timestamp>,
    instances: Value,
}

impl Row {
    fn fleet(self, environment: &str) -> Result<ObservedFleet> {
        let named = || noun(environment);
        let mut fleet: ObservedFleet = column::json(named, "observed", self.observed)?;
        let instances: Vec<Instance> = column::json(named, "instances", self.instances)?;
        for instance in instances {
            if let Some(group) = fleet.groups.get_mut(&instance.group) {
                group.instances.push(instance);
            }
        }
        fleet.observed_at = self.observed_at;
        Ok(fleet)
    }
}

impl Store {
    /// What Compute Engine held when it was last read, instances included, as of one moment. None: no such environment, or never read.
    pub async fn observed_fleet(&self, environment: &str) -> Result<Option<ObservedFleet>> {
        sqlx::query_as!(
            Row,
            r#"SELECT e.observed AS "observed!", e.observed_at,
                      (SELECT coalesce(jsonb_agg(i.body ORDER BY i.name), '[]') FROM instances i
                       WHERE i.environment = e.name) AS "instances!"
               FROM environments e WHERE e.name = $1 AND e.observed IS NOT NULL"#,
            environment
        )
        .fetch_optional(&self.pool)
        .await?
        .map(|row| row.fleet(environment))
        .transpose()
    }

    /// The same with the instances of one declared pool: all other groups are without theirs.
    pub async fn observed_pool(&self, environment: &str, pool: &str) -> Result<Option<ObservedFleet>> {
        sqlx::query_as!(
            Row,
            r#"SELECT e.observed AS "observed!", e.observed_at,
                      (SELECT coalesce(jsonb_agg(i.body ORDER BY i.name), '[]') FROM instances i
                       WHERE i.environment = e.name AND i.pool = $2) AS "instances!"
               FROM environments e WHERE e.name = $1 AND e.observed IS NOT NULL"#,
            environment,
            pool
        )
        .fetch_optional(&self.pool)
        .await?
        .map(|row| row.fleet(environment))
        .transpose()
    }

    /// The same without any instance: resources with their settings, and what is said of groups and autoscalers as such. How many VMs of
    /// a pool run is in [`crate::PoolStatus`].
    pub async fn observed_settings(&self, environment: &str) -> Result<Option<ObservedFleet>> {
        sqlx::query_as!(
            Row,
            r#"SELECT observed AS "observed!", observed_at, '[]'::jsonb AS "instances!"
               FROM environments WHERE name = $1 AND observed IS NOT NULL"#,
            environment
        )
        .fetch_optional(&self.pool)
        .await?
        .map(|row| row.fleet(environment))
        .transpose()
    }
}

impl Tx {
    /// Keeps what was read of Compute Engine, but for the instances: give those to [`Tx::sync_instances`] in the same transaction.
    pub async fn set_observed(
        &mut self,
        environment: &str,
        observed: &ObservedFleet,
        observed_at: Timestamp,
        observed_generation: i64,
    ) -> Result<()> {
        let kept = ObservedFleet {
            resources: observed.resources.clone(),
            groups: observed
                .groups
                .iter()
                .map(|(name, group)| {
                    let kept = GroupStatus {
                        target_size: group.target_size,
                        is_stable: group.is_stable,
                        version_reached: group.version_reached,
                        instances: Vec::new(),
                    };
                    (name.clone(), kept)
                })
                .collect::<BTreeMap<_, _>>(),
            autoscalers: observed.autoscalers.clone(),
            location: observed.location.clone(),
            observed_at: None,
        };
        let rows = sqlx::query!(
            "UPDATE environments SET observed = $2, observed_at = $3, observed_generation = $4 WHERE name = $1",
            environment,
            Json(kept) as _,
            observed_at,
            observed_generation
        )
        .execute(self.connection())
        .await?;
        found(rows.rows_affected(), || noun(environment))?;
        self.notify(Notification::Observed { environment: environment.to_owned() });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::{
        Error,
        samples::{self, at},
    };

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn the_observed_fleet_is_whole_again_with_its_instances(pool: PgPool) {
        let store = Store::from(pool);
        samples::environment(&store, "dev").await;
        assert_eq!(store.observed_fleet("dev").await.unwrap(), None);
        let observed = samples::observed(&["web-b", "web-a"]);
        let mut tx = store.begin().await.unwrap();
        tx.set_observed("dev", &observed, at(9), 1).await.unwrap();
        tx.sync_instances("dev", &samples::placed(&observed), at(9)).await.unwrap();
        tx.commit().await.unwrap();

        let mut expected = observed;
        expected.observed_at = Some(at(9));
        expected.groups.values_mut().for_each(|group| group.instances.sort_by(|a, b| a.name.cmp(&b.name)));
        assert_eq!(store.observed_fleet("dev").await.unwrap(), Some(expected));
        let environment = store.get_environment("dev").await.unwrap().unwrap();
        assert_eq!((environment.observed_at, environment.observed_generation), (Some(at(9)), 1));

        let mut tx = store.begin().await.unwrap();
        let missing = tx.set_observed("prod", &ObservedFleet::default(), at(9), 1).await;
        assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn one_pool_is_read_without_the_others_and_settings_without_any(pool: PgPool) {
        const OTHER: &str = "genesis-batch";
        let store = Store::from(pool);
        samples::environment(&store, "dev").await;
        assert_eq!(store.observed_pool("dev", "web").await.unwrap(), None);
        assert_eq!(store.observed_settings("dev").await.unwrap(), None);
        let mut observed = samples::observed(&["web-a", "web-b"]);
        let mut batch = observed.groups["genesis-web"].clone();
        batch.target_size = 7;
        batch.instances.truncate(1);
        for instance in &mut batch.instances {
            (instance.name, instance.group) = ("batch-a".to_owned(), OTHER.to_owned());
        }
        observed.groups.insert(OTHER.to_owned(), batch);
        let mut placed = samples::placed(&observed);
        for one in placed.iter_mut().filter(|one| one.instance.group == OTHER) {
            one.pool = "batch".to_owned();
        }
        let mut tx = store.begin().await.unwrap();
        tx.set_observed("dev", &observed, at(9), 1).await.unwrap();
        tx.sync_instances("dev", &placed, at(9)).await.unwrap();
        tx.commit().await.unwrap();

        let mut expected = store.observed_fleet("dev").await.unwrap().unwrap();
        assert_eq!(expected.groups, observed.groups);
        expected.groups.get_mut(OTHER).unwrap().instances.clear();
        assert_eq!(store.observed_pool("dev", "web").await.unwrap().as_ref(), Some(&expected));
        expected.groups.values_mut().for_each(|group| group.instances.clear());
        assert_eq!(store.observed_settings("dev").await.unwrap().as_ref(), Some(&expected));
        assert_eq!(store.observed_pool("dev", "ghost").await.unwrap(), Some(expected));
    }
}
