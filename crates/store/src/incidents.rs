//! Incidents, and what the brake holds for them: intent before the call to Compute Engine, result after it.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    incident::{Cause, Hold, Incident, Wanted},
};

use crate::{Notification, Result, Store, Tx, column};

#[derive(Clone, Debug)]
pub struct NewIncident<'a> {
    pub environment: Option<&'a str>,
    pub cause: &'a Cause,
    pub title: &'a str,
    pub why: &'a str,
    pub at: Timestamp,
}

/// A hold that Compute Engine has not taken yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingHold {
    pub incident: i64,
    pub opened_at: Timestamp,
    pub environment: String,
    pub group: String,
    pub wanted: Wanted,
    pub attempts: u32,
    /// Another open incident holds the same group, so it must not be restored yet.
    pub held_by_another: bool,
}

struct Row {
    id: i64,
    environment: Option<String>,
    cause: String,
    title: String,
    why: String,
    opened_at: Timestamp,
    closed_at: Option<Timestamp>,
    closed_because: Option<String>,
    below_since: Option<Timestamp>,
    overruled_at: Option<Timestamp>,
}

fn wanted(row: impl Fn() -> String, text: &str) -> Result<Wanted> {
    column::variant(row, "wanted", &Wanted::ALL, Wanted::as_str, text)
}

impl Store {
    async fn with_holds(&self, rows: Vec<Row>) -> Result<Vec<Incident>> {
        // Most of the time nothing is open, and many pages ask.
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let mut holds: BTreeMap<i64, Vec<Hold>> = BTreeMap::new();
        let kept = sqlx::query!(
            "SELECT incident_id, instance_group, wanted, done, error FROM healing_holds
             WHERE incident_id = ANY($1) ORDER BY incident_id, instance_group",
            &ids
        )
        .fetch_all(&self.pool)
        .await?;
        for row in kept {
            let named = || format!("hold of {}", row.instance_group);
            let wanted = wanted(named, &row.wanted)?;
            let hold = Hold { group: row.instance_group, wanted, done: row.done, error: row.error };
            holds.entry(row.incident_id).or_default().push(hold);
        }
        rows.into_iter()
            .map(|row| {
                let cause = column::text(|| format!("incident {}", row.id), "cause", &row.cause)?;
                Ok(Incident {
                    holds: holds.remove(&row.id).unwrap_or_default(),
                    id: row.id,
                    environment: row.environment,
                    cause,
                    title: row.title,
                    why: row.why,
                    opened_at: row.opened_at,
                    closed_at: row.closed_at,
                    closed_because: row.closed_because,
                    below_since: row.below_since,
                    overruled_at: row.overruled_at,
                })
            })
            .collect()
    }

    /// Of an environment and of the control plane itself, or all; the newest first.
    pub async fn list_open_incidents(&self, environment: Option<&str>) -> Result<Vec<Incident>> {
        let rows = sqlx::query_as!(
            Row,
            "SELECT id, environment, cause, title, why, opened_at, closed_at, closed_because, below_since, overruled_at
             FROM incidents
             WHERE closed_at IS NULL AND ($1::text IS NULL OR environment IS NULL OR environment = $1)
             ORDER BY opened_at DESC, id DESC",
            environment
        )
        .fetch_all(&self.pool)
        .await?;
        self.with_holds(rows).await
    }

