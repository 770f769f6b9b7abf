//! The cloud calls of changes: intent first, then what became of it.

use domain::{
    ChangeId, Timestamp,
    crash_loop::Order,
    operation::{Operation, OperationState},
    resource::ResourceKind,
};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{Error, Notification, Result, Store, Tx, column};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOperation<'a> {
    pub change: ChangeId,
    /// The plan action's key.
    pub step: &'a str,
    /// UUIDv5(change, step).
    pub request_id: Uuid,
    pub kind: ResourceKind,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredOperation {
    pub operation: Operation,
    pub kind: ResourceKind,
    /// Where Compute Engine keeps its operation: `global`, `regions/us-central1`, `zones/us-central1-a`.
    pub scope: Option<String>,
    /// Not to be tried before; None: at once.
    pub next_attempt_at: Option<Timestamp>,
}

struct Row {
    change_id: i64,
    step: String,
    request_id: Uuid,
    kind: String,
    state: String,
    name: Option<String>,
    scope: Option<String>,
    error: Option<String>,
    attempts: i32,
    next_attempt_at: Option<Timestamp>,
    intended_at: Timestamp,
    finished_at: Option<Timestamp>,
}

const STATES: [OperationState; 4] =
    [OperationState::Intended, OperationState::Running, OperationState::Done, OperationState::Failed];

impl TryFrom<Row> for StoredOperation {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let change = ChangeId(row.change_id);
        let named = || noun(change, &row.step);
        Ok(Self {
            kind: column::variant(named, "kind", &ResourceKind::ALL, ResourceKind::as_str, &row.kind)?,
            scope: row.scope,
            next_attempt_at: row.next_attempt_at,
            operation: Operation {
                change,
                state: column::variant(named, "state", &STATES, OperationState::as_str, &row.state)?,
                attempts: column::count(named, "attempts", row.attempts)?,
                request_id: row.request_id.to_string(),
                name: row.name,
                error: row.error,
                intended_at: row.intended_at,
                finished_at: row.finished_at,
                step: row.step,
            },
        })
    }
}

fn noun(change: ChangeId, step: &str) -> String {
    format!("operation `{step}` of {change}")
}

