//! Votes on changes, as raw evidence: what was signed, by which key, in the bytes that came. A vote may become void, and nothing else of it changes.

mod polls;

use std::collections::BTreeMap;

use domain::{ChangeId, ChangeState, Timestamp, approvals::Ballot};
use sqlx::PgExecutor;

pub use polls::{Cast, Poll};

use crate::{Error, Notification, Result, Store, Tx, column};

/// A vote with the key that is to verify it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    pub id: i64,
    pub change: ChangeId,
    pub revision: u32,
    /// The person's id.
    pub person: String,
    pub person_name: String,
    pub ballot: Ballot,
    pub reason: String,
    pub statement: Vec<u8>,
    pub client_data_json: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
    pub credential_id: Vec<u8>,
    pub not_after: Timestamp,
    pub cast_at: Timestamp,
    pub voided_at: Option<Timestamp>,
    pub voided_because: Option<String>,
    /// Of the key now.
    pub cose_key: Vec<u8>,
    pub key_person: String,
    pub key_revoked_at: Option<Timestamp>,
}

impl Vote {
    /// Whether it counts, as far as its row alone tells. `now` is the database's time.
    pub fn is_live(&self, revision: u32, now: Timestamp) -> bool {
        self.revision == revision && self.voided_at.is_none() && now < self.not_after
    }
}

#[derive(Clone, Debug)]
pub struct NewVote<'a> {
    pub change: ChangeId,
    pub environment: &'a str,
    pub revision: u32,
    pub person: &'a str,
    pub ballot: Ballot,
    pub reason: &'a str,
    pub nonce: &'a [u8],
    pub statement: &'a [u8],
    pub client_data_json: &'a [u8],
    pub authenticator_data: &'a [u8],
    pub signature: &'a [u8],
    pub credential_id: &'a [u8],
    pub not_after: Timestamp,
    pub at: Timestamp,
}

struct Row {
    id: i64,
    change_id: i64,
    revision: i32,
    person: String,
    person_name: String,
    ballot: String,
    reason: String,
    statement: Vec<u8>,
    client_data_json: Vec<u8>,
    authenticator_data: Vec<u8>,
    signature: Vec<u8>,
    credential_id: Vec<u8>,
    not_after: Timestamp,
    cast_at: Timestamp,
    voided_at: Option<Timestamp>,
    voided_because: Option<String>,
    cose_key: Vec<u8>,
    key_person: String,
    key_revoked_at: Option<Timestamp>,
}

impl TryFrom<Row> for Vote {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let named = || format!("vote {}", row.id);
        Ok(Self {
            revision: column::count(named, "revision", row.revision)?,
            ballot: column::variant(named, "ballot", &Ballot::ALL, Ballot::as_str, &row.ballot)?,
            id: row.id,
            change: ChangeId(row.change_id),
            person: row.person,
            person_name: row.person_name,
            reason: row.reason,
            statement: row.statement,
            client_data_json: row.client_data_json,
            authenticator_data: row.authenticator_data,
            signature: row.signature,
            credential_id: row.credential_id,
            not_after: row.not_after,
            cast_at: row.cast_at,
            voided_at: row.voided_at,
            voided_because: row.voided_because,
            cose_key: row.cose_key,
            key_person: row.key_person,
            key_revoked_at: row.key_revoked_at,
        })
    }
}

/// Oldest first, void ones too.
async fn read(executor: impl PgExecutor<'_>, change: ChangeId) -> Result<Vec<Vote>> {
    sqlx::query_as!(
        Row,
        r#"SELECT v.id, v.change_id, v.revision, v.person, coalesce(p.name, v.person) AS "person_name!", v.ballot,
                  v.reason, v.statement, v.client_data_json, v.authenticator_data, v.signature, v.credential_id,
                  v.not_after, v.cast_at, v.voided_at, v.voided_because, k.cose_key, k.person AS key_person,
                  k.revoked_at AS key_revoked_at
           FROM votes v
           JOIN passkeys k USING (credential_id)
           LEFT JOIN people p ON p.sub = v.person
           WHERE v.change_id = $1 ORDER BY v.id"#,
        change.0
    )
    .fetch_all(executor)
    .await?
    .into_iter()
    .map(Vote::try_from)
    .collect()
}

