//! Instances as Compute Engine last listed them, each beside the pool that it belongs to.

use domain::{Timestamp, instance::Instance};
use serde_json::Value;
use sqlx::types::Json;

use crate::{Error, Notification, Result, Store, Tx, column};

/// An instance that was listed, and the declared name of its pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedInstance {
    pub pool: String,
    pub instance: Instance,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredInstance {
    pub environment: String,
    pub pool: String,
    pub instance: Instance,
    /// When this name was first listed.
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstanceKey {
    pub pool: String,
    pub zone: String,
    pub name: String,
}

/// What a listing changed, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceChanges {
    /// New, or not as they were.
    pub changed: Vec<InstanceKey>,
    pub left: Vec<InstanceKey>,
}

struct Row {
    environment: String,
    pool: String,
    zone: String,
    name: String,
    body: Value,
    first_seen: Timestamp,
    last_seen: Timestamp,
}

impl TryFrom<Row> for StoredInstance {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let named = || format!("instance {} in {} of {}", row.name, row.zone, row.environment);
        Ok(Self {
            instance: column::json(named, "body", row.body)?,
            environment: row.environment,
            pool: row.pool,
            first_seen: row.first_seen,
            last_seen: row.last_seen,
        })
    }
}

impl Store {
    /// By pool, then name. `pool` None is all of the environment.
    pub async fn list_instances(&self, environment: &str, pool: Option<&str>) -> Result<Vec<StoredInstance>> {
        sqlx::query_as!(
            Row,
            "SELECT environment, pool, zone, name, body, first_seen, last_seen FROM instances
             WHERE environment = $1 AND ($2::text IS NULL OR pool = $2) ORDER BY pool, name, zone",
            environment,
            pool
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(StoredInstance::try_from)
        .collect()
    }

    pub async fn get_instance(
        &self,
        environment: &str,
        zone: &str,
        name: &str,
    ) -> Result<Option<StoredInstance>> {
        sqlx::query_as!(
            Row,
            "SELECT environment, pool, zone, name, body, first_seen, last_seen FROM instances
             WHERE environment = $1 AND zone = $2 AND name = $3",
            environment,
            zone,
            name
        )
        .fetch_optional(&self.pool)
        .await?
        .map(StoredInstance::try_from)
        .transpose()
    }

    /// The instance with Compute Engine's own number, in whichever environment of the project it is.
    pub async fn find_instance_by_id(
        &self,
        project: &str,
        instance_id: &str,
    ) -> Result<Option<StoredInstance>> {
        sqlx::query_as!(
            Row,
            "SELECT i.environment, i.pool, i.zone, i.name, i.body, i.first_seen, i.last_seen
             FROM instances i JOIN environments e ON e.name = i.environment
             WHERE i.instance_id = $2 AND e.project_id = $1",
            project,
            instance_id
        )
        .fetch_optional(&self.pool)
        .await?
        .map(StoredInstance::try_from)
        .transpose()
    }
}

impl Tx {
    /// Makes the environment's instances the listed ones, and forgets heartbeats of those that left a while ago.
    /// Zone and name tell instances apart, so no two of the listing may share both.
    pub async fn sync_instances(
        &mut self,
        environment: &str,
        listed: &[PlacedInstance],
        at: Timestamp,
    ) -> Result<InstanceChanges> {
        let column = |of: fn(&PlacedInstance) -> String| listed.iter().map(of).collect::<Vec<_>>();
        let zones = column(|placed| placed.instance.zone.clone());
        let names = column(|placed| placed.instance.name.clone());
        let pools = column(|placed| placed.pool.clone());
        let groups = column(|placed| placed.instance.group.clone());
        let ids: Vec<Option<String>> = listed.iter().map(|placed| placed.instance.id.clone()).collect();
        let bodies: Vec<Json<&Instance>> = listed.iter().map(|placed| Json(&placed.instance)).collect();
        let mut left = sqlx::query_as!(
            InstanceKey,
            "DELETE FROM instances WHERE environment = $1 AND (zone, name) NOT IN (
                 SELECT zone, name FROM unnest($2::text[], $3::text[]) AS listed (zone, name)
             ) RETURNING pool, zone, name",
            environment,
            &zones,
            &names
        )
        .fetch_all(self.connection())
        .await?;
        let mut changed = sqlx::query_as!(
            InstanceKey,
            r#"WITH before AS (
                   SELECT zone, name, pool, body FROM instances WHERE environment = $1
               ), written AS (
                   INSERT INTO instances
                       (environment, zone, name, pool, instance_group, instance_id, body, first_seen, last_seen)
                   SELECT $1, zone, name, pool, instance_group, instance_id, body, $8, $8
                   FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[])
                       AS listed (zone, name, pool, instance_group, instance_id, body)
                   ON CONFLICT (environment, zone, name) DO UPDATE SET
                       pool = excluded.pool, instance_group = excluded.instance_group,
                       instance_id = excluded.instance_id, body = excluded.body, last_seen = excluded.last_seen
                   RETURNING zone, name, pool, body
               )
               SELECT w.pool AS "pool!", w.zone AS "zone!", w.name AS "name!" FROM written w
               LEFT JOIN before b ON (b.zone, b.name) = (w.zone, w.name)
               WHERE (b.pool, b.body) IS DISTINCT FROM (w.pool, w.body)"#,
            environment,
            &zones,
            &names,
            &pools,
            &groups,
            &ids as _,
            &bodies as _,
            at
        )
        .fetch_all(self.connection())
        .await?;
        self.forget_heartbeats(environment, at).await?;
        changed.sort();
        left.sort();
        if !changed.is_empty() || !left.is_empty() {
            self.notify(Notification::Instances { environment: environment.to_owned() });
        }
        Ok(InstanceChanges { changed, left })
    }
}

