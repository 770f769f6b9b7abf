//! Claims approved changes, runs their operations in the plan's order, and ends them when what is observed is what was declared.

use std::collections::BTreeMap;

use chrono::Duration;
use domain::{Actor, ChangeState, Timestamp, audit::AuditAction, change::Change, derive};
use futures_util::future::join_all;
use store::Tx;

use super::{Leader, Stopped, operations, progress};
use crate::{
    Control, Error,
    audit::{of_change, of_revision},
    canonical::canonical,
    neighbours,
};

/// Who acts, in the audit log.
const NAME: &str = "Reconciler";
/// A change whose VMs do not settle must not keep the one that mends them waiting for ever. Longer than a VM may take to start.
const PATIENCE: Duration = Duration::minutes(15);

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub claimed: u32,
    pub set_aside: u32,
    pub operated: u32,
    pub finished: u32,
    pub waiting: u32,
}

impl Status {
    /// Whether another round at once may do more.
    pub const fn progressed(self) -> bool {
        self.claimed + self.set_aside + self.operated + self.finished > 0
    }

    fn add(&mut self, other: Self) {
        self.claimed += other.claimed;
        self.set_aside += other.set_aside;
        self.operated += other.operated;
        self.finished += other.finished;
        self.waiting += other.waiting;
    }
}

pub fn system(control: &Control) -> Actor {
    Actor::system(NAME, &format!("reconcile-{}", control.clock.now().timestamp_millis()))
}

/// One change at a time in each environment, the oldest first; environments do not wait for each other.
pub async fn reconcile(control: &Control, leader: &Leader) -> Result<Status, Stopped> {
    let open = [ChangeState::Approved, ChangeState::Applying];
    let changes = control.store.list_changes_in(&open).await?;
    let mut queues: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    for change in &changes {
        queues.entry(&change.environment).or_default().push(change);
    }
    let rounds = join_all(queues.into_values().map(|queue| turn(control, leader, queue))).await;
    let mut status = Status::default();
    let mut stopped = None;
    for round in rounds {
        match round {
            Ok(done) => status.add(done),
            // One environment's fault is told once all have had their turn.
            Err(Stopped::Failed(error)) => {
                stopped.get_or_insert(Stopped::Failed(error));
            }
            Err(gone) => stopped = Some(gone),
        }
    }
    stopped.map_or(Ok(status), Err)
}

/// `queue`: the environment's open changes, the oldest first.
async fn turn(control: &Control, leader: &Leader, queue: Vec<&Change>) -> Result<Status, Stopped> {
    let mut status = Status::default();
    match queue.iter().find(|change| change.state == ChangeState::Applying) {
        Some(change) => apply(control, leader, change, queue.len() > 1, &mut status).await?,
        None => {
            if let Some(change) = queue.first() {
                claim(control, leader, change, &mut status).await?;
            }
        }
    }
    Ok(status)
}

