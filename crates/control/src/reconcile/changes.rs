//! Claims approved changes, runs their operations in the plan's order, and says when each has come to its end.

use std::collections::BTreeMap;

use domain::{
    Actor, ChangeState,
    audit::AuditAction,
    change::Change,
    derive,
    incident::Incident,
    plan::Violation,
    queue::{QUEUED, whose_turn},
};
use futures_util::future::join_all;
use store::Tx;

use super::{
    Leader, Stopped,
    ending::{Ending, end, finish},
    operations, progress,
    proof::{self, Proof},
};
use crate::{
    Control, Error,
    audit::{of_change, of_revision},
    canonical::canonical,
    drift, neighbours,
};

/// Who acts, in the audit log.
const NAME: &str = "Reconciler";

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
    let store::OpenChanges { changes, broken } = control.store.list_changes_in(&QUEUED).await?;
    for broken in &broken {
        refuse(control, leader, broken).await?;
    }
    let mut queues: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    for change in &changes {
        queues.entry(&change.environment).or_default().push(change);
    }
    let mut status =
        Status { finished: u32::try_from(broken.len()).unwrap_or(u32::MAX), ..Status::default() };
    let braked = braked(control).await?;
    queues.retain(|environment, queue| {
        let held = braked.contains_key(*environment);
        if held {
            status.waiting += u32::try_from(queue.len()).unwrap_or(u32::MAX);
        }
        !held
    });
    let rounds = join_all(queues.into_values().map(|queue| turn(control, leader, queue))).await;
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

/// Environments whose brake holds, and by which incident: while too much fails together nothing is begun or gone on with.
pub(crate) async fn braked(control: &Control) -> Result<BTreeMap<String, String>, Error> {
    let open = control.store.list_open_incidents(None).await?;
    let held = open.into_iter().filter(Incident::holds_now);
    Ok(held.filter_map(|incident| Some((incident.environment.clone()?, incident.name()))).collect())
}

/// `queue`: the environment's open changes, the oldest first.
async fn turn(control: &Control, leader: &Leader, queue: Vec<&Change>) -> Result<Status, Stopped> {
    let mut status = Status::default();
    match whose_turn(&queue, |change| change.state) {
        Some(change) if change.state == ChangeState::Applying => {
            apply(control, leader, change, queue.len() > 1, &mut status).await?;
        }
        Some(change) => claim(control, leader, change, &mut status).await?,
        None => {}
    }
    Ok(status)
}

/// Puts the change's declaration in force, if it still follows the one that its plan was made against and those whom the policy names
/// have signed exactly these bytes. All of that is proven again in the transaction that does it.
async fn claim(
    control: &Control,
    leader: &Leader,
    change: &Change,
    status: &mut Status,
) -> Result<(), Stopped> {
    let actor = system(control);
    // Reads Compute Engine, which no transaction waits for.
    let drift = match proof::needs_signatures(control, change).await? {
        true => drift::look(control, change).await?,
        false => None,
    };
    // Claims go one by one, so that no two environments of a project can take the same name at once.
    let _claiming = leader.claiming.lock().await;
    let taken = neighbours::names_taken(control, &change.revision.desired).await?;
    leader.checkpoints.pass()?;
    let mut tx = leader.begin(control).await?;
    match proof::of_claim(control, &mut tx, &actor, change, drift).await? {
        Proof::Holds(held) => {
            // What was read under the lock is what runs.
            return declare(control, leader, (tx, &actor), &held, taken.violations.first(), status).await;
        }
        Proof::Moved => return Ok(()),
        Proof::TakenBack(events) => {
            let events: Vec<_> = events.into_iter().map(|event| leader.signs(event)).collect();
            tx.append_audits(&events).await?;
        }
        Proof::Refused(why) => {
            tracing::error!(change = %change.id, why, "a change was refused when it was to be claimed");
            end(control, leader, &mut tx, &actor, change.into(), &Ending::Forged(why)).await?;
        }
    }
    tx.commit().await?;
    status.set_aside += 1;
    Ok(())
}