impl Store {
    /// Of a person's passkeys: on how many changes that have not begun each has a vote that is not void. Those without one are left out.
    pub async fn count_open_votes(&self, person: &str) -> Result<BTreeMap<Vec<u8>, u32>> {
        sqlx::query!(
            r#"SELECT v.credential_id, count(DISTINCT v.change_id)::int AS "count!"
               FROM votes v
               JOIN passkeys k USING (credential_id)
               JOIN changes c ON c.id = v.change_id
               WHERE k.person = $1 AND v.voided_at IS NULL AND c.state IN ('awaiting_approvals', 'approved')
               GROUP BY v.credential_id"#,
            person
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| {
            let count = column::count(|| format!("the votes of {person}"), "count", row.count)?;
            Ok((row.credential_id, count))
        })
        .collect()
    }

    /// Oldest first, void ones too.
    pub async fn list_votes(&self, change: ChangeId) -> Result<Vec<Vote>> {
        read(&self.pool, change).await
    }

    /// Changes whose time to be approved in is over, and those with votes whose time is.
    pub async fn list_overdue_changes(&self) -> Result<Vec<ChangeId>> {
        let ids = sqlx::query_scalar!(
            r#"SELECT c.id FROM changes c WHERE c.state = $1 AND (
                   c.expires_at <= clock_timestamp()
                   OR EXISTS (SELECT FROM votes v WHERE v.change_id = c.id AND v.voided_at IS NULL
                              AND v.not_after <= clock_timestamp())
               ) ORDER BY c.id"#,
            ChangeState::AwaitingApprovals.as_str()
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(ids.into_iter().map(ChangeId).collect())
    }
}

impl Tx {
    pub async fn list_votes(&mut self, change: ChangeId) -> Result<Vec<Vote>> {
        read(self.connection(), change).await
    }

    /// A conflict: the person has a vote on this revision, or the nonce was used.
    pub async fn insert_vote(&mut self, new: &NewVote<'_>) -> Result<()> {
        let revision = i32::try_from(new.revision)
            .map_err(|error| Error::corrupt(new.change.to_string(), "revision", error))?;
        sqlx::query!(
            "INSERT INTO votes (change_id, revision, person, ballot, reason, nonce, statement, client_data_json,
                                authenticator_data, signature, credential_id, not_after, cast_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            new.change.0,
            revision,
            new.person,
            new.ballot.as_str(),
            new.reason,
            new.nonce,
            new.statement,
            new.client_data_json,
            new.authenticator_data,
            new.signature,
            new.credential_id,
            new.not_after,
            new.at
        )
        .execute(self.connection())
        .await?;
        self.notify(Notification::Change { environment: new.environment.to_owned(), change: new.change });
        Ok(())
    }

    /// Returns how many became void.
    pub async fn void_votes(&mut self, ids: &[i64], because: &str, at: Timestamp) -> Result<u64> {
        let rows = sqlx::query!(
            "UPDATE votes SET voided_at = $2, voided_because = $3 WHERE id = ANY($1) AND voided_at IS NULL",
            ids,
            at,
            because
        )
        .execute(self.connection())
        .await?;
        Ok(rows.rows_affected())
    }

    /// Those of changes that have not begun. Gives the changes whose votes became void, with their environments.
    pub async fn void_votes_of_key(
        &mut self,
        credential_id: &[u8],
        because: &str,
        at: Timestamp,
    ) -> Result<Vec<(ChangeId, String)>> {
        let rows = sqlx::query!(
            "UPDATE votes SET voided_at = $2, voided_because = $3 FROM changes c
             WHERE votes.credential_id = $1 AND votes.voided_at IS NULL AND c.id = votes.change_id
               AND c.state IN ('awaiting_approvals', 'approved')
             RETURNING c.id, c.environment",
            credential_id,
            at,
            because
        )
        .fetch_all(self.connection())
        .await?;
        let changes: Vec<(ChangeId, String)> =
            rows.into_iter().map(|row| (ChangeId(row.id), row.environment)).collect();
        for (change, environment) in &changes {
            self.notify(Notification::Change { environment: environment.clone(), change: *change });
        }
        Ok(changes)
    }
}

#[cfg(test)]
mod tests;
