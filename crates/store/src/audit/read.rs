//! Reading the log: pages of it in both directions, and one event.

use audit_log::{Exported, Leaf};
use domain::{
    ChangeId, FleetSpec, Timestamp,
    audit::{AuditAction, AuditEvent},
    plan::FieldChange,
};
use serde_json::{Map, Value};

use super::{KINDS, kind_text, stored_hash};
use crate::{Error, Result, Store, column};

/// Everything that is set must hold.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter<'a> {
    pub environment: Option<&'a str>,
    pub change: Option<ChangeId>,
    /// An id, or the whole name that a person has now.
    pub actor: Option<&'a str>,
    pub action: Option<AuditAction>,
    /// A whole word of the object.
    pub object: Option<&'a str>,
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
    /// Only events before this number: the last one of the page before.
    pub before: Option<i64>,
    /// Only events after this number.
    pub after: Option<i64>,
}

struct Listed {
    seq: i64,
    leaf: Vec<u8>,
    hash: Vec<u8>,
    at: Timestamp,
    environment: Option<String>,
    actor_kind: String,
    actor_id: String,
    actor_name: String,
    action: String,
    object: String,
    detail: String,
    change_id: Option<i64>,
    request_id: String,
}

impl Listed {
    fn event(self) -> Result<AuditEvent> {
        let named = || format!("audit event {}", self.seq);
        // One that was tampered with must not hide the others from people: it says so itself, and verification names it.
        let leaf = Leaf::from_bytes(&self.leaf).ok();
        let (facts, differences) = leaf.as_ref().map_or_else(
            || (vec![("leaf".to_owned(), "cannot be read: verify the log".to_owned())], Vec::new()),
            |leaf| told(&leaf.payload),
        );
        let sha256 = |of: fn(&Leaf) -> Option<audit_log::Hash>| {
            leaf.as_ref().and_then(of).map(|hash| hash.to_string())
        };
        Ok(AuditEvent {
            seq: self.seq,
            at: self.at,
            actor_kind: column::variant(named, "actor_kind", &KINDS, kind_text, &self.actor_kind)?,
            action: column::text(named, "action", &self.action)?,
            hash: stored_hash(&named(), &self.hash)?.to_string(),
            before_sha256: sha256(|leaf| leaf.before_sha256),
            after_sha256: sha256(|leaf| leaf.after_sha256),
            facts,
            differences,
            environment: self.environment,
            actor_id: self.actor_id,
            actor_name: self.actor_name,
            object: self.object,
            detail: self.detail,
            change: self.change_id.map(ChangeId),
            request_id: self.request_id,
        })
    }
}

/// A payload as people read it: `before` and `after` are held against each other, all else is told.
pub(super) fn told(payload: &Map<String, Value>) -> (Vec<(String, String)>, Vec<FieldChange>) {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let side = |name: &str| payload.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let (before, after) = (side("before"), side("after"));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let differences = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| FieldChange {
            attribute: name.clone(),
            before: before.get(name).map(text),
            after: after.get(name).map(text),
        })
        .collect();
    let known = ["detail", "before", "after"];
    let mut facts: Vec<(String, String)> = payload
        .iter()
        .filter(|(name, value)| !(known.contains(&name.as_str()) && (*name == "detail" || value.is_object())))
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    facts.sort();
    (facts, differences)
}

/// What a revision of a change declared, and what stood before that.
#[derive(Debug)]
pub struct DeclaredAround {
    /// In its environment when the revision was planned; None where nothing was, or nobody recorded it.
    pub in_force: Option<FleetSpec>,
    pub revision: u32,
    /// By the revision before; None: this is the first.
    pub earlier: Option<FleetSpec>,
    pub declared: FleetSpec,
}

/// One event with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAuditEvent {
    pub event: AuditEvent,
    pub prev: audit_log::Hash,
    /// Canonical JSON.
    pub leaf: String,
    /// The number of the last event there is.
    pub last: i64,
}

impl Store {
    /// The newest, newest first. Names are those that people have now.
    pub async fn list_audit(&self, filter: &AuditFilter<'_>, limit: u32) -> Result<Vec<AuditEvent>> {
        self.newest_audit(filter, limit).await?.into_iter().map(Listed::event).collect()
    }

    /// The oldest, newest first all the same.
    pub async fn list_oldest_audit(&self, filter: &AuditFilter<'_>, limit: u32) -> Result<Vec<AuditEvent>> {
        self.oldest_audit(filter, limit).await?.into_iter().rev().map(Listed::event).collect()
    }

    /// The number of the newest.
    pub async fn last_audit(&self, filter: &AuditFilter<'_>) -> Result<Option<i64>> {
        Ok(self.newest_audit(filter, 1).await?.first().map(|row| row.seq))
    }

    /// The oldest, oldest first, as they are chained: their numbers and stored bytes. What was tampered with is given as it
    /// stands, so that whoever reads it finds it.
    pub async fn export_audit(&self, filter: &AuditFilter<'_>, limit: u32) -> Result<Vec<(i64, Exported)>> {
        let rows = self.oldest_audit(filter, limit).await?.into_iter();
        rows.map(|row| {
            let hash = stored_hash(&format!("audit event {}", row.seq), &row.hash)?.to_string();
            Ok((row.seq, Exported { hash, leaf: String::from_utf8_lossy(&row.leaf).into_owned() }))
        })
        .collect()
    }