async fn read(
    executor: impl PgExecutor<'_>,
    change: ChangeId,
    step: Option<&str>,
) -> Result<Vec<StoredOperation>> {
    sqlx::query_as!(
        Row,
        "SELECT change_id, step, request_id, kind, state, name, scope, error, attempts, next_attempt_at,
                intended_at, finished_at
         FROM operations WHERE change_id = $1 AND ($2::text IS NULL OR step = $2) ORDER BY ordinal",
        change.0,
        step
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(StoredOperation::try_from)
    .collect()
}

impl Store {
    /// In the order in which they were intended.
    pub async fn list_operations(&self, change: ChangeId) -> Result<Vec<StoredOperation>> {
        read(&self.pool, change, None).await
    }

    /// The last call for each group and each VM since that moment that makes VMs anew, unless it was refused.
    pub async fn list_orders(&self, environment: &str, after: Timestamp) -> Result<Vec<Order>> {
        // A change that was claimed long ago has made its calls: its index leaves most of an environment's history unread.
        let orders = sqlx::query_as!(
            Order,
            r#"SELECT split_part(o.step, ' ', 3) AS "name!", max(o.intended_at) AS "at!"
               FROM changes c JOIN operations o ON o.change_id = c.id
               WHERE c.environment = $1 AND c.claimed_at > $2::timestamptz - interval '1 day' AND o.intended_at > $2
                 AND o.kind IN ('instance_group', 'instance') AND split_part(o.step, ' ', 1) IN ('update', 'recreate')
                 AND o.state <> 'failed'
               GROUP BY 1 ORDER BY 1"#,
            environment,
            after
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(orders)
    }
}

/// What one step of an operation's life writes. The states that it may start from are in the statement.
struct Advance<'a> {
    to: OperationState,
    name: Option<&'a str>,
    scope: Option<&'a str>,
    error: Option<&'a str>,
    finished_at: Option<Timestamp>,
}

impl Tx {
    /// Commits to a call before it is made. Intended a second time, it returns the row as it stands by now.
    pub async fn intend_operation(&mut self, new: &NewOperation<'_>) -> Result<StoredOperation> {
        let inserted = sqlx::query!(
            "INSERT INTO operations (change_id, step, request_id, kind, state, intended_at)
             VALUES ($1, $2, $3, $4, 'intended', $5) ON CONFLICT (change_id, step) DO NOTHING",
            new.change.0,
            new.step,
            new.request_id,
            new.kind.as_str(),
            new.at
        )
        .execute(self.connection())
        .await?
        .rows_affected();
        let operation = self.operation(new.change, new.step).await?;
        if operation.operation.request_id != new.request_id.to_string() {
            return Err(Error::Conflict(format!(
                "{} was intended with another request id",
                noun(new.change, new.step)
            )));
        }
        if inserted > 0 {
            self.notify_operation(new.change).await?;
        }
        Ok(operation)
    }

    /// Compute Engine took it and named its operation. Taken again after a crash, it may have been given another name.
    pub async fn set_operation_running(
        &mut self,
        change: ChangeId,
        step: &str,
        name: &str,
        scope: &str,
    ) -> Result<()> {
        let (name, scope) = (Some(name), Some(scope));
        let to = OperationState::Running;
        self.advance(change, step, Advance { to, name, scope, error: None, finished_at: None }).await
    }

    pub async fn set_operation_done(&mut self, change: ChangeId, step: &str, at: Timestamp) -> Result<()> {
        let (to, finished_at) = (OperationState::Done, Some(at));
        self.advance(change, step, Advance { to, name: None, scope: None, error: None, finished_at }).await
    }

    /// Refused for good.
    pub async fn set_operation_failed(
        &mut self,
        change: ChangeId,
        step: &str,
        error: &str,
        at: Timestamp,
    ) -> Result<()> {
        let (to, error, finished_at) = (OperationState::Failed, Some(error), Some(at));
        self.advance(change, step, Advance { to, name: None, scope: None, error, finished_at }).await
    }

    /// Counts an attempt that may succeed later, and says when to try again. The state stays.
    pub async fn record_attempt_error(
        &mut self,
        change: ChangeId,
        step: &str,
        error: &str,
        next_attempt_at: Timestamp,
    ) -> Result<()> {
        let rows = sqlx::query!(
            "UPDATE operations SET attempts = attempts + 1, error = $3, next_attempt_at = $4
             WHERE change_id = $1 AND step = $2 AND finished_at IS NULL",
            change.0,
            step,
            error,
            next_attempt_at
        )
        .execute(self.connection())
        .await?
        .rows_affected();
        self.settled(change, step, rows).await
    }

    async fn advance(&mut self, change: ChangeId, step: &str, to: Advance<'_>) -> Result<()> {
        let rows = sqlx::query!(
            "UPDATE operations SET state = $3, name = coalesce($4, name), scope = coalesce($5, scope),
                 error = $6, next_attempt_at = NULL, finished_at = $7
             WHERE change_id = $1 AND step = $2 AND finished_at IS NULL",
            change.0,
            step,
            to.to.as_str(),
            to.name,
            to.scope,
            to.error,
            to.finished_at
        )
        .execute(self.connection())
        .await?
        .rows_affected();
        self.settled(change, step, rows).await
    }

    /// Tells that a row was written, or why none was.
    async fn settled(&mut self, change: ChangeId, step: &str, rows: u64) -> Result<()> {
        if rows > 0 {
            return self.notify_operation(change).await;
        }
        let state = self.operation(change, step).await?.operation.state;
        Err(Error::Conflict(format!("{} is already {}", noun(change, step), state.as_str())))
    }

    async fn operation(&mut self, change: ChangeId, step: &str) -> Result<StoredOperation> {
        let found = read(self.connection(), change, Some(step)).await?.pop();
        found.ok_or_else(|| Error::NotFound(noun(change, step)))
    }

    async fn notify_operation(&mut self, change: ChangeId) -> Result<()> {
        let environment = sqlx::query_scalar!("SELECT environment FROM changes WHERE id = $1", change.0)
            .fetch_one(self.connection())
            .await?;
        self.notify(Notification::Change { environment, change });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::samples::{self, at};

    fn new(change: ChangeId, step: &str, number: u128) -> NewOperation<'_> {
        let request_id = Uuid::from_u128(number);
        NewOperation { change, step, request_id, kind: ResourceKind::InstanceGroup, at: at(1) }
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn an_intent_is_kept_once_and_followed_to_its_end(pool: PgPool) {
        let store = Store::from(pool);
        let change = samples::change(&store, "dev").await;
        let mut tx = store.begin().await.unwrap();
        let intended = tx.intend_operation(&new(change, "create b", 1)).await.unwrap();
        assert_eq!(intended.operation.state, OperationState::Intended);
        tx.intend_operation(&new(change, "create a", 2)).await.unwrap();
        tx.record_attempt_error(change, "create b", "503", at(5)).await.unwrap();
        tx.set_operation_running(change, "create b", "operation-1", "regions/r").await.unwrap();
        let again = tx.intend_operation(&new(change, "create b", 1)).await.unwrap();
        assert_eq!(
            (again.operation.state, again.operation.name.as_deref()),
            (OperationState::Running, Some("operation-1"))
        );
        assert_eq!((again.scope.as_deref(), again.next_attempt_at), (Some("regions/r"), None));
        tx.set_operation_done(change, "create b", at(7)).await.unwrap();
        tx.set_operation_failed(change, "create a", "400 no such network", at(8)).await.unwrap();
        tx.commit().await.unwrap();

        let listed = store.list_operations(change).await.unwrap();
        let told: Vec<_> = listed
            .iter()
            .map(|row| (row.operation.step.as_str(), row.operation.state, row.operation.attempts))
            .collect();
        assert_eq!(told, [("create b", OperationState::Done, 1), ("create a", OperationState::Failed, 0)]);
        assert_eq!(listed[0].operation.error, None);
        assert_eq!(listed[1].operation.error.as_deref(), Some("400 no such network"));
        assert_eq!(listed[0].operation.finished_at, Some(at(7)));
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn what_is_finished_stays_and_what_is_not_there_is_named(pool: PgPool) {
        let store = Store::from(pool);
        let change = samples::change(&store, "dev").await;
        let mut tx = store.begin().await.unwrap();
        tx.intend_operation(&new(change, "create a", 1)).await.unwrap();
        tx.set_operation_done(change, "create a", at(2)).await.unwrap();
        let late = tx.set_operation_failed(change, "create a", "late", at(3)).await;
        assert_eq!(late.unwrap_err().to_string(), "operation `create a` of chg-1 is already done");
        let late = tx.record_attempt_error(change, "create a", "late", at(3)).await;
        assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
        let missing = tx.set_operation_done(change, "create z", at(3)).await;
        assert!(matches!(missing, Err(Error::NotFound(_))), "{missing:?}");
        let other = tx.intend_operation(&new(change, "create a", 2)).await;
        assert!(matches!(other, Err(Error::Conflict(_))), "{other:?}");
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn orders_are_the_last_calls_that_make_vms_anew(pool: PgPool) {
        let store = Store::from(pool.clone());
        for (seconds, number) in [(1, 10), (20, 20)] {
            let change = samples::change(&store, "dev").await;
            sqlx::query("UPDATE changes SET claimed_at = $2 WHERE id = $1")
                .bind(change.0)
                .bind(at(seconds))
                .execute(&pool)
                .await
                .unwrap();
            let mut tx = store.begin().await.unwrap();
            for (place, step) in (0..).zip([
                "update instance_group web",
                "resize instance_group web",
                "recreate instance web-1",
            ]) {
                let kind = if place < 2 { ResourceKind::InstanceGroup } else { ResourceKind::Instance };
                let new = NewOperation { kind, at: at(seconds + 5), ..new(change, step, number + place) };
                tx.intend_operation(&new).await.unwrap();
            }
            if seconds > 1 {
                tx.set_operation_failed(change, "recreate instance web-1", "403", at(26)).await.unwrap();
            }
            tx.commit().await.unwrap();
        }
        let order = |name: &str, seconds| Order { name: name.to_owned(), at: at(seconds) };
        let orders = store.list_orders("dev", at(0)).await.unwrap();
        assert_eq!(orders, [order("web", 25), order("web-1", 6)]);
        assert_eq!(store.list_orders("dev", at(6)).await.unwrap(), [order("web", 25)]);
        assert_eq!(store.list_orders("prod", at(0)).await.unwrap(), []);
    }
}
