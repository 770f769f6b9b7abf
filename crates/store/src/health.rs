//! The state of each agent as it was last seen, and each change of it.

use domain::{Timestamp, agent::AgentState, instance::Instance};
use serde_json::Value;

use crate::{Result, Store, Tx, column};

/// Transitions are kept this long; those that matter are in the audit log for good.
const KEEP_TRANSITIONS: chrono::TimeDelta = chrono::TimeDelta::days(7);

/// An agent that passed from one state into another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthTransition {
    pub environment: String,
    pub zone: String,
    /// The instance's name.
    pub name: String,
    pub instance_id: Option<String>,
    pub pool: String,
    /// None: it is seen for the first time.
    pub before: Option<AgentState>,
    pub after: AgentState,
    pub at: Timestamp,
}

/// An agent's state now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceHealth {
    pub environment: String,
    pub pool: String,
    pub zone: String,
    pub name: String,
    pub instance_id: Option<String>,
    pub instance_group: String,
    pub state: AgentState,
    pub since: Timestamp,
}

/// How many agents of an environment's pool and zone are in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCount {
    pub environment: String,
    pub pool: String,
    pub zone: String,
    pub instance_group: String,
    pub state: AgentState,
    pub count: u32,
}

fn state(row: impl Fn() -> String, text: &str) -> Result<AgentState> {
    column::variant(row, "state", &AgentState::ALL, AgentState::as_str, text)
}

