//! Deletes template versions that neither the declaration nor a group nor a VM uses any more, but for the newest of each declared
//! template: rolling back to those needs no new one. Nothing goes back to a retired template without declaring it again, and what
//! an open change counts on stays until that has ended. Their absence changes no VM, so nobody has to approve it; each deletion is
//! in the audit log.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use compute::Submitted;
use domain::{ChangeState, audit::AuditAction, change::Change, derive, plan, plan::Step};
use store::{Environment, NewEvent, TemplateDeletion};
use tokio::time::timeout;
use uuid::Uuid;

use super::{Leader, Stopped, changes::system};
use crate::{Control, planning::scope};

/// How many versions of each declared template stay although nothing uses them: the newest.
pub const KEPT: usize = 3;
/// Deletions of one environment in one round.
const AT_ONCE: usize = 5;
const ONE_WAIT: Duration = Duration::from_secs(5);
/// Changes that may still run as they were planned.
const OPEN: [ChangeState; 3] = [ChangeState::AwaitingApprovals, ChangeState::Approved, ChangeState::Applying];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub deleted: u32,
    /// Intended, and to be tried again.
    pub open: u32,
}

pub async fn reconcile(control: &Control, leader: &Leader) -> Result<Status, Stopped> {
    let mut status = Status::default();
    for environment in control.store.list_environments().await? {
        let mut open = control.store.list_open_template_deletions(&environment.name).await?;
        if open.is_empty() {
            open = intend(control, leader, &environment).await?;
        }
        for deletion in open {
            // Asked before each: those before it may have waited for Compute Engine.
            let changes = control.store.list_changes_of(&environment.name, &OPEN).await?.changes;
            let Some(needed) = needed_by(&changes) else {
                status.open += 1;
                continue;
            };
            if needed.contains(&deletion.resource_name) {
                let why = "An open change counts on the version: it stays, unless it was going already.";
                end(control, leader, &deletion, Some(why)).await?;
            } else if carry_out(control, leader, &environment, &deletion).await? {
                status.deleted += 1;
            } else {
                status.open += 1;
            }
        }
    }
    Ok(status)
}

/// The versions that the changes would declare: where one is there, their plans do not make it. None: one of them is under way, and
/// what it is about to use must not go from under it.
fn needed_by(changes: &[Change]) -> Option<BTreeSet<String>> {
    if changes.iter().any(|change| change.state != ChangeState::AwaitingApprovals) {
        return None;
    }
    let declared = changes.iter().map(|change| derive::resources(&change.revision.desired, &[]));
    Some(declared.flat_map(|resources| resources.templates.into_keys()).collect())
}

