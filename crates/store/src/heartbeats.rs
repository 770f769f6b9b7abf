//! The newest heartbeat of each instance, written in batches. Live state is in the server's memory; this is what a restart begins from.

use domain::{Timestamp, agent::LastHeartbeat, heartbeat::Heartbeat};
use sqlx::types::Json;

use crate::{Error, Notification, Result, Store, Tx, column};

/// Heartbeats of an instance that is not listed are kept this long: it may be listed for the first time only after its first word.
const KEEP_UNLISTED: chrono::TimeDelta = chrono::TimeDelta::minutes(10);

#[derive(Clone, Debug, PartialEq)]
pub struct StoredHeartbeat {
    pub environment: String,
    /// The instance's name.
    pub name: String,
    /// Compute Engine's number: a name may come back as another machine.
    pub instance_id: String,
    pub last: LastHeartbeat,
    /// Boots before this one: their heartbeats are refused.
    pub ended_boots: Vec<String>,
}

impl Store {
    /// Keeps the newest of each instance, in one statement; returns how many rows it wrote. An older one than what is kept is dropped,
    /// and so is one that Postgres could not store: it would hold up those of all others.
    pub async fn upsert_heartbeats(&self, batch: &[StoredHeartbeat]) -> Result<u64> {
        let batch: Vec<_> = batch.iter().filter(|row| is_storable(row)).collect();
        if batch.is_empty() {
            return Ok(0);
        }
        let column = |of: fn(&StoredHeartbeat) -> String| batch.iter().copied().map(of).collect::<Vec<_>>();
        let environments = column(|row| row.environment.clone());
        let names = column(|row| row.name.clone());
        let ids = column(|row| row.instance_id.clone());
        let boots = column(|row| row.last.heartbeat.boot_id.clone());
        let sequences = batch
            .iter()
            .map(|row| i64::try_from(row.last.heartbeat.sequence))
            .collect::<std::result::Result<Vec<_>, _>>()
            .map_err(|error| Error::Database(sqlx::Error::Encode(error.into())))?;
        let bodies: Vec<Json<&Heartbeat>> = batch.iter().map(|row| Json(&row.last.heartbeat)).collect();
        // One text each, because arrays of arrays must all be of one length. A boot's name holds no line break.
        let ended: Vec<String> = batch.iter().map(|row| row.ended_boots.join("\n")).collect();
        let times: Vec<Timestamp> = batch.iter().map(|row| row.last.received_at).collect();
        let mut tx = self.begin().await?;
        // Sorted, so that two batches at once take their locks in the same order; distinct, because one statement may touch a row once.
        let written = sqlx::query_scalar!(
            "INSERT INTO heartbeats (environment, name, instance_id, boot_id, sequence, body, received_at, ended_boots)
             SELECT DISTINCT ON (environment, name, instance_id) environment, name, instance_id, boot_id, sequence, body,
                    received_at, coalesce(string_to_array(nullif(ended, ''), E'\n'), '{}')
             FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::jsonb[], $7::timestamptz[], $8::text[])
                 AS batch (environment, name, instance_id, boot_id, sequence, body, received_at, ended)
             ORDER BY environment, name, instance_id, received_at DESC, sequence DESC
             ON CONFLICT (environment, name, instance_id) DO UPDATE SET
                 boot_id = excluded.boot_id, sequence = excluded.sequence,
                 body = excluded.body, received_at = excluded.received_at, ended_boots = excluded.ended_boots
             WHERE (heartbeats.received_at, heartbeats.sequence) <= (excluded.received_at, excluded.sequence)
             RETURNING environment",
            &environments,
            &names,
            &ids,
            &boots,
            &sequences,
            &bodies as _,
            &times,
            &ended
        )
        .fetch_all(tx.connection())
        .await?;
        let rows = written.len() as u64;
        for environment in written {
            tx.notify(Notification::Heartbeats { environment });
        }
        tx.commit().await?;
        Ok(rows)
    }

    pub async fn load_heartbeats(&self) -> Result<Vec<StoredHeartbeat>> {
        sqlx::query!(
            "SELECT environment, name, instance_id, body, received_at, ended_boots FROM heartbeats
             ORDER BY environment, name, instance_id"
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| {
            let named = || format!("heartbeat of {} in {}", row.name, row.environment);
            let heartbeat = column::json(named, "body", row.body)?;
            Ok(StoredHeartbeat {
                last: LastHeartbeat { heartbeat, received_at: row.received_at },
                environment: row.environment,
                name: row.name,
                instance_id: row.instance_id,
                ended_boots: row.ended_boots,
            })
        })
        .collect()
    }
}

