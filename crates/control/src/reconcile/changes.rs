//! Claims approved changes, runs their operations in the plan's order, and ends them when what is observed is what was declared.

use domain::{Actor, ChangeState, audit::AuditAction, change::Change, derive};
use store::Tx;

use super::{Leader, Stopped, operations, progress};
use crate::{Control, Error, audit::of_change, canonical::canonical};

/// Who acts, in the audit log.
const NAME: &str = "reconciler of changes";

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
}

pub fn system(control: &Control) -> Actor {
    Actor::system(NAME, &format!("reconcile-{}", control.clock.now().timestamp_millis()))
}

pub async fn reconcile(control: &Control, leader: &Leader) -> Result<Status, Stopped> {
    let mut status = Status::default();
    let open = [ChangeState::Approved, ChangeState::Applying];
    let changes = control.store.list_changes_in(&open).await?;
    for change in &changes {
        if change.state == ChangeState::Applying {
            apply(control, leader, change, &mut status).await?;
        }
    }
    for change in &changes {
        // One change at a time in each environment, the oldest first.
        let busy = changes.iter().any(|other| {
            other.environment == change.environment
                && (other.state == ChangeState::Applying || other.id < change.id)
                && other.id != change.id
        });
        if change.state == ChangeState::Approved && !busy {
            claim(control, leader, change, &mut status).await?;
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
    leader.checkpoints.pass()?;
    let mut tx = leader.begin(control).await?;
    if !intact {
        let why = "its stored declaration or plan is not what was proposed";
        set_aside(&mut tx, &actor, change, ChangeState::Superseded, why, now).await?;
        tx.commit().await?;
        status.set_aside += 1;
        tracing::error!(change = %change.id, "the stored bytes of a change do not match their digests");
        return Ok(());
    }
    let current = tx.lock_environment(&change.environment).await?;
    let generation = current.as_ref().map_or(0, |row| row.generation);
    if generation != revision.base_generation {
        let why = format!(
            "it was planned against generation {}, and {} is now at {generation}",
            revision.base_generation, change.environment
        );
        set_aside(&mut tx, &actor, change, ChangeState::Superseded, &why, now).await?;
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
    tx.set_change_state(change.id, change.state, ChangeState::Applying, None, now).await?;
    let claimed = of_change(
        &actor,
        AuditAction::ClaimChange,
        (change.id, &change.environment),
        change.id.to_string(),
        format!("{} operations", revision.plan.actions.len()),
        now,
    );
    tx.append_audit(&claimed).await?;
    leader.checkpoints.pass()?;
    tx.commit().await?;
    status.claimed += 1;
    leader.checkpoints.pass()?;
    Ok(())
}

async fn apply(
    control: &Control,
    leader: &Leader,
    change: &Change,
    status: &mut Status,
) -> Result<(), Stopped> {
    match operations::reconcile(control, leader, change).await? {
        operations::Status::Waiting { done } => {
            status.operated += done;
            status.waiting += 1;
        }
        operations::Status::Refused { why } => {
            let now = control.clock.now();
            let mut tx = leader.begin(control).await?;
            set_aside(&mut tx, &system(control), change, ChangeState::Failed, &why, now).await?;
            tx.commit().await?;
            status.finished += 1;
        }
        operations::Status::Done { done } => {
            status.operated += done;
            finish(control, leader, change, status).await?;
        }
    }
    Ok(())
}

async fn finish(
    control: &Control,
    leader: &Leader,
    change: &Change,
    status: &mut Status,
) -> Result<(), Stopped> {
    let missing = progress::waiting_for(control, change).await?;
    if !missing.is_empty() {
        status.waiting += 1;
        return Ok(());
    }
    let now = control.clock.now();
    leader.checkpoints.pass()?;
    let mut tx = leader.begin(control).await?;
    set_aside(&mut tx, &system(control), change, ChangeState::Applied, "observed equals desired", now)
        .await?;
    leader.checkpoints.pass()?;
    tx.commit().await?;
    status.finished += 1;
    leader.checkpoints.pass()?;
    Ok(())
}

/// Ends the change, with its event.
async fn set_aside(
    tx: &mut Tx,
    actor: &Actor,
    change: &Change,
    to: ChangeState,
    why: &str,
    now: domain::Timestamp,
) -> Result<(), Error> {
    let action = match to {
        ChangeState::Applied => AuditAction::FinishChange,
        ChangeState::Failed => AuditAction::FailChange,
        _ => AuditAction::SupersedeChange,
    };
    tx.set_change_state(change.id, change.state, to, Some(why), now).await?;
    let ended = of_change(actor, action, (change.id, &change.environment), change.id.to_string(), why, now);
    tx.append_audit(&ended).await?;
    Ok(())
}
