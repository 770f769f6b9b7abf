//! What the alerts are judged by, and how they stand.

use audit_log::Hash;
use domain::{
    Timestamp,
    alert::{Alert, AlertState, Judgement, Share},
};

use crate::{Result, Store, Tx, column};

/// A process that has not written its figures for this long has stopped.
const FORGOTTEN_AFTER: chrono::TimeDelta = chrono::TimeDelta::minutes(1);
const KEEP_DELIVERIES: chrono::TimeDelta = chrono::TimeDelta::days(30);

/// What a process measures of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessFigures {
    pub process: String,
    pub connections: Share,
    /// Failed attempts to fetch the keys of identity tokens since the last success. None: it never asked for them.
    pub key_failures: Option<u64>,
    pub at: Timestamp,
}

/// How far the audit log is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditVerified {
    pub seq: i64,
    pub hash: Hash,
    /// The first event that is wrong.
    pub broken_at: Option<i64>,
}

impl Store {
    /// Of this process: in use, and what it may open.
    pub fn connections(&self) -> Share {
        let open = self.pool.size() as usize;
        let used = open.saturating_sub(self.pool.num_idle());
        Share { part: used as u64, of: u64::from(self.pool.options().get_max_connections()) }
    }

    pub async fn write_process_figures(&self, figures: &ProcessFigures) -> Result<()> {
        let number = |value: u64| i32::try_from(value).unwrap_or(i32::MAX);
        sqlx::query!(
            "INSERT INTO process_figures (process, connections_used, connections_allowed, key_failures, at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (process) DO UPDATE SET
                 connections_used = excluded.connections_used, connections_allowed = excluded.connections_allowed,
                 key_failures = excluded.key_failures, at = excluded.at",
            figures.process,
            number(figures.connections.part),
            number(figures.connections.of.max(1)),
            figures.key_failures.map(|failures| i64::try_from(failures).unwrap_or(i64::MAX)),
            figures.at
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Of the processes that run.
    pub async fn list_process_figures(&self, now: Timestamp) -> Result<Vec<ProcessFigures>> {
        let rows = sqlx::query!(
            "SELECT process, connections_used, connections_allowed, key_failures, at FROM process_figures
             WHERE at > $1 ORDER BY process",
            now - FORGOTTEN_AFTER
        )
        .fetch_all(&self.pool)
        .await?;
        let number = |value: i32| u64::try_from(value).unwrap_or_default();
        Ok(rows
            .into_iter()
            .map(|row| ProcessFigures {
                process: row.process,
                connections: Share {
                    part: number(row.connections_used),
                    of: number(row.connections_allowed),
                },
                key_failures: row.key_failures.map(|failures| u64::try_from(failures).unwrap_or_default()),
                at: row.at,
            })
            .collect())
    }

    /// Sessions on the database server, of those that it allows.
    pub async fn server_sessions(&self) -> Result<Share> {
        let row = sqlx::query!(
            r#"SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS "used!",
                      current_setting('max_connections')::bigint AS "allowed!""#
        )
        .fetch_one(&self.pool)
        .await?;
        let number = |value: i64| u64::try_from(value).unwrap_or_default();
        Ok(Share { part: number(row.used), of: number(row.allowed) })
    }

    /// Operations that ended since then: those that failed, of all.
    pub async fn count_operations(&self, since: Timestamp) -> Result<Share> {
        let row = sqlx::query!(
            r#"SELECT count(*) FILTER (WHERE state = 'failed') AS "failed!", count(*) AS "ended!"
               FROM operations WHERE finished_at >= $1"#,
            since
        )
        .fetch_one(&self.pool)
        .await?;
        let number = |value: i64| u64::try_from(value).unwrap_or_default();
        Ok(Share { part: number(row.failed), of: number(row.ended) })
    }

    pub async fn audit_verified(&self) -> Result<AuditVerified> {
        let row =
            sqlx::query!("SELECT seq, hash, broken_at FROM audit_verified").fetch_one(&self.pool).await?;
        let hash = Hash::try_from(row.hash.as_slice())
            .map_err(|error| crate::Error::corrupt("audit_verified", "hash", error))?;
        Ok(AuditVerified { seq: row.seq, hash, broken_at: row.broken_at })
    }

    pub async fn set_audit_verified(&self, verified: &AuditVerified, at: Timestamp) -> Result<()> {
        sqlx::query!(
            "UPDATE audit_verified SET seq = $1, hash = $2, broken_at = $3, at = $4",
            verified.seq,
            &verified.hash.0[..],
            verified.broken_at,
            at
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Events after this number, and when the oldest of them happened.
    pub async fn audit_backlog(&self, after: i64) -> Result<(u64, Option<Timestamp>)> {
        let row = sqlx::query!(
            r#"SELECT count(*) AS "count!", min(at) AS oldest FROM audit_events WHERE seq > $1"#,
            after
        )
        .fetch_one(&self.pool)
        .await?;
        Ok((u64::try_from(row.count).unwrap_or_default(), row.oldest))
    }

    /// By kind; empty before the first judgement.
    pub async fn list_alerts(&self) -> Result<Vec<Alert>> {
        sqlx::query!("SELECT kind, state, value, threshold, since, judged_at FROM alerts ORDER BY kind")
            .fetch_all(&self.pool)
            .await?
            .into_iter()
            .map(|row| {
                let named = || format!("alert {}", row.kind);
                Ok(Alert {
                    kind: column::text(named, "kind", &row.kind)?,
                    state: column::variant(named, "state", &AlertState::ALL, AlertState::as_str, &row.state)?,
                    value: row.value,
                    limit: row.threshold,
                    since: row.since,
                    judged_at: row.judged_at,
                })
            })
            .collect()
    }

    /// Forgets processes that stopped and deliveries that ended long ago.
    pub async fn delete_old_alerts(&self, now: Timestamp) -> Result<u64> {
        let figures = sqlx::query!("DELETE FROM process_figures WHERE at < $1", now - FORGOTTEN_AFTER)
            .execute(&self.pool)
            .await?;
        let deliveries = sqlx::query!(
            "DELETE FROM alert_deliveries WHERE state <> 'pending' AND created_at < $1",
            now - KEEP_DELIVERIES
        )
        .execute(&self.pool)
        .await?;
        Ok(figures.rows_affected() + deliveries.rows_affected())
    }
}

impl Tx {
    /// Since when it is in its state stays when the state stays. True: it is judged otherwise than before. Listeners are told of the
    /// incident that follows, not of each new figure: pages would load again all day.
    pub async fn set_alert(&mut self, judged: &Judgement, at: Timestamp) -> Result<bool> {
        let moved = sqlx::query_scalar!(
            r#"WITH before AS (SELECT state, value FROM alerts WHERE kind = $1)
               INSERT INTO alerts (kind, state, value, threshold, since, judged_at) VALUES ($1, $2, $3, $4, $5, $5)
               ON CONFLICT (kind) DO UPDATE SET
                   state = excluded.state, value = excluded.value, threshold = excluded.threshold,
                   judged_at = excluded.judged_at,
                   since = CASE WHEN alerts.state = excluded.state THEN alerts.since ELSE excluded.since END
               RETURNING NOT EXISTS (SELECT FROM before WHERE (before.state, before.value) = ($2, $3)) AS "moved!""#,
            judged.kind.as_str(),
            judged.state.as_str(),
            judged.value,
            judged.limit,
            at
        )
        .fetch_one(self.connection())
        .await?;
        Ok(moved)
    }
}

#[cfg(test)]
mod tests {
    use domain::alert::AlertKind;
    use sqlx::PgPool;

    use super::*;
    use crate::samples::at;

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn an_alert_keeps_since_when_while_it_stays(pool: PgPool) {
        let store = Store::from(pool);
        let judged = |state, value: &str| Judgement {
            kind: AlertKind::MissedHeartbeats,
            state,
            value: value.into(),
            limit: "above 10 %".into(),
        };
        for (state, value, seconds) in [
            (AlertState::Ok, "0 of 2", 1),
            (AlertState::Firing, "1 of 2", 2),
            (AlertState::Firing, "2 of 2", 3),
        ] {
            let mut tx = store.begin().await.unwrap();
            tx.set_alert(&judged(state, value), at(seconds)).await.unwrap();
            tx.commit().await.unwrap();
        }
        let alerts = store.list_alerts().await.unwrap();
        assert_eq!(alerts.len(), 1);
        assert_eq!(
            (alerts[0].since, alerts[0].judged_at, alerts[0].value.as_str()),
            (at(2), at(3), "2 of 2")
        );
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_process_that_stopped_counts_no_more(pool: PgPool) {
        let store = Store::from(pool);
        let figures = ProcessFigures {
            process: "p".into(),
            connections: store.connections(),
            key_failures: Some(2),
            at: at(0),
        };
        store.write_process_figures(&figures).await.unwrap();
        assert_eq!(store.list_process_figures(at(59)).await.unwrap(), [figures]);
        assert_eq!(store.list_process_figures(at(60)).await.unwrap(), []);
        assert_eq!(store.delete_old_alerts(at(61)).await.unwrap(), 1);
        let sessions = store.server_sessions().await.unwrap();
        assert!(sessions.part >= 1 && sessions.of >= sessions.part, "{sessions:?}");
    }
}
