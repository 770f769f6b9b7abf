//! The audit log's rows. An append locks the head row, so numbers have no gaps and each event names the one before it.

use audit_log::{Chain, FirstWrong, Hash, Leaf, LeafActor, VERSION, Why};
use chrono::SubsecRound;
use domain::{
    Actor, ChangeId, Timestamp,
    actor::ActorKind,
    audit::{AuditAction, AuditEvent},
};
use serde_json::{Map, Value};

use crate::{Epoch, Error, Notification, Result, Store, Tx, column};

/// Events per statement while verifying.
const BATCH: i64 = 1000;

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

#[derive(Clone, Debug, Default)]
pub struct AuditFilter<'a> {
    pub environment: Option<&'a str>,
    pub change: Option<ChangeId>,
    pub actor_id: Option<&'a str>,
    /// Only events before this number: the last one of the page before.
    pub before: Option<i64>,
}

/// What a verification of all events found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditVerification {
    /// Events that are right, from the first on.
    pub count: i64,
    /// The hash of the last of them.
    pub hash: Hash,
    pub first_wrong: Option<FirstWrong>,
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

impl Store {
    /// Newest first. Names are those that people have now.
    pub async fn list_audit(&self, filter: &AuditFilter<'_>, limit: u32) -> Result<Vec<AuditEvent>> {
        sqlx::query!(
            r#"SELECT a.seq, a.at, a.environment, a.actor_kind, a.actor_id,
                      coalesce(p.name, a.actor_id) AS "actor_name!",
                      a.action, a.object, a.detail, a.change_id, a.request_id, a.hash
               FROM audit_events a LEFT JOIN people p ON a.actor_kind = 'person' AND p.sub = a.actor_id
               WHERE ($1::text IS NULL OR a.environment = $1) AND ($2::bigint IS NULL OR a.change_id = $2)
                 AND ($3::text IS NULL OR a.actor_id = $3) AND ($4::bigint IS NULL OR a.seq < $4)
               ORDER BY a.seq DESC LIMIT $5"#,
            filter.environment,
            filter.change.map(|change| change.0),
            filter.actor_id,
            filter.before,
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?
        .into_iter()
        .map(|row| {
            let named = || format!("audit event {}", row.seq);
            Ok(AuditEvent {
                seq: row.seq,
                at: row.at,
                actor_kind: column::variant(named, "actor_kind", &KINDS, kind_text, &row.actor_kind)?,
                action: column::text(named, "action", &row.action)?,
                hash: stored_hash(&named(), &row.hash)?.to_string(),
                environment: row.environment,
                actor_id: row.actor_id,
                actor_name: row.actor_name,
                object: row.object,
                detail: row.detail,
                change: row.change_id.map(ChangeId),
                request_id: row.request_id,
            })
        })
        .collect()
    }

    /// Reads the whole log and checks each event, its query columns, and that the last one is the head.
    pub async fn verify_audit(&self) -> Result<AuditVerification> {
        let end = sqlx::query!(
            r#"SELECT seq, hash, (SELECT coalesce(max(seq), 0) FROM audit_events) AS "last!" FROM audit_head"#
        )
        .fetch_one(&self.pool)
        .await?;
        let mut chain = Chain::START;
        let wrong = loop {
            let rows = sqlx::query_as!(
                Row,
                "SELECT seq, leaf, hash, at, environment, actor_kind, actor_id, action, object, detail, change_id, request_id
                 FROM audit_events WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3",
                chain.seq(),
                end.last,
                BATCH
            )
            .fetch_all(&self.pool)
            .await?;
            if rows.is_empty() {
                let right = (end.seq, end.hash.as_slice()) == (chain.seq(), &chain.hash().0[..]);
                let why =
                    Why::Beside(format!("the log's head says {}, its last event is {}", end.seq, end.last));
                break (!right).then(|| FirstWrong { seq: chain.seq() + 1, why });
            }
            if let Some(wrong) = rows.iter().find_map(|row| row.check(&mut chain).err()) {
                break Some(wrong);
            }
        };
        Ok(AuditVerification { count: chain.seq(), hash: chain.hash(), first_wrong: wrong })
    }
}

struct Row {
    seq: i64,
    leaf: Vec<u8>,
    hash: Vec<u8>,
    at: Timestamp,
    environment: Option<String>,
    actor_kind: String,
    actor_id: String,
    action: String,
    object: String,
    detail: String,
    change_id: Option<i64>,
    request_id: String,
}

impl Row {
    /// The chain's next leaf, which the columns must repeat.
    fn check(&self, chain: &mut Chain) -> std::result::Result<(), FirstWrong> {
        let mut next = *chain;
        let leaf = next.follow(&self.leaf, &self.hash)?;
        let detail = leaf.payload.get("detail").and_then(Value::as_str);
        let differing = [
            ("seq", leaf.seq == self.seq),
            ("at", leaf.ts == audit_log::timestamp(self.at)),
            ("environment", leaf.env == self.environment),
            ("actor_kind", kind_text(leaf.actor.kind) == self.actor_kind),
            ("actor_id", leaf.actor.id == self.actor_id),
            ("action", leaf.action == self.action),
            ("object", leaf.object == self.object),
            ("detail", detail == Some(self.detail.as_str())),
            ("change_id", leaf.change_id == self.change_id.map(ChangeId)),
            ("request_id", leaf.request_id == self.request_id),
        ]
        .into_iter()
        .find_map(|(column, same)| (!same).then_some(column));
        if let Some(column) = differing {
            let why = Why::Beside(format!("its column {column} does not repeat the event"));
            return Err(FirstWrong { seq: next.seq(), why });
        }
        *chain = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