/// Postgres' text has no NUL.
fn is_storable(row: &StoredHeartbeat) -> bool {
    let Heartbeat { boot_id, version, agent_type, environment, .. } = &row.last.heartbeat;
    let texts = [&row.environment, &row.name, &row.instance_id, boot_id, version, agent_type, environment];
    !texts.into_iter().chain(&row.ended_boots).any(|text| text.contains('\0'))
}

impl Tx {
    pub(crate) async fn forget_heartbeats(&mut self, environment: &str, at: Timestamp) -> Result<()> {
        sqlx::query!(
            "DELETE FROM heartbeats h WHERE h.environment = $1 AND h.received_at < $2 AND NOT EXISTS (
                 SELECT FROM instances i
                 WHERE i.environment = h.environment AND i.name = h.name AND i.instance_id = h.instance_id
             )",
            environment,
            at - KEEP_UNLISTED
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
    use crate::samples::{self, at};

    fn said(name: &str, sequence: u64, seconds: i64) -> StoredHeartbeat {
        samples::heartbeat("dev", name, sequence, seconds)
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_batch_keeps_the_newest_of_each_instance(pool: PgPool) {
        let store = Store::from(pool);
        assert_eq!(store.upsert_heartbeats(&[]).await.unwrap(), 0);
        let first: Vec<_> = (0..500).map(|index| said(&format!("web-{index:03}"), 1, 10)).collect();
        assert_eq!(store.upsert_heartbeats(&first).await.unwrap(), 500);
        assert_eq!(store.load_heartbeats().await.unwrap(), first);

        // Twice in one batch, in the wrong order, and one that is older than what is kept.
        let batch = [said("web-001", 3, 30), said("web-001", 2, 20), said("web-002", 9, 5)];
        assert_eq!(store.upsert_heartbeats(&batch).await.unwrap(), 1);
        let kept = store.load_heartbeats().await.unwrap();
        assert_eq!((&kept[1], &kept[2]), (&batch[0], &first[2]));
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn the_boots_that_ended_come_back(pool: PgPool) {
        let store = Store::from(pool);
        let mut spoken = said("web-a", 1, 10);
        spoken.ended_boots = vec!["boot-1".into(), "boot-2".into()];
        store.upsert_heartbeats(std::slice::from_ref(&spoken)).await.unwrap();
        assert_eq!(store.load_heartbeats().await.unwrap(), [spoken]);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn one_that_cannot_be_stored_does_not_hold_up_the_others(pool: PgPool) {
        let store = Store::from(pool);
        let mut poisoned = said("web-a", 1, 10);
        poisoned.last.heartbeat.version = "0.1\0".into();
        let good = said("web-b", 1, 10);
        assert_eq!(store.upsert_heartbeats(&[poisoned, good.clone()]).await.unwrap(), 1);
        assert_eq!(store.load_heartbeats().await.unwrap(), [good]);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn batches_at_once_do_not_stand_in_each_others_way(pool: PgPool) {
        let store = Store::from(pool);
        let forwards: Vec<_> = (0..200).map(|index| said(&format!("web-{index:03}"), 1, 10)).collect();
        let backwards: Vec<_> = forwards.iter().rev().cloned().collect();
        for _ in 0..5 {
            let (one, other) =
                tokio::join!(store.upsert_heartbeats(&forwards), store.upsert_heartbeats(&backwards));
            assert_eq!((one.unwrap(), other.unwrap()), (200, 200));
        }
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn those_of_instances_that_left_are_forgotten_in_time(pool: PgPool) {
        let store = Store::from(pool);
        samples::environment(&store, "dev").await;
        let listing = samples::placed(&samples::observed(&["web-a"]));
        let mut stays = said("web-a", 1, 0);
        stays.instance_id = listing[0].instance.id.clone().unwrap();
        store.upsert_heartbeats(&[stays.clone(), said("web-gone", 1, 0)]).await.unwrap();
        for (seconds, kept) in [(600, 2), (601, 1)] {
            let mut tx = store.begin().await.unwrap();
            tx.sync_instances("dev", &listing, at(seconds)).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(store.load_heartbeats().await.unwrap().len(), kept);
        }
        assert_eq!(store.load_heartbeats().await.unwrap(), [stays]);
    }
}
