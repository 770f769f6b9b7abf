//! The audit log's rows. An append locks the head row, so numbers have no gaps and each event names the one before it.

mod read;
mod verify;

use audit_log::{Hash, Leaf, LeafActor, VERSION};
use chrono::SubsecRound;
use domain::{
    Actor, ChangeId, Timestamp,
    actor::ActorKind,
    audit::{AuditAction, AuditEvent},
};
use serde_json::{Map, Value};

use crate::{Epoch, Error, Notification, Result, Tx};

pub use read::{AuditFilter, DeclaredAround, StoredAuditEvent};
pub use verify::AuditVerification;

const KINDS: [ActorKind; 3] = [ActorKind::Person, ActorKind::System, ActorKind::Agent];

const fn kind_text(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::Person => "person",
        ActorKind::System => "system",
        ActorKind::Agent => "agent",
    }
}

/// An event to append. Neither `object` nor `detail` nor `payload` may hold personal text: they are hashed, so they can never be erased.
#[derive(Clone, Debug)]
pub struct NewEvent<'a> {
    pub actor: &'a Actor,
    pub action: AuditAction,
    pub object: String,
    pub at: Timestamp,
    pub environment: Option<String>,
    pub detail: String,
    pub change: Option<ChangeId>,
    pub before_sha256: Option<Hash>,
    pub after_sha256: Option<Hash>,
    pub trace_id: Option<String>,
    /// Of the leader that acts.
    pub epoch: Option<Epoch>,
    /// No floats; large numbers as text. `detail` is added by itself.
    pub payload: Map<String, Value>,
}

impl<'a> NewEvent<'a> {
    /// The least that an event says; the rest are fields to set.
    pub fn new(actor: &'a Actor, action: AuditAction, object: impl Into<String>, at: Timestamp) -> Self {
        Self {
            actor,
            action,
            object: object.into(),
            at,
            environment: None,
            detail: String::new(),
            change: None,
            before_sha256: None,
            after_sha256: None,
            trace_id: None,
            epoch: None,
            payload: Map::new(),
        }
    }

    /// Tells, field by field, what was before and what is after. A side leaves out what is not there on it.
    pub fn differing(
        mut self,
        before: impl IntoIterator<Item = (String, String)>,
        after: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        self.payload.insert("before".to_owned(), side(before));
        self.payload.insert("after".to_owned(), side(after));
        self
    }

    /// Of a change: its environment and id, and the id as the object.
    pub fn of_change(
        actor: &'a Actor,
        action: AuditAction,
        change: ChangeId,
        environment: &str,
        at: Timestamp,
    ) -> Self {
        Self {
            environment: Some(environment.to_owned()),
            change: Some(change),
            ..Self::new(actor, action, change.to_string(), at)
        }
    }

    fn leaf(&self, seq: i64, prev: Hash) -> Leaf {
        let mut payload = self.payload.clone();
        payload.insert("detail".to_owned(), Value::String(self.detail.clone()));
        Leaf {
            v: VERSION,
            seq,
            prev,
            ts: audit_log::timestamp(self.at),
            env: self.environment.clone(),
            actor: LeafActor {
                kind: self.actor.kind,
                id: self.actor.id.clone(),
                authn: self.actor.authn.clone(),
            },
            action: self.action.as_str().to_owned(),
            object: self.object.clone(),
            before_sha256: self.before_sha256,
            after_sha256: self.after_sha256,
            change_id: self.change,
            request_id: self.actor.request_id.clone(),
            trace_id: self.trace_id.clone(),
            epoch: self.epoch.map(|epoch| epoch.0),
            payload,
        }
    }
}

fn side(fields: impl IntoIterator<Item = (String, String)>) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name, Value::String(value))).collect())
}

impl Tx {
    pub async fn append_audit(&mut self, event: &NewEvent<'_>) -> Result<AuditEvent> {
        let mut appended = self.append_audits(std::slice::from_ref(event)).await?;
        appended.pop().ok_or_else(|| Error::Conflict("no event was appended".to_owned()))
    }

    /// Appends in order, in three statements however many. Other appends wait until this transaction ends: make it the last thing before the commit.
    pub async fn append_audits(&mut self, events: &[NewEvent<'_>]) -> Result<Vec<AuditEvent>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let head =
            sqlx::query!("SELECT seq, hash FROM audit_head FOR UPDATE").fetch_one(self.connection()).await?;
        let (mut seq, mut hash) = (head.seq, stored_hash("audit head", &head.hash)?);
        let (mut leaves, mut appended) = (Vec::new(), Vec::new());
        for event in events {
            seq += 1;
            let leaf = event.leaf(seq, hash).to_bytes().map_err(Error::Unrecordable)?;
            hash = Leaf::hash_bytes(&leaf);
            leaves.push(leaf);
            let (facts, differences) = read::told(&event.payload);
            appended.push(AuditEvent {
                seq,
                // As the database keeps it.
                at: event.at.trunc_subsecs(6),
                environment: event.environment.clone(),
                actor_kind: event.actor.kind,
                actor_id: event.actor.id.clone(),
                actor_name: event.actor.name.clone(),
                action: event.action,
                object: event.object.clone(),
                detail: event.detail.clone(),
                change: event.change,
                request_id: event.actor.request_id.clone(),
                hash: hash.to_string(),
                before_sha256: event.before_sha256.map(|hash| hash.to_string()),
                after_sha256: event.after_sha256.map(|hash| hash.to_string()),
                facts,
                differences,
            });
        }
        self.insert_events(&appended, &leaves).await?;
        sqlx::query!("UPDATE audit_head SET seq = $1, hash = $2", seq, &hash.0[..])
            .execute(self.connection())
            .await?;
        self.notify(Notification::Audit { seq });
        Ok(appended)
    }

    async fn insert_events(&mut self, events: &[AuditEvent], leaves: &[Vec<u8>]) -> Result<()> {
        let text = |of: fn(&AuditEvent) -> String| events.iter().map(of).collect::<Vec<_>>();
        let hashes: Vec<Vec<u8>> = leaves.iter().map(|leaf| Leaf::hash_bytes(leaf).0.to_vec()).collect();
        let environments: Vec<Option<String>> =
            events.iter().map(|event| event.environment.clone()).collect();
        let changes: Vec<Option<i64>> =
            events.iter().map(|event| event.change.map(|change| change.0)).collect();
        sqlx::query!(
            "INSERT INTO audit_events (seq, leaf, hash, at, environment, actor_kind, actor_id, action, object, detail,
                                       change_id, request_id)
             SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::timestamptz[], $5::text[], $6::text[],
                                  $7::text[], $8::text[], $9::text[], $10::text[], $11::bigint[], $12::text[])",
            &events.iter().map(|event| event.seq).collect::<Vec<_>>(),
            leaves,
            &hashes,
            &events.iter().map(|event| event.at).collect::<Vec<_>>(),
            &environments as _,
            &text(|event| kind_text(event.actor_kind).to_owned()),
            &text(|event| event.actor_id.clone()),
            &text(|event| event.action.as_str().to_owned()),
            &text(|event| event.object.clone()),
            &text(|event| event.detail.clone()),
            &changes as _,
            &text(|event| event.request_id.clone())
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

fn stored_hash(row: &str, bytes: &[u8]) -> Result<Hash> {
    Hash::try_from(bytes).map_err(|error| Error::corrupt(row, "hash", error))
}

#[cfg(test)]
mod tampering;
#[cfg(test)]
mod tests;