async fn declare(
    control: &Control,
    leader: &Leader,
    (mut tx, actor): (Tx, &Actor),
    change: &Change,
    taken: Option<&Violation>,
    status: &mut Status,
) -> Result<(), Stopped> {
    let now = control.clock.now();
    let revision = &change.revision;
    let current = tx.lock_environment(&change.environment).await?;
    let generation = current.as_ref().map_or(0, |row| row.generation);
    let behind = (generation != revision.base_generation).then(|| {
        format!(
            "it was planned against generation {}, and {} is now at {generation}",
            revision.base_generation, change.environment
        )
    });
    if let Some(why) = taken.map(|violation| violation.message.clone()).or(behind) {
        end(control, leader, &mut tx, actor, change.into(), &Ending::Superseded(why)).await?;
        tx.commit().await?;
        status.set_aside += 1;
        return Ok(());
    }
    let desired = &revision.desired;
    tx.declare_environment(desired, revision.base_generation, change.id, now).await?;
    for spec in &desired.agent_vm_templates {
        let version = derive::present_version(desired, spec);
        tx.insert_template_version(&change.environment, spec, &version.name, change.id, now).await?;
        tx.keep_template_version(&change.environment, &version, now).await?;
    }
    tx.declare_pools(&change.environment, &desired.agent_pools, change.id, now).await?;
    match tx.set_change_state(change.id, change.state, ChangeState::Applying, None, now).await {
        // Cancelled while we looked.
        Err(store::Error::Conflict(_)) => return Ok(()),
        moved => moved?,
    }
    let claimed = of_change(
        actor,
        AuditAction::ClaimChange,
        (change.id, &change.environment),
        change.id.to_string(),
        counted(revision.plan.actions.len()),
        now,
    );
    let mut claimed = of_revision(claimed, &revision.payload_sha256, &revision.plan_sha256)?;
    if let Some(row) = &current {
        let before = canonical(&row.spec)?.sha256.parse().map_err(Error::internal)?;
        claimed.before_sha256 = Some(before);
    }
    tx.append_audit(&leader.signs(claimed)).await?;
    leader.checkpoints.pass()?;
    tx.commit().await?;
    status.claimed += 1;
    leader.checkpoints.pass()?;
    Ok(())
}

/// Of a plan.
fn counted(count: usize) -> String {
    if count == 1 { "1 operation".to_owned() } else { format!("{count} operations") }
}

/// A row that cannot be believed never runs, and does not keep others from running.
async fn refuse(control: &Control, leader: &Leader, broken: &store::BrokenChange) -> Result<(), Stopped> {
    let why = proof::bytes_mismatch(&broken.error);
    tracing::error!(change = %broken.id, why, "the stored bytes of a change do not match their digests");
    finish(control, leader, broken.into(), &Ending::Forged(why)).await
}

/// `followed`: another change waits for this one.
async fn apply(
    control: &Control,
    leader: &Leader,
    change: &Change,
    followed: bool,
    status: &mut Status,
) -> Result<(), Stopped> {
    let ending = match operations::reconcile(control, leader, change).await? {
        operations::Status::Waiting { done } => {
            status.operated += done;
            None
        }
        operations::Status::Refused { why } => Some(Ending::Failed(why)),
        operations::Status::Forged { why } => Some(Ending::Forged(why)),
        operations::Status::Done { done } => {
            status.operated += done;
            settled(control, change, followed).await?
        }
    };
    match ending {
        Some(ending) => {
            finish(control, leader, change.into(), &ending).await?;
            status.finished += 1;
        }
        None => status.waiting += 1,
    }
    Ok(())
}

/// Every operation is done: how it ends once that is seen, or once a successor has waited long enough.
async fn settled(control: &Control, change: &Change, followed: bool) -> Result<Option<Ending>, Stopped> {
    let operations = control.store.list_operations(change.id).await?;
    let progress = progress::of_change(control, change, &operations).await?;
    if progress.missing.is_empty() {
        return Ok(Some(Ending::Applied));
    }
    let late = progress.given_up_at().is_some_and(|at| control.clock.now() > at);
    Ok((followed && late).then(|| {
        Ending::Failed(format!(
            "it did not settle within {} minutes and another change waits: still missing {}",
            progress::PATIENCE.num_minutes(),
            progress.missing.join(", ")
        ))
    }))
}
