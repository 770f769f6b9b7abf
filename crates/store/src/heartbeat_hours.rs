//! A day of heartbeats, minute by minute: sixteen bytes each, sixty in a row (domain::heartbeat_history).

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    Timestamp,
    heartbeat_history::{MINUTE_BYTES, Minute, minute_of},
};

use crate::{Error, Result, Store};

const MINUTES_IN_ROW: i64 = 60;
/// A page shows 24 hours, the oldest of them in part.
const KEEP_HOURS: i64 = 25;

/// A minute of one instance that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatMinute {
    pub environment: String,
    pub name: String,
    pub instance_id: String,
    /// Since 1970.
    pub number: i64,
    pub minute: Minute,
}

/// What is kept of an instance's last day. Both are numbered by minutes since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeartbeatDay {
    pub minutes: BTreeMap<i64, Minute>,
    pub listened: BTreeSet<i64>,
}

impl Store {
    /// Writes minutes that are over, one statement for each number among them, and that they were listened to.
    pub async fn write_heartbeat_minutes(&self, minutes: &[HeartbeatMinute], listened: &[i64]) -> Result<()> {
        let mut by_number: BTreeMap<i64, Vec<&HeartbeatMinute>> = BTreeMap::new();
        for one in minutes {
            by_number.entry(one.number).or_default().push(one);
        }
        let mut tx = self.begin().await?;
        for (number, batch) in by_number {
            let within = i16::try_from(number.rem_euclid(MINUTES_IN_ROW))
                .map_err(|error| Error::Database(sqlx::Error::Encode(error.into())))?;
            let text = |of: fn(&HeartbeatMinute) -> String| batch.iter().copied().map(of).collect::<Vec<_>>();
            let bytes: Vec<Vec<u8>> = batch.iter().map(|one| one.minute.to_bytes().to_vec()).collect();
            sqlx::query!(
                "INSERT INTO heartbeat_hours AS kept (environment, name, instance_id, hour, newest, minutes)
                 SELECT DISTINCT ON (environment, name, instance_id) environment, name, instance_id, $5::bigint, $6::smallint,
                        overlay(decode(repeat('00', 960), 'hex') PLACING minute FROM $6::smallint::int * 16 + 1)
                 FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) AS batch (environment, name, instance_id, minute)
                 ORDER BY environment, name, instance_id
                 ON CONFLICT (environment, name, instance_id, hour) DO UPDATE SET
                     newest = excluded.newest,
                     minutes = overlay(kept.minutes
                         PLACING substring(excluded.minutes FROM excluded.newest * 16 + 1 FOR 16)
                         FROM excluded.newest * 16 + 1)",
                &text(|one| one.environment.clone()),
                &text(|one| one.name.clone()),
                &text(|one| one.instance_id.clone()),
                &bytes,
                number.div_euclid(MINUTES_IN_ROW),
                within
            )
            .execute(tx.connection())
            .await?;
        }
        sqlx::query!(
            "INSERT INTO listened_minutes (minute) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING",
            listened
        )
        .execute(tx.connection())
        .await?;
        tx.commit().await
    }

    /// What is kept of the last 24 hours of this incarnation of a VM.
    pub async fn load_heartbeat_day(
        &self,
        environment: &str,
        name: &str,
        instance_id: &str,
        now: Timestamp,
    ) -> Result<HeartbeatDay> {
        let oldest = minute_of(now) - 24 * MINUTES_IN_ROW;
        let rows = sqlx::query!(
            "SELECT hour, minutes FROM heartbeat_hours
             WHERE environment = $1 AND name = $2 AND instance_id = $3 AND hour >= $4",
            environment,
            name,
            instance_id,
            oldest.div_euclid(MINUTES_IN_ROW)
        )
        .fetch_all(&self.pool)
        .await?;
        let mut minutes = BTreeMap::new();
        for row in rows {
            let (kept, _) = row.minutes.as_chunks::<MINUTE_BYTES>();
            for (number, bytes) in (row.hour * MINUTES_IN_ROW..).zip(kept) {
                if let Some(minute) = Minute::from_bytes(bytes) {
                    minutes.insert(number, minute);
                }
            }
        }
        let listened = sqlx::query_scalar!("SELECT minute FROM listened_minutes WHERE minute >= $1", oldest)
            .fetch_all(&self.pool)
            .await?;
        Ok(HeartbeatDay { minutes, listened: listened.into_iter().collect() })
    }

    pub async fn delete_old_heartbeat_hours(&self, now: Timestamp) -> Result<u64> {
        let oldest = minute_of(now) - KEEP_HOURS * MINUTES_IN_ROW;
        let hours =
            sqlx::query!("DELETE FROM heartbeat_hours WHERE hour < $1", oldest.div_euclid(MINUTES_IN_ROW))
                .execute(&self.pool)
                .await?;
        let listened = sqlx::query!("DELETE FROM listened_minutes WHERE minute < $1", oldest)
            .execute(&self.pool)
            .await?;
        Ok(hours.rows_affected() + listened.rows_affected())
    }
}

#[cfg(test)]
mod tests {
    use domain::heartbeat::HeartbeatStatus;
    use sqlx::PgPool;

    use super::*;

    fn heard(name: &str, number: i64, beats: u8) -> HeartbeatMinute {
        let minute = Minute {
            beats,
            worst: HeartbeatStatus::Healthy,
            cpu_percent: 12,
            disk_percent: 3,
            memory_mib: 70_000,
            tasks: u64::MAX,
        };
        HeartbeatMinute {
            environment: "dev".into(),
            name: name.into(),
            instance_id: "7".into(),
            number,
            minute,
        }
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_timestamp(minute * 60, 0).unwrap()
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn minutes_find_their_place_in_the_hour_and_stay(pool: PgPool) {
        let store = Store::from(pool);
        let start = 29_000_000 * 60;
        let batch = [heard("a", start, 6), heard("b", start, 5), heard("a", start + 59, 4)];
        store.write_heartbeat_minutes(&batch, &[start, start + 1]).await.unwrap();
        store
            .write_heartbeat_minutes(&[heard("a", start + 60, 3), heard("a", start, 2)], &[start])
            .await
            .unwrap();
        let day = store.load_heartbeat_day("dev", "a", "7", at(start + 61)).await.unwrap();
        let beats: Vec<(i64, u8)> =
            day.minutes.iter().map(|(number, minute)| (number - start, minute.beats)).collect();
        assert_eq!(beats, [(0, 2), (59, 4), (60, 3)]);
        assert_eq!(day.minutes[&start].tasks, u64::MAX);
        assert_eq!(day.listened, BTreeSet::from([start, start + 1]));
        let other = store.load_heartbeat_day("dev", "a", "8", at(start + 61)).await.unwrap();
        assert!(other.minutes.is_empty(), "another VM of the name");
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_day_later_they_are_forgotten(pool: PgPool) {
        let store = Store::from(pool);
        let start = 29_000_000 * 60;
        store.write_heartbeat_minutes(&[heard("a", start, 6)], &[start]).await.unwrap();
        assert_eq!(store.delete_old_heartbeat_hours(at(start + 25 * 60)).await.unwrap(), 0);
        assert_eq!(store.delete_old_heartbeat_hours(at(start + 26 * 60)).await.unwrap(), 2);
    }
}
