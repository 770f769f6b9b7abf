//! Revisions of a change: each is written once, as canonical bytes with their digests, and never again.

use std::collections::BTreeSet;

use audit_log::{Hash, canonical};
use domain::{
    ChangeId, FleetSpec, Timestamp,
    change::{Change, Verdict},
    name,
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

/// Names of resources that the revision is about: those of the plan's steps, the groups of VMs that have a step of their own, and the
/// groups of pools that it declares otherwise: one that holds to a version has no step for that.
fn touches(before: Option<&FleetSpec>, desired: &FleetSpec, plan: &Plan) -> Vec<String> {
    let mut touched = BTreeSet::new();
    for action in &plan.actions {
        touched.insert(action.step.name().to_owned());
        touched.extend(action.step.instance().map(|vm| vm.group.clone()));
    }
    for pool in before.map(|_| &desired.agent_pools).into_iter().flatten() {
        let declared = before.and_then(|before| before.agent_pools.iter().find(|own| own.name == pool.name));
        if declared != Some(pool) {
            touched.insert(name::instance_group(&desired.environment.name_prefix, &pool.name));
        }
    }
    touched.into_iter().collect()
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
        let before = self.declaration_at(&new.plan.environment, new.base_generation).await?;
        let touches = touches(before.as_ref(), new.desired, new.plan);
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
    use domain::{
        AgentType, ChangeState,
        plan::{Action, InstanceRef, Step},
        pool::PoolSpec,
    };
    use sqlx::PgPool;

    use super::*;
    use crate::{
        Store,
        samples::{self, at, propose},
    };

    #[test]
    fn a_revision_is_about_the_groups_of_its_vms_and_of_pools_that_it_declares_otherwise() {
        let mut before = samples::spec("dev");
        let pool = |name: &str| PoolSpec::new(name, AgentType::BackendDeveloper, "vm");
        before.agent_pools = vec![pool("web"), pool("batch")];
        let group = |name: &str| name::instance_group(&before.environment.name_prefix, name);
        let none = Plan { actions: Vec::new(), ..samples::plan("dev") };
        assert_eq!(touches(Some(&before), &before, &none), Vec::<String>::new());

        let mut pinned = before.clone();
        pinned.agent_pools[0].template_version = Some("0a1b2c3d".to_owned());
        assert_eq!(touches(Some(&before), &pinned, &none), [group("web")], "no step tells of it");

        let vm = InstanceRef { group: group("batch"), zone: "us-central1-a".into(), name: "batch-x".into() };
        let action = Action { step: Step::DeleteInstance(vm), reason: String::new(), changes: Vec::new() };
        let deletes = Plan { actions: vec![action], ..none };
        assert_eq!(touches(Some(&before), &before, &deletes), ["batch-x".to_owned(), group("batch")]);
        assert_eq!(touches(None, &before, &deletes).len(), 2, "what is first declared has steps of its own");
    }

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