    /// Those that ended, the newest first.
    pub async fn list_closed_incidents(&self, limit: u32) -> Result<Vec<Incident>> {
        let rows = sqlx::query_as!(
            Row,
            "SELECT id, environment, cause, title, why, opened_at, closed_at, closed_because, below_since, overruled_at
             FROM incidents WHERE closed_at IS NOT NULL ORDER BY closed_at DESC, id DESC LIMIT $1",
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        self.with_holds(rows).await
    }

    pub async fn get_incident(&self, id: i64) -> Result<Option<Incident>> {
        Ok(self.list_incidents(&[id]).await?.pop())
    }

    /// Those of them that there are, open or not, the oldest first.
    pub async fn list_incidents(&self, ids: &[i64]) -> Result<Vec<Incident>> {
        let rows = sqlx::query_as!(
            Row,
            "SELECT id, environment, cause, title, why, opened_at, closed_at, closed_because, below_since, overruled_at
             FROM incidents WHERE id = ANY($1) ORDER BY id",
            ids
        )
        .fetch_all(&self.pool)
        .await?;
        self.with_holds(rows).await
    }

    /// What Compute Engine is still to be told, the oldest first.
    pub async fn list_pending_holds(&self, now: Timestamp) -> Result<Vec<PendingHold>> {
        sqlx::query!(
            r#"SELECT h.incident_id, i.opened_at, h.environment, h.instance_group, h.wanted, h.attempts,
                      EXISTS (SELECT FROM healing_holds other
                              WHERE other.environment = h.environment AND other.instance_group = h.instance_group
                                AND other.incident_id <> h.incident_id AND other.wanted = 'hold') AS "held_by_another!"
               FROM healing_holds h JOIN incidents i ON i.id = h.incident_id
               WHERE NOT h.done AND (h.next_attempt_at IS NULL OR h.next_attempt_at <= $1)
               ORDER BY h.incident_id, h.instance_group"#,
            now
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| {
            let named = || format!("hold of {}", row.instance_group);
            Ok(PendingHold {
                wanted: wanted(named, &row.wanted)?,
                attempts: column::count(named, "attempts", row.attempts)?,
                incident: row.incident_id,
                opened_at: row.opened_at,
                environment: row.environment,
                group: row.instance_group,
                held_by_another: row.held_by_another,
            })
        })
        .collect()
    }
}

impl Tx {
    /// None: an incident of this cause is open already.
    pub async fn open_incident(&mut self, new: &NewIncident<'_>) -> Result<Option<i64>> {
        let id = sqlx::query_scalar!(
            "INSERT INTO incidents (environment, cause, title, why, opened_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (coalesce(environment, ''), cause) WHERE closed_at IS NULL DO NOTHING RETURNING id",
            new.environment,
            new.cause.to_string(),
            new.title,
            new.why,
            new.at
        )
        .fetch_optional(self.connection())
        .await?;
        if id.is_some() {
            self.notify(Notification::Health { environment: new.environment.map(str::to_owned) });
        }
        Ok(id)
    }

    /// False: it was closed already.
    pub async fn close_incident(&mut self, id: i64, because: &str, at: Timestamp) -> Result<bool> {
        let environment = sqlx::query_scalar!(
            "UPDATE incidents SET closed_at = $2, closed_because = $3 WHERE id = $1 AND closed_at IS NULL
             RETURNING environment",
            id,
            at,
            because
        )
        .fetch_optional(self.connection())
        .await?;
        let Some(environment) = environment else { return Ok(false) };
        self.notify(Notification::Health { environment });
        Ok(true)
    }