/// Notes which versions go, before anything is asked of Compute Engine.
async fn intend(
    control: &Control,
    leader: &Leader,
    environment: &Environment,
) -> Result<Vec<TemplateDeletion>, Stopped> {
    let observed = control.store.observed_fleet(&environment.name).await?.unwrap_or_default();
    if observed.observed_at.is_none() || environment.observed_generation != environment.generation {
        return Ok(Vec::new());
    }
    let declared: BTreeSet<&str> =
        environment.spec.agent_vm_templates.iter().map(|template| template.name.as_str()).collect();
    let mut newest: BTreeMap<String, usize> = BTreeMap::new();
    // What may go, and why.
    let mut old = BTreeMap::new();
    // The newest version of each template comes first.
    for template in control.store.list_template_names(&environment.name).await? {
        let retired = !declared.contains(template.name.as_str());
        let seen = newest.entry(template.name).or_default();
        *seen += 1;
        if retired {
            old.insert(template.resource_name, "Nothing uses it, and its template is retired.".to_owned());
        } else if *seen > KEPT {
            let why = format!("Nothing uses it, and {KEPT} newer versions are kept.");
            old.insert(template.resource_name, why);
        }
    }
    let mut idle: Vec<(String, String)> = plan::retire(&environment.spec, &observed)
        .into_iter()
        .filter_map(|action| old.remove_entry(action.step.name()))
        .collect();
    if idle.is_empty() {
        return Ok(Vec::new());
    }
    let changes = control.store.list_changes_of(&environment.name, &OPEN).await?.changes;
    let Some(needed) = needed_by(&changes) else { return Ok(Vec::new()) };
    idle.retain(|(name, _)| !needed.contains(name));
    idle.truncate(AT_ONCE);
    if idle.is_empty() {
        return Ok(Vec::new());
    }
    let now = control.clock.now();
    let actor = system(control);
    leader.checkpoints.pass()?;
    let mut tx = leader.begin(control).await?;
    let Some(locked) = tx.lock_environment(&environment.name).await? else { return Ok(Vec::new()) };
    if locked.generation != environment.generation {
        return Ok(Vec::new());
    }
    // Asked again under the lock: until it is let go, no claim puts a declaration in force.
    let changes = tx.list_changes_of(&environment.name, &OPEN).await?.changes;
    let Some(needed) = needed_by(&changes) else { return Ok(Vec::new()) };
    idle.retain(|(name, _)| !needed.contains(name));
    let mut deletions = Vec::new();
    for (name, why) in idle {
        let key = format!("agent-manager/{}/{name}/{}", environment.name, now.timestamp_micros());
        let deletion = TemplateDeletion {
            environment: environment.name.clone(),
            request_id: Uuid::new_v5(&Uuid::NAMESPACE_URL, key.as_bytes()),
            resource_name: name,
            intended_at: now,
        };
        tx.intend_template_deletion(&deletion).await?;
        let event = event(&actor, AuditAction::IntendOperation, &deletion, now, why);
        tx.append_audit(&leader.signs(event)).await?;
        deletions.push(deletion);
    }
    leader.checkpoints.pass()?;
    tx.commit().await?;
    leader.checkpoints.pass()?;
    Ok(deletions)
}

/// True when it has ended. A version that somebody uses meanwhile stays, and that is its end too.
async fn carry_out(
    control: &Control,
    leader: &Leader,
    environment: &Environment,
    deletion: &TemplateDeletion,
) -> Result<bool, Stopped> {
    let scope = scope(&environment.spec);
    let step = Step::DeleteInstanceTemplate { name: deletion.resource_name.clone() };
    leader.must_lead()?;
    let ended = match control.compute.submit(&scope, &step, deletion.request_id).await {
        Ok(Submitted::AlreadyThere) => Ok(()),
        Ok(Submitted::Started(operation)) => {
            match timeout(ONE_WAIT, control.compute.wait(&scope, &operation)).await {
                // An operation that is not known (any more) proves nothing: sent again, the call says whether the version is there.
                Err(_) | Ok(Err(compute::Error::NotFound { .. })) => return Ok(false),
                Ok(ended) => ended,
            }
        }
        Err(error) => Err(error),
    };
    leader.checkpoints.pass()?;
    let error = match ended {
        Ok(()) => None,
        Err(error @ compute::Error::InUse { .. }) => Some(error),
        Err(error) if error.is_permanent() => Some(error),
        Err(error) => {
            tracing::debug!(%error, template = deletion.resource_name, "a template version is deleted later");
            return Ok(false);
        }
    };
    let why = error.map(|error| error.to_string());
    end(control, leader, deletion, why.as_deref()).await?;
    Ok(true)
}

/// `why`: it was not deleted.
async fn end(
    control: &Control,
    leader: &Leader,
    deletion: &TemplateDeletion,
    why: Option<&str>,
) -> Result<(), Stopped> {
    let now = control.clock.now();
    let actor = system(control);
    let action = if why.is_some() { AuditAction::FailOperation } else { AuditAction::FinishOperation };
    let mut tx = leader.begin(control).await?;
    if tx.end_template_deletion(deletion.request_id, now, why).await? {
        let detail = why.unwrap_or_default().to_owned();
        tx.append_audit(&leader.signs(event(&actor, action, deletion, now, detail))).await?;
    }
    leader.checkpoints.pass()?;
    tx.commit().await?;
    Ok(())
}

fn event<'a>(
    actor: &'a domain::Actor,
    action: AuditAction,
    deletion: &TemplateDeletion,
    now: domain::Timestamp,
    detail: String,
) -> NewEvent<'a> {
    NewEvent {
        environment: Some(deletion.environment.clone()),
        detail,
        ..NewEvent::new(actor, action, format!("delete instance template {}", deletion.resource_name), now)
    }
}
