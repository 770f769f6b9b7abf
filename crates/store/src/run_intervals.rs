//! Run intervals of VMs, from which costs accrue: opened and closed by looks at Compute Engine, summed by day and price.

use chrono::NaiveDate;
use domain::{
    Timestamp,
    cost::{IntervalSteps, Money, OpenInterval, RunSlice, VmKey, VmPrice},
    crash_loop::Life,
};

use crate::{Result, Store, Tx};

/// VMs of one pool that run now at one price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningNow {
    pub pool: String,
    pub agent_type: String,
    pub price: Option<VmPrice>,
    pub vms: i64,
}

/// The columns of a price; all absent where nothing was known of the VM.
struct PriceColumns {
    machine_type: Option<String>,
    spot: Option<bool>,
    machine_price: Option<i64>,
    disk_price: Option<i64>,
    address_price: Option<i64>,
    price_book: Option<String>,
}

impl From<PriceColumns> for Option<VmPrice> {
    fn from(row: PriceColumns) -> Self {
        Some(VmPrice {
            machine_type: row.machine_type?,
            spot: row.spot?,
            machine: row.machine_price.map(Money::from_nanos),
            disks: row.disk_price.map(Money::from_nanos),
            address: row.address_price.map(Money::from_nanos),
            book: row.price_book?,
        })
    }
}

impl Store {
    /// How long VMs ran on each of the days, which begin at midnight of UTC; what still runs counts until `as_of`.
    pub async fn sum_run_intervals(
        &self,
        environment: &str,
        days: &[NaiveDate],
        as_of: Timestamp,
    ) -> Result<Vec<RunSlice>> {
        let begins: Vec<Timestamp> = days.iter().map(|day| midnight(*day)).collect();
        let (Some(from), Some(last)) = (begins.iter().copied().min(), begins.iter().copied().max()) else {
            return Ok(Vec::new());
        };
        // History is kept for ever: what ended before the first of the days is not read, and the rest is gone through once for all of
        // the days, not once for each. The bounds are given as they are, so that the planner knows how little is between them.
        let rows = sqlx::query!(
            r#"WITH days AS (
                   SELECT began FROM unnest($2::timestamptz[]) AS listed (began)
               ), ran AS MATERIALIZED (
                   SELECT pool, agent_type, machine_type, spot, machine_price, disk_price, address_price, price_book,
                          began_at, coalesce(ended_at, $3) AS ended_at
                   FROM run_intervals
                   WHERE environment = $1 AND began_at < $5::timestamptz + interval '24 hours'
                     AND (ended_at > $4 OR ended_at IS NULL)
               )
               SELECT d.began AS "day!", r.pool AS "pool!", r.agent_type AS "agent_type!", r.machine_type, r.spot,
                   r.machine_price, r.disk_price, r.address_price, r.price_book,
                   sum(extract(epoch FROM least(r.ended_at, d.began + interval '24 hours')
                       - greatest(r.began_at, d.began)))::bigint AS "seconds!"
               FROM days d JOIN ran r
                   ON r.began_at < d.began + interval '24 hours' AND r.ended_at > d.began AND r.ended_at > r.began_at
               GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9"#,
            environment,
            &begins,
            as_of,
            from,
            last
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| RunSlice {
                day: row.day.date_naive(),
                pool: row.pool,
                agent_type: row.agent_type,
                price: PriceColumns {
                    machine_type: row.machine_type,
                    spot: row.spot,
                    machine_price: row.machine_price,
                    disk_price: row.disk_price,
                    address_price: row.address_price,
                    price_book: row.price_book,
                }
                .into(),
                seconds: row.seconds,
            })
            .collect())
    }

    /// When the environment's first VM began to run.
    pub async fn first_run(&self, environment: &str) -> Result<Option<Timestamp>> {
        let first = sqlx::query_scalar!(
            "SELECT min(began_at) FROM run_intervals WHERE environment = $1",
            environment
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(first)
    }

    /// The VMs that began to run after that moment under names that had more than one since, by name. `pool` None is all of the
    /// environment. Stopped and started again, or at another price, a VM is the one that it was.
    pub async fn list_lives(
        &self,
        environment: &str,
        pool: Option<&str>,
        after: Timestamp,
    ) -> Result<Vec<Life>> {
        let lives = sqlx::query_as!(
            Life,
            r#"WITH lives AS (
                   SELECT zone, name, min(began_at) AS began_at FROM run_intervals
                   WHERE environment = $1 AND began_at > $3 AND ($2::text IS NULL OR pool = $2)
                   GROUP BY zone, name, instance_id
               ), counted AS (
                   SELECT zone, name, began_at, count(*) OVER (PARTITION BY zone, name) AS lives FROM lives
               )
               SELECT zone AS "zone!", name AS "name!", began_at AS "began_at!" FROM counted WHERE lives > 1
               ORDER BY zone, name, began_at"#,
            environment,
            pool,
            after
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(lives)
    }

    /// What runs now, by pool and price.
    pub async fn running_now(&self, environment: &str) -> Result<Vec<RunningNow>> {
        let rows = sqlx::query!(
            r#"SELECT pool, agent_type, machine_type, spot, machine_price, disk_price, address_price, price_book,
                   count(*) AS "vms!"
               FROM run_intervals WHERE environment = $1 AND ended_at IS NULL
               GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4"#,
            environment
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| RunningNow {
                pool: row.pool,
                agent_type: row.agent_type,
                price: PriceColumns {
                    machine_type: row.machine_type,
                    spot: row.spot,
                    machine_price: row.machine_price,
                    disk_price: row.disk_price,
                    address_price: row.address_price,
                    price_book: row.price_book,
                }
                .into(),
                vms: row.vms,
            })
            .collect())
    }
}