    pub async fn set_incident_below(&mut self, id: i64, since: Option<Timestamp>) -> Result<()> {
        sqlx::query!("UPDATE incidents SET below_since = $2 WHERE id = $1", id, since)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// False: it holds nothing any more.
    pub async fn overrule_incident(&mut self, id: i64, at: Timestamp) -> Result<bool> {
        let environment = sqlx::query_scalar!(
            "UPDATE incidents SET overruled_at = $2 WHERE id = $1 AND closed_at IS NULL AND overruled_at IS NULL
             RETURNING environment",
            id,
            at
        )
        .fetch_optional(self.connection())
        .await?;
        let Some(environment) = environment else { return Ok(false) };
        self.notify(Notification::Health { environment });
        Ok(true)
    }

    pub async fn intend_holds(&mut self, incident: i64, environment: &str, groups: &[String]) -> Result<()> {
        sqlx::query!(
            "INSERT INTO healing_holds (incident_id, environment, instance_group, wanted)
             SELECT $1, $2, unnest($3::text[]), 'hold' ON CONFLICT DO NOTHING",
            incident,
            environment,
            groups
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// From now on the groups are to heal again.
    pub async fn intend_restores(&mut self, incident: i64) -> Result<()> {
        sqlx::query!(
            "UPDATE healing_holds SET wanted = 'restore', done = false, attempts = 0, error = NULL, next_attempt_at = NULL
             WHERE incident_id = $1 AND wanted = 'hold'",
            incident
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Compute Engine took it. False: meanwhile something else was wanted.
    pub async fn set_hold_done(&mut self, hold: &PendingHold) -> Result<bool> {
        let rows = sqlx::query!(
            "UPDATE healing_holds SET done = true, error = NULL, next_attempt_at = NULL
             WHERE incident_id = $1 AND instance_group = $2 AND wanted = $3 AND NOT done",
            hold.incident,
            hold.group,
            hold.wanted.as_str()
        )
        .execute(self.connection())
        .await?
        .rows_affected();
        self.notify(Notification::Health { environment: Some(hold.environment.clone()) });
        Ok(rows > 0)
    }

    pub async fn record_hold_error(
        &mut self,
        hold: &PendingHold,
        error: &str,
        again_at: Timestamp,
    ) -> Result<()> {
        sqlx::query!(
            "UPDATE healing_holds SET attempts = attempts + 1, error = $4, next_attempt_at = $5
             WHERE incident_id = $1 AND instance_group = $2 AND wanted = $3 AND NOT done",
            hold.incident,
            hold.group,
            hold.wanted.as_str(),
            error,
            again_at
        )
        .execute(self.connection())
        .await?;
        self.notify(Notification::Health { environment: Some(hold.environment.clone()) });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use domain::brake::Part;
    use sqlx::PgPool;

    use super::*;
    use crate::{OpenOf, samples::at};

    async fn open(store: &Store, zone: &str, seconds: i64) -> Option<i64> {
        let cause = Cause::MassFailure(Part::Zone(zone.into()));
        let mut tx = store.begin().await.unwrap();
        let new = NewIncident {
            environment: Some("dev"),
            cause: &cause,
            title: "Zone a is silent",
            why: "3 of 3",
            at: at(seconds),
        };
        let id = tx.open_incident(&new).await.unwrap();
        if let Some(id) = id {
            tx.intend_holds(id, "dev", &["genesis-pool-web".to_owned()]).await.unwrap();
        }
        tx.commit().await.unwrap();
        id
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_cause_has_one_open_incident(pool: PgPool) {
        let store = Store::from(pool);
        let first = open(&store, "a", 1).await.unwrap();
        assert_eq!(open(&store, "a", 2).await, None);
        let mut tx = store.begin().await.unwrap();
        assert!(tx.close_incident(first, "it is over", at(3)).await.unwrap());
        assert!(!tx.close_incident(first, "again", at(4)).await.unwrap());
        tx.commit().await.unwrap();
        assert!(open(&store, "a", 5).await.unwrap() > first);
        assert_eq!(
            store.list_closed_incidents(5).await.unwrap()[0].closed_because.as_deref(),
            Some("it is over")
        );
        assert_eq!(store.list_open_incidents(Some("dev")).await.unwrap().len(), 1);
        assert_eq!(store.list_open_incidents(Some("prod")).await.unwrap(), []);
        let dev = OpenOf { environment: Some("dev".into()), incidents: 1, changes: 0 };
        assert_eq!(store.count_open().await.unwrap(), [dev]);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_group_that_two_incidents_hold_is_restored_after_both(pool: PgPool) {
        let store = Store::from(pool);
        let (first, second) = (open(&store, "a", 1).await.unwrap(), open(&store, "b", 1).await.unwrap());
        for hold in store.list_pending_holds(at(2)).await.unwrap() {
            assert_eq!(hold.wanted, Wanted::Hold);
            let mut tx = store.begin().await.unwrap();
            assert!(tx.set_hold_done(&hold).await.unwrap());
            tx.commit().await.unwrap();
        }
        assert_eq!(store.list_pending_holds(at(2)).await.unwrap(), []);
        let mut tx = store.begin().await.unwrap();
        tx.intend_restores(first).await.unwrap();
        tx.commit().await.unwrap();
        let pending = store.list_pending_holds(at(3)).await.unwrap();
        assert_eq!((pending[0].wanted, pending[0].held_by_another), (Wanted::Restore, true));
        let mut tx = store.begin().await.unwrap();
        tx.intend_restores(second).await.unwrap();
        tx.record_hold_error(&pending[0], "away", at(9)).await.unwrap();
        tx.commit().await.unwrap();
        let pending = store.list_pending_holds(at(3)).await.unwrap();
        assert_eq!((pending.len(), pending[0].held_by_another), (1, false));
        assert_eq!(store.list_pending_holds(at(9)).await.unwrap().len(), 2);
        let incident = store.get_incident(first).await.unwrap().unwrap();
        assert_eq!(incident.holds[0].error.as_deref(), Some("away"));
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn incidents_are_read_at_once_each_with_its_own_holds(pool: PgPool) {
        let store = Store::from(pool);
        let (first, second) = (open(&store, "a", 1).await.unwrap(), open(&store, "b", 2).await.unwrap());
        let third = open(&store, "c", 3).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        tx.intend_holds(third, "dev", &["genesis-pool-batch".to_owned()]).await.unwrap();
        assert!(tx.close_incident(first, "it is over", at(4)).await.unwrap());
        tx.commit().await.unwrap();
        let found = store.list_incidents(&[third, 99, first, third]).await.unwrap();
        let told: Vec<(i64, usize)> =
            found.iter().map(|incident| (incident.id, incident.holds.len())).collect();
        assert_eq!(told, [(first, 1), (third, 2)]);
        assert_eq!(found[0].closed_because.as_deref(), Some("it is over"));
        assert_eq!(store.get_incident(second).await.unwrap().unwrap().id, second);
        assert_eq!(store.get_incident(99).await.unwrap(), None);
        assert_eq!(store.list_incidents(&[]).await.unwrap(), []);
    }
}
