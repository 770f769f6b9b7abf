//! Instances with their agents, as they are this second.

use domain::{
    Actor, Permission,
    agent::AgentState,
    view::{
        instance::{InstanceRow, InstanceView},
        pool::AgentCount,
    },
};

use crate::{Control, Error, environments, error::authorize};

#[tracing::instrument(skip_all, fields(actor = actor.id, zone, name), err(level = "debug"))]
pub async fn load_instance(
    control: &Control,
    actor: &Actor,
    zone: &str,
    name: &str,
) -> Result<InstanceView, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let row =
        control.live.row(zone, name).ok_or_else(|| Error::NotFound(format!("instance {name} in {zone}")))?;
    let environment = environments::require(control, &row.environment).await?;
    Ok(InstanceView {
        project: environment.spec.environment.project_id,
        region: environment.spec.environment.region,
        observed_at: environment.observed_at,
        now: control.clock.now(),
        row,
    })
}

/// Only states that occur, worst first.
pub(crate) fn count_agents<'a>(rows: impl IntoIterator<Item = &'a InstanceRow>) -> Vec<AgentCount> {
    let mut counts = AgentState::ALL.map(|state| AgentCount { state, count: 0 });
    for row in rows {
        if let Some(count) = counts.iter_mut().find(|count| count.state == row.agent) {
            count.count += 1;
        }
    }
    counts.into_iter().filter(|count| count.count > 0).collect()
}
