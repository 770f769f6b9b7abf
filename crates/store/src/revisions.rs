//! Revisions of a change: each is written once, as canonical bytes with their digests, and never again.

use audit_log::{Hash, canonical};
use domain::{
    ChangeId, FleetSpec, Timestamp,
    change::{Change, Verdict},
    plan::Plan,
};
use serde::Serialize;
use sqlx::types::Json;

use crate::{Error, Notification, Result, Tx};

#[derive(Clone, Debug)]
pub struct NewRevision<'a> {
    /// One above the last: a conflict says that somebody else was faster.
    pub number: u32,
    pub base_generation: i64,
    pub desired: &'a FleetSpec,
    pub plan: &'a Plan,
    pub verdict: &'a Verdict,
    /// The id of the person who made it. None: the control plane planned the same declaration again.
    pub created_by: Option<&'a str>,
    pub at: Timestamp,
}

fn digested<T: Serialize>(column: &'static str, value: &T) -> Result<(Vec<u8>, Hash)> {
    let bytes =
        canonical::to_bytes(value).map_err(|error| Error::corrupt("a new revision", column, error))?;
    let digest = canonical::sha256(&bytes);
    Ok((bytes, digest))
}

impl Tx {
    /// Says what the latest revision does.
    pub async fn retitle_change(&mut self, id: ChangeId, title: &str) -> Result<()> {
        sqlx::query!("UPDATE changes SET title = $2 WHERE id = $1", id.0, title)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    pub async fn insert_revision(&mut self, change: ChangeId, new: &NewRevision<'_>) -> Result<Change> {
        let (desired, desired_sha256) = digested("desired", new.desired)?;
        let (plan, plan_sha256) = digested("plan", new.plan)?;
        let touches: Vec<String> =
            new.plan.actions.iter().map(|action| action.step.name().to_owned()).collect();
        let number =
            i32::try_from(new.number).map_err(|error| Error::corrupt(change.to_string(), "number", error))?;
        sqlx::query!(
            "INSERT INTO change_revisions
                 (change_id, number, base_generation, desired_canonical, plan_canonical, desired, plan,
                  desired_sha256, plan_sha256, verdict, touches, created_at, created_by)
             VALUES ($1, $2, $3, $4, $5, convert_from($4, 'UTF8')::jsonb, convert_from($5, 'UTF8')::jsonb,
                     $6, $7, $8, $9, $10, $11)",
            change.0,
            number,
            new.base_generation,
            desired,
            plan,
            &desired_sha256.0[..],
            &plan_sha256.0[..],
            Json(new.verdict) as _,
            &touches,
            new.at,
            new.created_by
        )
        .execute(self.connection())
        .await?;
        let change = self.change(change).await?;
        self.notify(Notification::Change { environment: change.environment.clone(), change: change.id });
        Ok(change)
    }
}

#[cfg(test)]
mod tests {
    use domain::ChangeState;
    use sqlx::PgPool;

    use super::*;
    use crate::{
        Store,
        samples::{self, at, propose},
    };

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    async fn the_latest_revision_is_the_change_s_and_each_number_is_given_once(pool: PgPool) {
        let store = Store::from(pool);
        let first = propose(&store, "prod", ChangeState::AwaitingApprovals).await;
        assert_eq!(first.authors, ["sub-sre"]);
        let mut desired = samples::spec("prod");
        desired.environment.default_pool_size = 7;
        let plan = samples::plan("prod");
        let new = NewRevision {
            number: 2,
            base_generation: 3,
            desired: &desired,
            plan: &plan,
            verdict: &first.revision.verdict,
            created_by: Some("sub-editor"),
            at: at(5),
        };
        let mut tx = store.begin().await.unwrap();
        let second = tx.insert_revision(first.id, &new).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.get_change(first.id).await.unwrap(), Some(second.clone()));
        assert_eq!((second.revision.number, second.revision.base_generation), (2, 3));
        assert_eq!(second.revision.desired, desired);
        assert_ne!(second.revision.payload_sha256, first.revision.payload_sha256);
        assert_eq!(second.authors, ["sub-editor", "sub-sre"]);
        let mut tx = store.begin().await.unwrap();
        let again = tx.insert_revision(first.id, &new).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    }
}