/// Puts the change's declaration in force, if it still follows the one that its plan was made against.
async fn claim(
    control: &Control,
    leader: &Leader,
    change: &Change,
    status: &mut Status,
) -> Result<(), Stopped> {
    let now = control.clock.now();
    let actor = system(control);
    let revision = &change.revision;
    // The bytes that were approved are the bytes that run: a row that was changed behind our back does not.
    let intact = canonical(&revision.desired)?.sha256 == revision.payload_sha256
        && canonical(&revision.plan)?.sha256 == revision.plan_sha256;
    // Claims go one by one, so that no two environments of a project can take the same name at once.
    let _claiming = leader.claiming.lock().await;
    let taken = neighbours::names_taken(control, &revision.desired).await?;
    leader.checkpoints.pass()?;
    let mut tx = leader.begin(control).await?;
    let superseded = if let Some(violation) = taken.into_iter().next() {
        Some(violation.message)
    } else if !intact {
        tracing::error!(change = %change.id, "the stored bytes of a change do not match their digests");
        Some("its stored declaration or plan is not what was proposed".to_owned())
    } else {
        let current = tx.lock_environment(&change.environment).await?;
        let generation = current.map_or(0, |row| row.generation);
        (generation != revision.base_generation).then(|| {
            format!(
                "it was planned against generation {}, and {} is now at {generation}",
                revision.base_generation, change.environment
            )
        })
    };
    if let Some(why) = superseded {
        end(&mut tx, leader, &actor, change, (ChangeState::Superseded, &why), now).await?;
        tx.commit().await?;
        status.set_aside += 1;
        return Ok(());
    }
    let desired = &revision.desired;
    tx.declare_environment(desired, revision.base_generation, change.id, now).await?;
    let prefix = &desired.environment.name_prefix;
    let resources = derive::resources(desired, &[]);
    for spec in &desired.agent_vm_templates {
        let version = resources
            .templates
            .keys()
            .find(|resource| domain::name::is_version_of(resource, prefix, &spec.name));
        if let Some(resource) = version {
            tx.insert_template_version(&change.environment, spec, resource, change.id, now).await?;
        }
    }
    tx.declare_pools(&change.environment, &desired.agent_pools, change.id, now).await?;
    match tx.set_change_state(change.id, change.state, ChangeState::Applying, None, now).await {
        // Cancelled while we looked.
        Err(store::Error::Conflict(_)) => return Ok(()),
        moved => moved?,
    }
    let claimed = of_change(
        &actor,
        AuditAction::ClaimChange,
        (change.id, &change.environment),
        change.id.to_string(),
        format!("{} operations", revision.plan.actions.len()),
        now,
    );
    let claimed = of_revision(claimed, &revision.payload_sha256, &revision.plan_sha256)?;
    tx.append_audit(&leader.signs(claimed)).await?;
    leader.checkpoints.pass()?;
    tx.commit().await?;
    status.claimed += 1;
    leader.checkpoints.pass()?;
    Ok(())
}

/// `followed`: another change waits for this one.
async fn apply(
    control: &Control,
    leader: &Leader,
    change: &Change,
    followed: bool,
    status: &mut Status,
) -> Result<(), Stopped> {
    match operations::reconcile(control, leader, change).await? {
        operations::Status::Waiting { done } => {
            status.operated += done;
            status.waiting += 1;
        }
        operations::Status::Refused { why } => {
            finish(control, leader, change, ChangeState::Failed, &why).await?;
            status.finished += 1;
        }
        operations::Status::Done { done } => {
            status.operated += done;
            settle(control, leader, change, followed, status).await?;
        }
    }
    Ok(())
}

/// Every operation is done: ends the change once that is seen, or once a successor has waited long enough.
async fn settle(
    control: &Control,
    leader: &Leader,
    change: &Change,
    followed: bool,
    status: &mut Status,
) -> Result<(), Stopped> {
    let progress = progress::of_change(control, change).await?;
    let (state, why) = if progress.missing.is_empty() {
        (ChangeState::Applied, "observed equals desired".to_owned())
    } else if followed && progress.waits_since.is_some_and(|since| control.clock.now() - since > PATIENCE) {
        let why = format!(
            "it did not settle within {} minutes and another change waits: still missing {}",
            PATIENCE.num_minutes(),
            progress.missing.join(", ")
        );
        (ChangeState::Failed, why)
    } else {
        status.waiting += 1;
        return Ok(());
    };
    finish(control, leader, change, state, &why).await?;
    status.finished += 1;
    Ok(())
}

async fn finish(
    control: &Control,
    leader: &Leader,
    change: &Change,
    state: ChangeState,
    why: &str,
) -> Result<(), Stopped> {
    let now = control.clock.now();
    leader.checkpoints.pass()?;
    let mut tx = leader.begin(control).await?;
    end(&mut tx, leader, &system(control), change, (state, why), now).await?;
    leader.checkpoints.pass()?;
    tx.commit().await?;
    leader.checkpoints.pass()?;
    Ok(())
}

/// The change's last state, with its event.
async fn end(
    tx: &mut Tx,
    leader: &Leader,
    actor: &Actor,
    change: &Change,
    (to, why): (ChangeState, &str),
    now: Timestamp,
) -> Result<(), Error> {
    let action = match to {
        ChangeState::Applied => AuditAction::FinishChange,
        ChangeState::Failed => AuditAction::FailChange,
        _ => AuditAction::SupersedeChange,
    };
    tx.set_change_state(change.id, change.state, to, Some(why), now).await?;
    let ended = of_change(actor, action, (change.id, &change.environment), change.id.to_string(), why, now);
    tx.append_audit(&leader.signs(ended)).await?;
    Ok(())
}
