//! Changes and their revisions. A revision's canonical bytes are stored as they were digested, and read back only if they still match.

mod count;
mod list;
mod queue;

use std::time::Duration;

use audit_log::canonical;
use domain::{
    ChangeId, ChangeState, FleetSpec, Timestamp,
    change::{Change, Revision, Verdict},
    plan::Plan,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sqlx::PgExecutor;

pub use count::ApprovedChanges;
pub use list::{ChangeFilter, ChangeSummary};

use crate::{Error, NewRevision, Notification, Result, Store, Tx, column};

/// A proposal, with its first revision.
#[derive(Clone, Debug)]
pub struct NewChange<'a> {
    pub environment: &'a str,
    pub title: &'a str,
    pub reason: &'a str,
    /// `AwaitingApprovals`, or `Approved` where the policy needs nobody.
    pub state: ChangeState,
    /// The actor's id.
    pub proposed_by: &'a str,
    pub at: Timestamp,
    pub base_generation: i64,
    pub desired: &'a FleetSpec,
    pub plan: &'a Plan,
    pub verdict: &'a Verdict,
    /// Counted by the database's clock from now on. None: it does not end by itself.
    pub expires_in: Option<Duration>,
}

/// A change whose stored bytes are not what was digested.
#[derive(Debug)]
pub struct BrokenChange {
    pub id: ChangeId,
    pub environment: String,
    pub state: ChangeState,
    pub error: Error,
}

#[derive(Debug, Default)]
pub struct OpenChanges {
    pub changes: Vec<Change>,
    pub broken: Vec<BrokenChange>,
}

struct Row {
    id: i64,
    environment: String,
    title: String,
    reason: String,
    state: String,
    outcome: Option<String>,
    proposed_by: String,
    proposed_by_name: String,
    proposed_at: Timestamp,
    authors: Vec<String>,
    expires_at: Option<Timestamp>,
    approved_at: Option<Timestamp>,
    claimed_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    number: i32,
    base_generation: i64,
    desired_canonical: Vec<u8>,
    desired_sha256: Vec<u8>,
    plan_canonical: Vec<u8>,
    plan_sha256: Vec<u8>,
    verdict: Value,
    created_at: Timestamp,
}

impl TryFrom<Row> for Change {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let id = ChangeId(row.id);
        let named = || id.to_string();
        let (desired, payload_sha256) =
            verified(named, "desired", &row.desired_canonical, &row.desired_sha256)?;
        let (plan, plan_sha256) = verified(named, "plan", &row.plan_canonical, &row.plan_sha256)?;
        Ok(Self {
            id,
            state: column::text(named, "state", &row.state)?,
            revision: Revision {
                number: column::count(named, "number", row.number)?,
                base_generation: row.base_generation,
                desired,
                plan,
                verdict: column::json(named, "verdict", row.verdict)?,
                payload_sha256,
                plan_sha256,
                created_at: row.created_at,
            },
            environment: row.environment,
            title: row.title,
            reason: row.reason,
            outcome: row.outcome,
            proposed_by: row.proposed_by,
            proposed_by_name: row.proposed_by_name,
            proposed_at: row.proposed_at,
            authors: row.authors,
            expires_at: row.expires_at,
            approved_at: row.approved_at,
            claimed_at: row.claimed_at,
            finished_at: row.finished_at,
        })
    }
}

/// The value of stored canonical bytes with their digest in hex, or what is wrong with them (invariant BYTES).
fn verified<T: Serialize + DeserializeOwned>(
    row: impl Fn() -> String,
    column: &'static str,
    bytes: &[u8],
    sha256: &[u8],
) -> Result<(T, String)> {
    let digest = canonical::sha256(bytes);
    if digest.0 != sha256 {
        return Err(Error::corrupt(row(), column, "its bytes do not match their digest"));
    }
    let value = canonical::from_bytes(bytes).map_err(|error| Error::corrupt(row(), column, error))?;
    Ok((value, digest.to_string()))
}

fn spellings(states: &[ChangeState]) -> Vec<String> {
    states.iter().map(|state| state.as_str().to_owned()).collect()
}

/// Oldest first.
async fn read(
    executor: impl PgExecutor<'_>,
    id: Option<ChangeId>,
    states: Option<&[ChangeState]>,
) -> Result<Vec<Change>> {
    rows(executor, id, states, None).await?.into_iter().map(Change::try_from).collect()
}

async fn rows(
    executor: impl PgExecutor<'_>,
    id: Option<ChangeId>,
    states: Option<&[ChangeState]>,
    environment: Option<&str>,
) -> Result<Vec<Row>> {
    let states = states.map(spellings);
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT c.id, c.environment, c.title, c.reason, c.state, c.outcome, c.proposed_by,
                  coalesce(p.name, c.proposed_by) AS "proposed_by_name!",
                  c.proposed_at, c.expires_at, c.approved_at, c.claimed_at, c.finished_at,
                  (SELECT array_agg(DISTINCT author ORDER BY author) FROM (
                       SELECT c.proposed_by AS author
                       UNION SELECT created_by FROM change_revisions WHERE change_id = c.id AND created_by IS NOT NULL
                   ) people) AS "authors!",
                  r.number, r.base_generation, r.desired_canonical, r.desired_sha256,
                  r.plan_canonical, r.plan_sha256, r.verdict, r.created_at
           FROM changes c
           JOIN LATERAL (
               SELECT * FROM change_revisions WHERE change_id = c.id ORDER BY number DESC LIMIT 1
           ) r ON true
           LEFT JOIN people p ON p.sub = c.proposed_by
           WHERE ($1::bigint IS NULL OR c.id = $1) AND ($2::text[] IS NULL OR c.state = ANY($2))
             AND ($3::text IS NULL OR c.environment = $3)
           ORDER BY c.id"#,
        id.map(|id| id.0),
        states.as_deref(),
        environment
    )
    .fetch_all(executor)
    .await?;
    Ok(rows)
}

