//! Verifying the stored log, in pages. Relies on no trigger and no permission: only on the bytes, and on a checkpoint
//! that was kept elsewhere.

use audit_log::{Chain, Checkpoint, FirstWrong, Hash, Why};
use domain::{ChangeId, Timestamp};
use serde_json::Value;

use super::kind_text;
use crate::{Result, Store};

/// Events per statement.
const BATCH: i64 = 1000;

/// What a verification of all events found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditVerification {
    /// Events that are right, from the first on.
    pub count: i64,
    /// The hash of the last of them.
    pub hash: Hash,
    pub first_wrong: Option<FirstWrong>,
}

impl AuditVerification {
    /// How far the log is right, to be kept elsewhere.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { seq: self.count, hash: self.hash }
    }
}

impl Store {
    /// Reads the whole log and checks each event, its query columns, that the last one is the head, and that what was
    /// witnessed is still there.
    pub async fn verify_audit(&self, witnessed: Option<&Checkpoint>) -> Result<AuditVerification> {
        let end = sqlx::query!(
            r#"SELECT seq, hash, (SELECT coalesce(max(seq), 0) FROM audit_events) AS "last!" FROM audit_head"#
        )
        .fetch_optional(&self.pool)
        .await?;
        // Without a head nothing can be appended; events are checked all the same.
        let (head, last) = match &end {
            Some(row) => ((row.seq, row.hash.as_slice()), row.last),
            None => ((-1, &[][..]), i64::MAX),
        };
        let mut chain = Chain::START;
        let found = self.follow(&mut chain, last, witnessed).await?;
        let wrong = found.or_else(|| {
            if let Some(wrong) = witnessed.and_then(|witnessed| witnessed.is_reached(&chain).err()) {
                return Some(wrong);
            }
            let right = head == (chain.seq(), &chain.hash().0[..]);
            let why = match &end {
                Some(row) if row.seq == row.last => {
                    Why::Beside("the log's head has another hash than its last event".to_owned())
                }
                Some(row) => {
                    Why::Beside(format!("the log's head says {}, its last event is {}", row.seq, row.last))
                }
                None => Why::Beside("the log has no head".to_owned()),
            };
            (!right).then(|| FirstWrong { seq: chain.seq() + 1, why })
        });
        Ok(AuditVerification { count: chain.seq(), hash: chain.hash(), first_wrong: wrong })
    }

    async fn follow(
        &self,
        chain: &mut Chain,
        last: i64,
        witnessed: Option<&Checkpoint>,
    ) -> Result<Option<FirstWrong>> {
        let as_witnessed = |chain: &Chain| witnessed.map_or(Ok(()), |witnessed| witnessed.compare(chain));
        if let Err(wrong) = as_witnessed(chain) {
            return Ok(Some(wrong));
        }
        loop {
            let rows = sqlx::query_as!(
                Row,
                "SELECT seq, leaf, hash, at, environment, actor_kind, actor_id, action, object, detail, change_id, request_id
                 FROM audit_events WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3",
                chain.seq(),
                last,
                BATCH
            )
            .fetch_all(&self.pool)
            .await?;
            if rows.is_empty() {
                return Ok(None);
            }
            for row in rows {
                if let Err(wrong) = row.check(chain).and_then(|()| as_witnessed(chain)) {
                    return Ok(Some(wrong));
                }
            }
        }
    }
}

impl Store {
    /// Follows the log from an event that was verified before, for at most `limit` events; returns where it came to, or what is wrong.
    pub async fn verify_audit_onward(
        &self,
        from: (i64, Hash),
        limit: u32,
    ) -> Result<std::result::Result<(i64, Hash), FirstWrong>> {
        let mut chain = Chain::at(from.0, from.1);
        let rows = sqlx::query_as!(
            Row,
            "SELECT seq, leaf, hash, at, environment, actor_kind, actor_id, action, object, detail, change_id, request_id
             FROM audit_events WHERE seq > $1 ORDER BY seq LIMIT $2",
            chain.seq(),
            i64::from(limit)
        )
        .fetch_all(&self.pool)
        .await?;
        match rows.iter().find_map(|row| row.check(&mut chain).err()) {
            Some(wrong) => Ok(Err(wrong)),
            None => Ok(Ok((chain.seq(), chain.hash()))),
        }
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