#[cfg(test)]
mod tests {
    use domain::instance::InstanceStatus;
    use sqlx::PgPool;

    use super::*;
    use crate::samples::{self, at};

    fn names(keys: &[InstanceKey]) -> Vec<&str> {
        keys.iter().map(|key| key.name.as_str()).collect()
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_listing_says_what_came_changed_and_left(pool: PgPool) {
        let store = Store::from(pool);
        samples::environment(&store, "dev").await;
        let mut listing = samples::placed(&samples::observed(&["web-a", "web-b", "web-c"]));
        let mut tx = store.begin().await.unwrap();
        let first = tx.sync_instances("dev", &listing, at(1)).await.unwrap();
        assert_eq!((names(&first.changed), names(&first.left)), (vec!["web-a", "web-b", "web-c"], vec![]));
        let same = tx.sync_instances("dev", &listing, at(2)).await.unwrap();
        assert_eq!(same, InstanceChanges::default());

        listing.remove(0);
        listing[0].instance.status = InstanceStatus::Stopping;
        listing[0].instance.id = None;
        let next = tx.sync_instances("dev", &listing, at(3)).await.unwrap();
        assert_eq!((names(&next.changed), names(&next.left)), (vec!["web-b"], vec!["web-a"]));
        tx.commit().await.unwrap();

        let stored = store.list_instances("dev", Some("web")).await.unwrap();
        assert_eq!(stored.iter().map(|row| row.instance.clone()).collect::<Vec<_>>(), {
            listing.iter().map(|placed| placed.instance.clone()).collect::<Vec<_>>()
        });
        assert!(stored.iter().all(|row| (row.first_seen, row.last_seen) == (at(1), at(3))));
        assert_eq!(store.list_instances("dev", Some("other")).await.unwrap(), []);

        let mut tx = store.begin().await.unwrap();
        let emptied = tx.sync_instances("dev", &[], at(4)).await.unwrap();
        assert_eq!(names(&emptied.left), ["web-b", "web-c"]);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn an_instance_is_found_by_place_and_by_id_in_its_project_only(pool: PgPool) {
        let store = Store::from(pool);
        samples::environment(&store, "dev").await;
        let listing = samples::placed(&samples::observed(&["web-a"]));
        let mut tx = store.begin().await.unwrap();
        tx.sync_instances("dev", &listing, at(1)).await.unwrap();
        tx.commit().await.unwrap();
        let instance = &listing[0].instance;
        let id = instance.id.clone().unwrap();
        let placed = store.get_instance("dev", &instance.zone, "web-a").await.unwrap().unwrap();
        assert_eq!((placed.pool.as_str(), &placed.instance), ("web", instance));
        let project = samples::spec("dev").environment.project_id;
        assert_eq!(store.find_instance_by_id(&project, &id).await.unwrap(), Some(placed));
        assert_eq!(store.find_instance_by_id("other", &id).await.unwrap(), None);
        assert_eq!(store.get_instance("dev", "elsewhere", "web-a").await.unwrap(), None);
    }
}