fn midnight(day: NaiveDate) -> Timestamp {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

impl Tx {
    /// Under the lock of [`Tx::lock_environment`]: nobody else opens or closes intervals of it meanwhile.
    pub async fn open_run_intervals(&mut self, environment: &str) -> Result<Vec<OpenInterval>> {
        let rows = sqlx::query!(
            "SELECT id, zone, name, instance_id, machine_type, spot, machine_price, disk_price, address_price, price_book, began_at
             FROM run_intervals WHERE environment = $1 AND ended_at IS NULL ORDER BY id",
            environment
        )
        .fetch_all(self.connection())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| OpenInterval {
                id: row.id,
                key: VmKey { zone: row.zone, name: row.name, instance_id: row.instance_id },
                price: PriceColumns {
                    machine_type: row.machine_type,
                    spot: row.spot,
                    machine_price: row.machine_price,
                    disk_price: row.disk_price,
                    address_price: row.address_price,
                    price_book: row.price_book,
                }
                .into(),
                began_at: row.began_at,
            })
            .collect())
    }

    pub async fn step_run_intervals(&mut self, environment: &str, steps: &IntervalSteps) -> Result<()> {
        let (ids, ends): (Vec<i64>, Vec<Timestamp>) = steps.close.iter().copied().unzip();
        if !ids.is_empty() {
            sqlx::query!(
                "UPDATE run_intervals r SET ended_at = closed.ended_at
                 FROM unnest($2::bigint[], $3::timestamptz[]) AS closed (id, ended_at)
                 WHERE r.environment = $1 AND r.id = closed.id AND r.ended_at IS NULL",
                environment,
                &ids,
                &ends
            )
            .execute(self.connection())
            .await?;
        }
        for vm in &steps.open {
            let price = vm.price.as_ref();
            let nanos = |part: Option<Money>| part.map(Money::nanos);
            sqlx::query!(
                "INSERT INTO run_intervals
                     (environment, zone, name, instance_id, pool, agent_type, machine_type, spot, machine_price, disk_price,
                      address_price, price_book, began_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
                environment,
                vm.key.zone,
                vm.key.name,
                vm.key.instance_id,
                vm.pool,
                vm.agent_type,
                price.map(|price| &price.machine_type),
                price.map(|price| price.spot),
                price.and_then(|price| nanos(price.machine)),
                price.and_then(|price| nanos(price.disks)),
                price.and_then(|price| nanos(price.address)),
                price.map(|price| &price.book),
                steps.at
            )
            .execute(self.connection())
            .await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use domain::cost::{RunningVm, SECONDS_A_MONTH, Tally, step};
    use sqlx::PgPool;

    use super::*;
    use crate::samples;

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, number).unwrap()
    }

    fn at(number: u32, seconds: i64) -> Timestamp {
        midnight(day(number)) + chrono::TimeDelta::seconds(seconds)
    }

    fn vm(name: &str, dollars: i64) -> RunningVm {
        RunningVm {
            key: VmKey { zone: "us-central1-a".into(), name: name.into(), instance_id: "77".into() },
            pool: "web".into(),
            agent_type: "architect".into(),
            price: Some(VmPrice {
                machine_type: "e2-standard-2".into(),
                spot: false,
                machine: Some(Money::from_dollars(dollars)),
                disks: Some(Money::ZERO),
                address: None,
                book: "1".into(),
            }),
        }
    }

    async fn look(store: &Store, running: &[RunningVm], at: Timestamp, last: Option<Timestamp>) {
        let mut tx = store.begin().await.unwrap();
        tx.lock_environment("dev").await.unwrap();
        let open = tx.open_run_intervals("dev").await.unwrap();
        tx.step_run_intervals("dev", &step(&open, running, at, last)).await.unwrap();
        tx.commit().await.unwrap();
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn days_add_up_over_midnight_and_a_repeated_look_counts_nothing_twice(pool: PgPool) {
        let store = Store::from(pool);
        samples::environment(&store, "dev").await;
        let (before, after) = (at(3, 86_400 - 600), at(4, 300));
        for _ in 0..2 {
            look(&store, &[vm("a", 730), vm("b", 73)], before, None).await;
        }
        // Another process goes on with what is stored: `b` is gone at a later look, `a` still runs.
        look(&store, &[vm("a", 730)], at(4, 900), Some(after)).await;

        let days = [day(3), day(4), day(5)];
        let slices = store.sum_run_intervals("dev", &days, at(4, 1200)).await.unwrap();
        let by_day = Tally::by(&slices, |slice| slice.day);
        assert_eq!(by_day.keys().copied().collect::<Vec<_>>(), days[..2]);
        assert_eq!((by_day[&day(3)].seconds, by_day[&day(4)].seconds), (1200, 1500));
        // 1800 s at a dollar an hour and 900 s at ten cents.
        let total = Tally::of(&slices).total();
        assert_eq!(total.money(), "0.525".parse().unwrap());
        assert_eq!(by_day.values().map(Tally::total).sum::<domain::cost::Accrued>(), total);
        assert_eq!(Tally::of(&slices).unknown_seconds, 2700);
        let running = store.running_now("dev").await.unwrap();
        assert_eq!(running.iter().map(|now| (now.pool.as_str(), now.vms)).collect::<Vec<_>>(), [("web", 1)]);
        assert_eq!(store.sum_run_intervals("prod", &days, at(4, 1200)).await.unwrap(), []);
        let second = store.sum_run_intervals("dev", &days[1..2], at(4, 1200)).await.unwrap();
        let of_second = slices.iter().filter(|slice| slice.day == day(4)).cloned().collect::<Vec<_>>();
        assert_eq!(second, of_second, "a day is what it is, whichever are asked for beside it");
        assert_eq!(store.sum_run_intervals("dev", &[], at(4, 1200)).await.unwrap(), []);
        assert_eq!(SECONDS_A_MONTH, 730 * 3600);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn what_has_ended_cannot_be_rewritten_and_no_vm_runs_twice_at_a_time(pool: PgPool) {
        let store = Store::from(pool.clone());
        samples::environment(&store, "dev").await;
        look(&store, &[vm("a", 1)], at(3, 0), None).await;
        let mut tx = store.begin().await.unwrap();
        let again = IntervalSteps { close: Vec::new(), open: vec![vm("a", 2)], at: at(3, 5) };
        assert!(tx.step_run_intervals("dev", &again).await.is_err());
        tx.rollback().await.unwrap();
        look(&store, &[], at(3, 9), Some(at(3, 6))).await;
        for rewrite in ["UPDATE run_intervals SET machine_price = 0", "DELETE FROM run_intervals"] {
            let refused = sqlx::query(rewrite).execute(&pool).await.unwrap_err();
            assert!(refused.to_string().contains("keeps its history"), "{refused}");
        }
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_vm_of_which_nothing_is_known_runs_without_a_price(pool: PgPool) {
        let store = Store::from(pool);
        samples::environment(&store, "dev").await;
        let unknown = RunningVm { price: None, ..vm("a", 1) };
        look(&store, &[unknown], at(3, 0), None).await;
        let slices = store.sum_run_intervals("dev", &[day(3)], at(3, 60)).await.unwrap();
        let tally = Tally::of(&slices);
        assert_eq!((tally.unknown_seconds, tally.total().money()), (60, Money::ZERO));
        assert_eq!(store.running_now("dev").await.unwrap()[0].price, None);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn lives_are_of_names_that_had_more_than_one(pool: PgPool) {
        let store = Store::from(pool);
        samples::environment(&store, "dev").await;
        let incarnation = |name: &str, id: &str, dollars| {
            let vm = vm(name, dollars);
            RunningVm { key: VmKey { instance_id: id.to_owned(), ..vm.key }, ..vm }
        };
        look(&store, &[incarnation("a", "1", 73), incarnation("b", "9", 73)], at(3, 0), None).await;
        // Another price is no other VM.
        look(&store, &[incarnation("a", "1", 74), incarnation("b", "9", 74)], at(3, 60), None).await;
        look(&store, &[incarnation("a", "2", 74), incarnation("b", "9", 74)], at(3, 120), None).await;
        look(&store, &[incarnation("b", "9", 74)], at(3, 180), None).await;
        look(&store, &[incarnation("a", "3", 74), incarnation("b", "9", 74)], at(3, 240), None).await;
        let lives = |pool, after| {
            let store = store.clone();
            async move {
                let lives = store.list_lives("dev", pool, after).await.unwrap();
                lives.into_iter().map(|life| (life.name, life.began_at)).collect::<Vec<_>>()
            }
        };
        let began = |seconds| ("a".to_owned(), at(3, seconds));
        assert_eq!(lives(None, at(2, 0)).await, [began(0), began(120), began(240)]);
        assert_eq!(lives(Some("web"), at(3, 0)).await, [began(60), began(120), began(240)]);
        assert!(lives(None, at(3, 120)).await.is_empty());
        assert!(lives(Some("batch"), at(2, 0)).await.is_empty());
    }
}
