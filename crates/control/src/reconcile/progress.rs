//! How far Compute Engine is from what a change declared, in words.

use chrono::TimeDelta;
use domain::{Timestamp, change::Change, name, plan};
use store::StoredOperation;

use crate::{Control, Error};

/// A change whose VMs do not settle must not keep the one that mends them waiting for ever. Longer than a VM may take to start.
pub(super) const PATIENCE: TimeDelta = TimeDelta::minutes(15);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Empty when what was observed since the last operation is what the change declared.
    pub missing: Vec<String>,
    /// When the last operation ended, once all have: from then on only Compute Engine is waited for.
    pub waits_since: Option<Timestamp>,
}

impl Progress {
    fn until(missing: impl Into<String>, waits_since: Option<Timestamp>) -> Self {
        Self { missing: vec![missing.into()], waits_since }
    }

    /// When it makes way for a change that waits for it. None: calls are still to be made.
    pub fn given_up_at(&self) -> Option<Timestamp> {
        self.waits_since.map(|since| since + PATIENCE)
    }
}

/// `operations`: the change's, as they are stored now.
pub async fn of_change(
    control: &Control,
    change: &Change,
    operations: &[StoredOperation],
) -> Result<Progress, Error> {
    let steps = &change.revision.plan.actions;
    let done = operations.iter().filter(|one| one.operation.finished_at.is_some()).count();
    if done < steps.len() {
        return Ok(Progress::until(format!("{} of {} operations", steps.len() - done, steps.len()), None));
    }
    let last = operations.iter().filter_map(|one| one.operation.finished_at).max().or(change.claimed_at);
    // The row alone first: a look that is too old is not worth reading.
    let observed_at =
        control.store.get_environment(&change.environment).await?.and_then(|row| row.observed_at);
    if observed_at <= last {
        return Ok(Progress::until("a look at Compute Engine after the last operation", last));
    }
    let Some(observed) = control.store.observed_fleet(&change.environment).await? else {
        return Ok(Progress::until("the first look at Compute Engine", last));
    };
    let desired = &change.revision.desired;
    let mut missing: Vec<String> = plan::plan(desired, &observed, control.clock.now())
        .actions
        .iter()
        .map(|action| format!("to {}", action.title()))
        .collect();
    for pool in &desired.agent_pools {
        let group = name::instance_group(&desired.environment.name_prefix, &pool.name);
        let Some(status) = observed.groups.get(&group) else { continue };
        let settled = status.instances.iter().filter(|instance| instance.is_settled()).count();
        let wanted = status.target_size as usize;
        if settled < wanted {
            missing.push(format!("{} of {wanted} VMs of {}", wanted - settled, pool.name));
        } else if !status.is_stable {
            missing.push(format!("{} to become stable", pool.name));
        }
    }
    Ok(Progress { missing, waits_since: last })
}