    async fn newest_audit(&self, filter: &AuditFilter<'_>, limit: u32) -> Result<Vec<Listed>> {
        let rows = sqlx::query_as!(
                    Listed,
                    r#"SELECT a.seq, a.leaf, a.hash, a.at, a.environment, a.actor_kind, a.actor_id,
                              coalesce(p.name, a.actor_id) AS "actor_name!",
                              a.action, a.object, a.detail, a.change_id, a.request_id
                       FROM audit_events a LEFT JOIN people p ON a.actor_kind = 'person' AND p.sub = a.actor_id
                       WHERE ($1::text IS NULL OR a.environment = $1) AND ($2::bigint IS NULL OR a.change_id = $2)
                         AND ($3::text IS NULL OR a.actor_id = $3 OR lower(p.name) = lower($3))
                         AND ($4::text IS NULL OR a.action = $4)
                         AND ($5::text IS NULL OR string_to_array(a.object, ' ') @> ARRAY[$5])
                         AND ($6::timestamptz IS NULL OR a.at >= $6) AND ($7::timestamptz IS NULL OR a.at < $7)
                         AND ($8::bigint IS NULL OR a.seq < $8) AND ($9::bigint IS NULL OR a.seq > $9)
                       ORDER BY a.seq DESC LIMIT $10"#,
                    filter.environment,
                    filter.change.map(|change| change.0),
                    filter.actor,
                    filter.action.map(AuditAction::as_str),
                    filter.object,
                    filter.from,
                    filter.until,
                    filter.before,
                    filter.after,
                    i64::from(limit)
                )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    async fn oldest_audit(&self, filter: &AuditFilter<'_>, limit: u32) -> Result<Vec<Listed>> {
        let rows = sqlx::query_as!(
                    Listed,
                    r#"SELECT a.seq, a.leaf, a.hash, a.at, a.environment, a.actor_kind, a.actor_id,
                              coalesce(p.name, a.actor_id) AS "actor_name!",
                              a.action, a.object, a.detail, a.change_id, a.request_id
                       FROM audit_events a LEFT JOIN people p ON a.actor_kind = 'person' AND p.sub = a.actor_id
                       WHERE ($1::text IS NULL OR a.environment = $1) AND ($2::bigint IS NULL OR a.change_id = $2)
                         AND ($3::text IS NULL OR a.actor_id = $3 OR lower(p.name) = lower($3))
                         AND ($4::text IS NULL OR a.action = $4)
                         AND ($5::text IS NULL OR string_to_array(a.object, ' ') @> ARRAY[$5])
                         AND ($6::timestamptz IS NULL OR a.at >= $6) AND ($7::timestamptz IS NULL OR a.at < $7)
                         AND ($8::bigint IS NULL OR a.seq < $8) AND ($9::bigint IS NULL OR a.seq > $9)
                       ORDER BY a.seq LIMIT $10"#,
                    filter.environment,
                    filter.change.map(|change| change.0),
                    filter.actor,
                    filter.action.map(AuditAction::as_str),
                    filter.object,
                    filter.from,
                    filter.until,
                    filter.before,
                    filter.after,
                    i64::from(limit)
                )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    pub async fn get_audit(&self, seq: i64) -> Result<Option<StoredAuditEvent>> {
        let found = sqlx::query_as!(
            Listed,
            r#"SELECT a.seq, a.leaf, a.hash, a.at, a.environment, a.actor_kind, a.actor_id,
                      coalesce(p.name, a.actor_id) AS "actor_name!",
                      a.action, a.object, a.detail, a.change_id, a.request_id
               FROM audit_events a LEFT JOIN people p ON a.actor_kind = 'person' AND p.sub = a.actor_id
               WHERE a.seq = $1"#,
            seq
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = found else { return Ok(None) };
        let head = sqlx::query!("SELECT seq FROM audit_head").fetch_one(&self.pool).await?;
        let named = format!("audit event {seq}");
        let read =
            Leaf::from_bytes(&row.leaf).map_err(|error| Error::corrupt(named.clone(), "leaf", error))?;
        let leaf =
            String::from_utf8(row.leaf.clone()).map_err(|error| Error::corrupt(named, "leaf", error))?;
        Ok(Some(StoredAuditEvent { prev: read.prev, leaf, last: head.seq, event: row.event()? }))
    }

    /// Whether the log knows an environment by that name, applied or only proposed.
    pub async fn audit_names(&self, environment: &str) -> Result<bool> {
        let found = sqlx::query!(
            r#"SELECT EXISTS (SELECT 1 FROM audit_events WHERE environment = $1) AS "exists!""#,
            environment
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(found.exists)
    }

    /// Of the change's revision with those digests.
    pub async fn declared_around(
        &self,
        change: ChangeId,
        desired: &audit_log::Hash,
        plan: &audit_log::Hash,
    ) -> Result<Option<DeclaredAround>> {
        let found = sqlx::query!(
            r#"SELECT c.environment, r.number, r.desired, r.base_generation, earlier.desired AS "earlier?"
               FROM changes c JOIN change_revisions r ON r.change_id = c.id
               LEFT JOIN change_revisions earlier
                      ON earlier.change_id = r.change_id AND earlier.number = r.number - 1
               WHERE c.id = $1 AND r.desired_sha256 = $2 AND r.plan_sha256 = $3
               ORDER BY r.number DESC LIMIT 1"#,
            change.0,
            &desired.0[..],
            &plan.0[..]
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = found else { return Ok(None) };
        let named = || change.to_string();
        let read = |desired| column::json(named, "desired", desired);
        Ok(Some(DeclaredAround {
            in_force: self.declaration_at(&row.environment, row.base_generation).await?,
            revision: column::count(named, "number", row.number)?,
            earlier: row.earlier.map(read).transpose()?,
            declared: read(row.desired)?,
        }))
    }
}
