//! The webhook's outbox: what is told of incidents until it was taken, or given up.

use std::time::Duration;

use domain::Timestamp;

use crate::{Notification, Result, Store, Tx, column};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: i64,
    pub incident: i64,
    /// `incident.opened` or `incident.closed`.
    pub event: String,
    pub body: Vec<u8>,
    /// `pending`, `delivered` or `given_up`.
    pub state: String,
    pub attempts: u32,
    pub last_status: Option<i32>,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    pub delivered_at: Option<Timestamp>,
}

struct DeliveryRow {
    id: i64,
    incident_id: i64,
    event: String,
    body: Vec<u8>,
    state: String,
    attempts: i32,
    last_status: Option<i32>,
    last_error: Option<String>,
    created_at: Timestamp,
    delivered_at: Option<Timestamp>,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = crate::Error;

    fn try_from(row: DeliveryRow) -> Result<Self> {
        Ok(Self {
            attempts: column::count(|| format!("delivery {}", row.id), "attempts", row.attempts)?,
            id: row.id,
            incident: row.incident_id,
            event: row.event,
            body: row.body,
            state: row.state,
            last_status: row.last_status,
            last_error: row.last_error,
            created_at: row.created_at,
            delivered_at: row.delivered_at,
        })
    }
}

impl Store {
    pub async fn list_due_deliveries(&self, now: Timestamp, limit: u32) -> Result<Vec<Delivery>> {
        sqlx::query_as!(
            DeliveryRow,
            "SELECT id, incident_id, event, body, state, attempts, last_status, last_error, created_at, delivered_at
             FROM alert_deliveries WHERE state = 'pending' AND (next_attempt_at IS NULL OR next_attempt_at <= $1)
             ORDER BY id LIMIT $2",
            now,
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(Delivery::try_from)
        .collect()
    }

    /// Newest first.
    pub async fn list_deliveries(&self, limit: u32) -> Result<Vec<Delivery>> {
        sqlx::query_as!(
            DeliveryRow,
            "SELECT id, incident_id, event, body, state, attempts, last_status, last_error, created_at, delivered_at
             FROM alert_deliveries ORDER BY id DESC LIMIT $1",
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(Delivery::try_from)
        .collect()
    }
}

impl Tx {
    /// `event` is `incident.opened` or `incident.closed`.
    pub async fn queue_delivery(
        &mut self,
        incident: i64,
        event: &str,
        body: &[u8],
        at: Timestamp,
    ) -> Result<()> {
        sqlx::query!(
            "INSERT INTO alert_deliveries (incident_id, event, body, state, created_at) VALUES ($1, $2, $3, 'pending', $4)",
            incident,
            event,
            body,
            at
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    pub async fn set_delivered(&mut self, id: i64, status: u16, at: Timestamp) -> Result<()> {
        sqlx::query!(
            "UPDATE alert_deliveries SET state = 'delivered', attempts = attempts + 1, last_status = $2, last_error = NULL,
                 next_attempt_at = NULL, delivered_at = $3 WHERE id = $1 AND state = 'pending'",
            id,
            i32::from(status),
            at
        )
        .execute(self.connection())
        .await?;
        self.notify(Notification::Health { environment: None });
        Ok(())
    }

    /// `again_in` None: it is given up.
    pub async fn record_delivery_failure(
        &mut self,
        id: i64,
        status: Option<u16>,
        error: &str,
        at: Timestamp,
        again_in: Option<Duration>,
    ) -> Result<()> {
        let again_at = again_in.map(|pause| at + chrono::TimeDelta::from_std(pause).unwrap_or_default());
        sqlx::query!(
            "UPDATE alert_deliveries SET attempts = attempts + 1, last_status = $2, last_error = $3, next_attempt_at = $4,
                 state = CASE WHEN $4::timestamptz IS NULL THEN 'given_up' ELSE 'pending' END
             WHERE id = $1 AND state = 'pending'",
            id,
            status.map(i32::from),
            error,
            again_at
        )
        .execute(self.connection())
        .await?;
        self.notify(Notification::Health { environment: None });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use domain::{alert::AlertKind, incident::Cause};
    use sqlx::PgPool;

    use super::*;
    use crate::{NewIncident, samples::at};

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn a_delivery_is_tried_again_later_and_at_last_given_up(pool: PgPool) {
        let store = Store::from(pool);
        let mut tx = store.begin().await.unwrap();
        let cause = Cause::Alert(AlertKind::MissedHeartbeats);
        let new = NewIncident { environment: None, cause: &cause, title: "t", why: "w", at: at(0) };
        let incident = tx.open_incident(&new).await.unwrap().unwrap();
        tx.queue_delivery(incident, "incident.opened", b"{}", at(0)).await.unwrap();
        tx.commit().await.unwrap();
        let due = store.list_due_deliveries(at(0), 9).await.unwrap();
        assert_eq!((due.len(), due[0].body.as_slice()), (1, b"{}".as_slice()));
        let id = due[0].id;
        let mut tx = store.begin().await.unwrap();
        tx.record_delivery_failure(id, Some(500), "it said 500", at(0), Some(Duration::from_secs(5)))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.list_due_deliveries(at(4), 9).await.unwrap(), []);
        assert_eq!(store.list_due_deliveries(at(5), 9).await.unwrap()[0].attempts, 1);
        let mut tx = store.begin().await.unwrap();
        tx.record_delivery_failure(id, None, "no answer", at(5), None).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.list_due_deliveries(at(99), 9).await.unwrap(), []);
        assert_eq!(store.list_deliveries(1).await.unwrap()[0].state, "given_up");
    }
}