impl Tx {
    /// In order; the last one of an instance is its state from now on.
    pub async fn record_health(&mut self, transitions: &[HealthTransition]) -> Result<()> {
        if transitions.is_empty() {
            return Ok(());
        }
        let text = |of: fn(&HealthTransition) -> String| transitions.iter().map(of).collect::<Vec<_>>();
        let environments = text(|one| one.environment.clone());
        let zones = text(|one| one.zone.clone());
        let names = text(|one| one.name.clone());
        let ids: Vec<Option<String>> = transitions.iter().map(|one| one.instance_id.clone()).collect();
        let pools = text(|one| one.pool.clone());
        let before: Vec<Option<String>> =
            transitions.iter().map(|one| one.before.map(|state| state.as_str().to_owned())).collect();
        let after = text(|one| one.after.as_str().to_owned());
        let times: Vec<Timestamp> = transitions.iter().map(|one| one.at).collect();
        sqlx::query!(
            "INSERT INTO health_transitions (environment, zone, name, instance_id, pool, before, after, at)
             SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                                  $8::timestamptz[])",
            &environments,
            &zones,
            &names,
            &ids as _,
            &pools,
            &before as _,
            &after,
            &times
        )
        .execute(self.connection())
        .await?;
        // Sorted and distinct for the same reasons as heartbeats.
        sqlx::query!(
            "INSERT INTO instance_health (environment, zone, name, instance_id, pool, state, since)
             SELECT DISTINCT ON (environment, zone, name) environment, zone, name, instance_id, pool, after, at
             FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
                 WITH ORDINALITY AS batch (environment, zone, name, instance_id, pool, after, at, ordinal)
             ORDER BY environment, zone, name, ordinal DESC
             ON CONFLICT (environment, zone, name) DO UPDATE SET
                 instance_id = excluded.instance_id, pool = excluded.pool, state = excluded.state, since = excluded.since",
            &environments,
            &zones,
            &names,
            &ids as _,
            &pools,
            &after,
            &times
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

impl Store {
    /// Agents of instances that are listed now, by pool, zone and state. What is not known of an instance yet is not counted.
    pub async fn count_health(&self) -> Result<Vec<HealthCount>> {
        sqlx::query!(
            r#"SELECT i.environment, i.pool, i.zone, i.instance_group, h.state, count(*)::int AS "count!"
               FROM instances i JOIN instance_health h USING (environment, zone, name)
               GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"#
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| {
            let named = || format!("health of {} in {}", row.pool, row.environment);
            Ok(HealthCount {
                state: state(named, &row.state)?,
                count: column::count(named, "count", row.count)?,
                environment: row.environment,
                pool: row.pool,
                zone: row.zone,
                instance_group: row.instance_group,
            })
        })
        .collect()
    }

    /// Of instances that are listed now.
    pub async fn list_health(&self) -> Result<Vec<InstanceHealth>> {
        sqlx::query!(
            "SELECT i.environment, i.pool, i.zone, i.name, h.instance_id, i.instance_group, h.state, h.since
             FROM instances i JOIN instance_health h USING (environment, zone, name)
             ORDER BY i.environment, i.pool, i.name"
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| {
            let named = || format!("health of {} in {}", row.name, row.environment);
            Ok(InstanceHealth {
                state: state(named, &row.state)?,
                environment: row.environment,
                pool: row.pool,
                zone: row.zone,
                name: row.name,
                instance_id: row.instance_id,
                instance_group: row.instance_group,
                since: row.since,
            })
        })
        .collect()
    }

    /// Newest first.
    pub async fn list_health_transitions(
        &self,
        environment: &str,
        name: &str,
        limit: u32,
    ) -> Result<Vec<HealthTransition>> {
        sqlx::query!(
            "SELECT environment, zone, name, instance_id, pool, before, after, at FROM health_transitions
             WHERE environment = $1 AND name = $2 ORDER BY at DESC, id DESC LIMIT $3",
            environment,
            name,
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| {
            let named = || format!("transition of {} in {}", row.name, row.environment);
            Ok(HealthTransition {
                before: row.before.as_deref().map(|before| state(named, before)).transpose()?,
                after: state(named, &row.after)?,
                environment: row.environment,
                zone: row.zone,
                name: row.name,
                instance_id: row.instance_id,
                pool: row.pool,
                at: row.at,
            })
        })
        .collect()
    }

    /// VMs whose group's last attempt failed, and VMs that are being made, of all environments.
    pub async fn list_unsettled_instances(&self) -> Result<Vec<Instance>> {
        let rows: Vec<Value> = sqlx::query_scalar!(
            "SELECT body FROM instances
             WHERE body ->> 'status' <> 'RUNNING' OR body ->> 'current_action' <> 'NONE' OR body -> 'last_error' <> 'null'"
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(|body| column::json(|| "an instance".to_owned(), "body", body)).collect()
    }

    /// Forgets old transitions, and the state of instances that are gone.
    pub async fn delete_old_health(&self, now: Timestamp) -> Result<u64> {
        let transitions =
            sqlx::query!("DELETE FROM health_transitions WHERE at < $1", now - KEEP_TRANSITIONS)
                .execute(&self.pool)
                .await?
                .rows_affected();
        let states = sqlx::query!(
            "DELETE FROM instance_health h WHERE h.since < $1 AND NOT EXISTS (
                 SELECT FROM instances i WHERE (i.environment, i.zone, i.name) = (h.environment, h.zone, h.name)
             )",
            now - chrono::TimeDelta::minutes(10)
        )
        .execute(&self.pool)
        .await?
        .rows_affected();
        Ok(transitions + states)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::samples::{self, at};

    fn passed(name: &str, before: Option<AgentState>, after: AgentState, seconds: i64) -> HealthTransition {
        HealthTransition {
            environment: "dev".into(),
            zone: "us-central1-a".into(),
            name: name.into(),
            instance_id: Some("775".into()),
            pool: "web".into(),
            before,
            after,
            at: at(seconds),
        }
    }

    async fn record(store: &Store, transitions: &[HealthTransition]) {
        let mut tx = store.begin().await.unwrap();
        tx.record_health(transitions).await.unwrap();
        tx.commit().await.unwrap();
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn the_last_of_a_batch_is_the_state_and_all_are_the_history(pool: PgPool) {
        let store = Store::from(pool);
        samples::environment(&store, "dev").await;
        let listing = samples::placed(&samples::observed(&["web-a", "web-b"]));
        let mut tx = store.begin().await.unwrap();
        tx.sync_instances("dev", &listing, at(0)).await.unwrap();
        tx.commit().await.unwrap();
        let batch = [
            passed("web-a", None, AgentState::Healthy, 1),
            passed("web-b", None, AgentState::Healthy, 1),
            passed("web-a", Some(AgentState::Healthy), AgentState::Silent, 1),
            passed("web-gone", None, AgentState::Silent, 1),
        ];
        record(&store, &batch).await;
        let counts = store.count_health().await.unwrap();
        let counted: Vec<_> = counts.iter().map(|one| (one.state, one.count)).collect();
        assert_eq!(
            counted,
            [(AgentState::Healthy, 1), (AgentState::Silent, 1)],
            "the gone one is not counted"
        );
        assert_eq!(store.list_health().await.unwrap()[0].state, AgentState::Silent);
        let history = store.list_health_transitions("dev", "web-a", 10).await.unwrap();
        assert_eq!(history, [batch[2].clone(), batch[0].clone()]);
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn what_is_old_is_forgotten(pool: PgPool) {
        let store = Store::from(pool);
        record(&store, &[passed("web-a", None, AgentState::Healthy, 0)]).await;
        assert_eq!(store.delete_old_health(at(600)).await.unwrap(), 0);
        assert_eq!(store.delete_old_health(at(601)).await.unwrap(), 1, "its VM is listed nowhere");
        assert_eq!(store.delete_old_health(at(8 * 86_400)).await.unwrap(), 1);
        assert_eq!(store.list_health_transitions("dev", "web-a", 10).await.unwrap(), []);
    }
}