/// One row that cannot be believed does not keep the others from whoever asks.
fn believed(rows: Vec<Row>) -> Result<OpenChanges> {
    let mut open = OpenChanges::default();
    for row in rows {
        let (id, environment, state) = (ChangeId(row.id), row.environment.clone(), row.state.clone());
        match Change::try_from(row) {
            Ok(change) => open.changes.push(change),
            Err(error) => open.broken.push(BrokenChange {
                id,
                environment,
                state: column::text(|| id.to_string(), "state", &state)?,
                error,
            }),
        }
    }
    Ok(open)
}

impl Store {
    /// With its latest revision.
    pub async fn get_change(&self, id: ChangeId) -> Result<Option<Change>> {
        Ok(read(&self.pool, Some(id), None).await?.pop())
    }

    /// None: there is no such change.
    pub async fn environment_of_change(&self, id: ChangeId) -> Result<Option<String>> {
        let name = sqlx::query_scalar!("SELECT environment FROM changes WHERE id = $1", id.0)
            .fetch_optional(&self.pool)
            .await?;
        Ok(name)
    }

    /// Oldest first, as a reconciler takes them.
    pub async fn list_changes_in(&self, states: &[ChangeState]) -> Result<OpenChanges> {
        believed(rows(&self.pool, None, Some(states), None).await?)
    }

    /// The same of one environment: what the others wait for is not read.
    pub async fn list_changes_of(&self, environment: &str, states: &[ChangeState]) -> Result<OpenChanges> {
        believed(rows(&self.pool, None, Some(states), Some(environment)).await?)
    }
}

impl Tx {
    /// Allocates the id; ids of transactions that were given up stay unused.
    pub async fn insert_change(&mut self, new: &NewChange<'_>) -> Result<Change> {
        let id = sqlx::query_scalar!(
            "INSERT INTO changes (environment, title, reason, state, proposed_by, proposed_at, approved_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $4 = 'approved' THEN $6::timestamptz END,
                     clock_timestamp() + make_interval(secs => $7))
             RETURNING id",
            new.environment,
            new.title,
            new.reason,
            new.state.as_str(),
            new.proposed_by,
            new.at,
            new.expires_in.map(|lifetime| lifetime.as_secs_f64())
        )
        .fetch_one(self.connection())
        .await?;
        self.insert_revision(
            ChangeId(id),
            &NewRevision {
                number: 1,
                base_generation: new.base_generation,
                desired: new.desired,
                plan: new.plan,
                verdict: new.verdict,
                created_by: Some(new.proposed_by),
                at: new.at,
            },
        )
        .await
    }

    /// Reads and locks: nobody else moves the change until this transaction ends.
    pub async fn lock_change(&mut self, id: ChangeId) -> Result<Change> {
        sqlx::query!("SELECT id FROM changes WHERE id = $1 FOR UPDATE", id.0)
            .fetch_optional(self.connection())
            .await?;
        self.change(id).await
    }

    /// Those of one environment that are committed by now, oldest first.
    pub async fn list_changes_of(
        &mut self,
        environment: &str,
        states: &[ChangeState],
    ) -> Result<OpenChanges> {
        believed(rows(self.connection(), None, Some(states), Some(environment)).await?)
    }

    /// Moves the change on and notes when. A conflict says that it is not in `from` any more, or that no way leads from there to `to`.
    pub async fn set_change_state(
        &mut self,
        id: ChangeId,
        from: ChangeState,
        to: ChangeState,
        outcome: Option<&str>,
        at: Timestamp,
    ) -> Result<()> {
        if !from.may_become(to) {
            return Err(Error::Conflict(format!(
                "{id}: no way leads from {} to {}",
                from.as_str(),
                to.as_str()
            )));
        }
        let environment = sqlx::query_scalar!(
            "UPDATE changes SET state = $3, outcome = $4,
                 approved_at = CASE WHEN $3 = 'approved' THEN $5 ELSE approved_at END,
                 claimed_at = CASE WHEN $3 = 'applying' THEN $5 ELSE claimed_at END,
                 finished_at = CASE WHEN $6 THEN $5 END
             WHERE id = $1 AND state = $2 RETURNING environment",
            id.0,
            from.as_str(),
            to.as_str(),
            outcome,
            at,
            to.is_terminal()
        )
        .fetch_optional(self.connection())
        .await?;
        let Some(environment) = environment else {
            let now = self.change(id).await?.state;
            return Err(Error::Conflict(format!("{id} is {}, not {}", now.as_str(), from.as_str())));
        };
        self.notify(Notification::Change { environment, change: id });
        Ok(())
    }

    pub(crate) async fn change(&mut self, id: ChangeId) -> Result<Change> {
        let found = read(self.connection(), Some(id), None).await?.pop();
        found.ok_or_else(|| Error::NotFound(id.to_string()))
    }
}

#[cfg(test)]
mod tests;
