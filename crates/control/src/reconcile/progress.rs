//! How far Compute Engine is from what a change declared, in words.

use domain::{
    change::Change,
    instance::{CurrentAction, InstanceStatus},
    name, plan,
};

use crate::{Control, Error};

/// Empty when what was observed since the last operation is what the change declared.
pub async fn waiting_for(control: &Control, change: &Change) -> Result<Vec<String>, Error> {
    let operations = control.store.list_operations(change.id).await?;
    let steps = &change.revision.plan.actions;
    let done = operations.iter().filter(|one| one.operation.finished_at.is_some()).count();
    if done < steps.len() {
        return Ok(vec![format!("{} of {} operations", steps.len() - done, steps.len())]);
    }
    let last = operations.iter().filter_map(|one| one.operation.finished_at).max().or(change.claimed_at);
    let Some(observed) = control.store.observed_fleet(&change.environment).await? else {
        return Ok(vec!["the first look at Compute Engine".to_owned()]);
    };
    if observed.observed_at < last {
        return Ok(vec!["a look at Compute Engine after the last operation".to_owned()]);
    }
    let desired = &change.revision.desired;
    let mut missing: Vec<String> = plan::plan(desired, &observed, control.clock.now())
        .actions
        .iter()
        .map(|action| format!("to {}", action.title()))
        .collect();
    for pool in &desired.agent_pools {
        let group = name::instance_group(&desired.environment.name_prefix, &pool.name);
        let Some(status) = observed.groups.get(&group) else { continue };
        let settled = status
            .instances
            .iter()
            .filter(|instance| {
                instance.status == InstanceStatus::Running && instance.current_action == CurrentAction::None
            })
            .count();
        let wanted = status.target_size as usize;
        if settled < wanted {
            missing.push(format!("{} of {wanted} VMs of {}", wanted - settled, pool.name));
        } else if !status.is_stable {
            missing.push(format!("{} to become stable", pool.name));
        }
    }
    Ok(missing)
}
