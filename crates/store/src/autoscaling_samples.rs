//! What autoscalers recommended over time, beside what ran.

use std::collections::HashMap;

use domain::{Timestamp, autoscaling::Sample};

use crate::{Result, Store, Tx};

impl Store {
    /// From `since` on, oldest first: in each span of `seconds` the last sample, so that a week has as many as an hour.
    pub async fn list_autoscaling_samples(
        &self,
        environment: &str,
        pool: &str,
        since: Timestamp,
        seconds: i32,
    ) -> Result<Vec<Sample>> {
        let rows = sqlx::query!(
            r#"SELECT DISTINCT ON (date_bin(make_interval(secs => $4), at, $3))
                   at, running, target, recommended, minimum, maximum
               FROM autoscaling_samples WHERE environment = $1 AND pool = $2 AND at >= $3
               ORDER BY date_bin(make_interval(secs => $4), at, $3), at DESC"#,
            environment,
            pool,
            since,
            f64::from(seconds)
        )
        .fetch_all(&self.pool)
        .await?;
        let count = |value: i32| u32::try_from(value).unwrap_or_default();
        Ok(rows
            .into_iter()
            .map(|row| Sample {
                at: row.at,
                running: count(row.running),
                target: count(row.target),
                recommended: row.recommended.map(count),
                minimum: count(row.minimum),
                maximum: count(row.maximum),
            })
            .collect())
    }

    /// How many VMs ran in each pool of the environments, by environment and pool: from `since` on, oldest first, in each span of
    /// `seconds` the last number.
    pub async fn list_recent_sizes(
        &self,
        environments: &[String],
        since: Timestamp,
        seconds: i32,
    ) -> Result<HashMap<(String, String), Vec<u32>>> {
        let rows = sqlx::query!(
            "SELECT DISTINCT ON (environment, pool, date_bin(make_interval(secs => $3), at, $2)) environment, pool, running
             FROM autoscaling_samples WHERE environment = ANY($1) AND at >= $2
             ORDER BY environment, pool, date_bin(make_interval(secs => $3), at, $2), at DESC",
            environments,
            since,
            f64::from(seconds)
        )
        .fetch_all(&self.pool)
        .await?;
        let mut sizes: HashMap<(String, String), Vec<u32>> = HashMap::new();
        for row in rows {
            let own = sizes.entry((row.environment, row.pool)).or_default();
            own.push(u32::try_from(row.running).unwrap_or_default());
        }
        Ok(sizes)
    }

    /// Deletes what is older, and says how much it was.
    pub async fn forget_autoscaling_samples(&self, before: Timestamp) -> Result<u64> {
        let deleted =
            sqlx::query!("DELETE FROM autoscaling_samples WHERE at < $1", before).execute(&self.pool).await?;
        Ok(deleted.rows_affected())
    }
}

impl Tx {
    /// Keeps the sample where it says something new, or where the last one is a minute old.
    pub async fn keep_autoscaling_sample(
        &mut self,
        environment: &str,
        pool: &str,
        sample: &Sample,
    ) -> Result<bool> {
        let count = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        let kept = sqlx::query!(
            "INSERT INTO autoscaling_samples (environment, pool, at, running, target, recommended, minimum, maximum)
             SELECT $1, $2, $3::timestamptz, $4::integer, $5::integer, $6::integer, $7::integer, $8::integer
             WHERE NOT EXISTS (
                 SELECT FROM (
                     SELECT * FROM autoscaling_samples WHERE environment = $1 AND pool = $2 ORDER BY at DESC LIMIT 1
                 ) last
                 WHERE (last.running, last.target, last.minimum, last.maximum) = ($4, $5, $7, $8)
                     AND last.recommended IS NOT DISTINCT FROM $6 AND last.at > $3 - interval '1 minute'
             ) ON CONFLICT DO NOTHING",
            environment,
            pool,
            sample.at,
            count(sample.running),
            count(sample.target),
            sample.recommended.map(count),
            count(sample.minimum),
            count(sample.maximum)
        )
        .execute(self.connection())
        .await?;
        Ok(kept.rows_affected() > 0)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::samples::{self, at};

    fn sample(seconds: i64, running: u32, recommended: Option<u32>) -> Sample {
        Sample { at: at(seconds), running, target: 3, recommended, minimum: 1, maximum: 9 }
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn what_says_nothing_new_is_kept_once_a_minute(pool: PgPool) {
        let store = Store::from(pool);
        samples::environment(&store, "dev").await;
        let mut tx = store.begin().await.unwrap();
        let mut kept = Vec::new();
        for (seconds, running, recommended) in
            [(0, 3, None), (3, 3, None), (6, 4, None), (9, 4, Some(5)), (12, 4, Some(5)), (69, 4, Some(5))]
        {
            let sample = sample(seconds, running, recommended);
            kept.push(tx.keep_autoscaling_sample("dev", "web", &sample).await.unwrap());
        }
        tx.commit().await.unwrap();
        assert_eq!(kept, [true, false, true, true, false, true]);

        let all = store.list_autoscaling_samples("dev", "web", at(0), 1).await.unwrap();
        assert_eq!(
            all,
            [sample(0, 3, None), sample(6, 4, None), sample(9, 4, Some(5)), sample(69, 4, Some(5))]
        );
        let coarse = store.list_autoscaling_samples("dev", "web", at(0), 60).await.unwrap();
        assert_eq!(coarse, [sample(9, 4, Some(5)), sample(69, 4, Some(5))]);
        assert_eq!(store.list_autoscaling_samples("dev", "other", at(0), 60).await.unwrap(), []);
        let mut tx = store.begin().await.unwrap();
        tx.keep_autoscaling_sample("dev", "batch", &sample(70, 1, None)).await.unwrap();
        tx.commit().await.unwrap();
        let (own, others) = (["dev".to_owned()], ["prod".to_owned()]);
        let sizes = store.list_recent_sizes(&own, at(6), 60).await.unwrap();
        let of = |pool: &str, sizes: &[u32]| (("dev".to_owned(), pool.to_owned()), sizes.to_vec());
        assert_eq!(sizes, HashMap::from([of("batch", &[1]), of("web", &[4, 4])]));
        assert_eq!(store.list_recent_sizes(&others, at(6), 60).await.unwrap(), HashMap::new());
        assert_eq!(store.forget_autoscaling_samples(at(9)).await.unwrap(), 2);
    }
}
