//! The fleet page: every agent by pool and zone, and what is under way.

use std::collections::BTreeSet;

use domain::{
    Actor, ChangeState, Permission,
    condition::{ConditionStatus, ConditionType},
    view::fleet::{FleetPool, FleetView, FleetZone},
};

use crate::{
    Control, Error, costs, environments, error::authorize, instances::count_agents, pools::Declared,
};

const OPEN_CHANGES: u32 = 10;

/// The named environment, or the first one; an installation without environments has an empty fleet.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn load_fleet(
    control: &Control,
    actor: &Actor,
    environment: Option<&str>,
) -> Result<FleetView, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let environment = match environment {
        Some(name) => Some(environments::require(control, name).await?),
        None => control.store.list_environments().await?.into_iter().next(),
    };
    let states: Vec<ChangeState> =
        ChangeState::ALL.into_iter().filter(|state| !state.is_terminal()).collect();
    let open = store::ChangeFilter {
        environment: environment.as_ref().map(|environment| environment.name.as_str()),
        states: &states,
        ..Default::default()
    };
    let changes =
        control.store.list_changes(&open, OPEN_CHANGES).await?.into_iter().map(crate::changes::row).collect();
    let now = control.clock.now();
    let Some(environment) = environment else {
        return Ok(FleetView {
            environment: None,
            zones: Vec::new(),
            pools: Vec::new(),
            agents: Vec::new(),
            changes,
            incidents: control.store.list_open_incidents(None).await?,
            observed_at: None,
            unreachable: None,
            half_applied: None,
            budget_notice: None,
            now,
        });
    };
    let budget_notice = costs::budget_notice(control, &environment).await?;
    let declared = Declared::load(control, actor, environment).await?;
    let instances = control.live.rows(&declared.environment.name);
    let zones: BTreeSet<String> = declared
        .desired
        .groups
        .values()
        .flat_map(|group| group.zones.iter().cloned())
        .chain(instances.iter().map(|row| row.instance.zone.clone()))
        .collect();
    let pools = declared
        .rows()
        .into_iter()
        .map(|row| FleetPool {
            zones: zones
                .iter()
                .map(|zone| FleetZone {
                    zone: zone.clone(),
                    instances: instances
                        .iter()
                        .filter(|instance| instance.pool == row.name && &instance.instance.zone == zone)
                        .cloned()
                        .collect(),
                })
                .collect(),
            row,
        })
        .collect();
    let broken = |kind: ConditionType| {
        let conditions = &declared.environment.conditions;
        let found = conditions
            .iter()
            .find(|condition| condition.kind == kind && condition.status == ConditionStatus::False)?;
        Some((found.since, found.message.clone()))
    };
    let (unreachable, half_applied) = (broken(ConditionType::Reachable), broken(ConditionType::Applied));
    let incidents = control.store.list_open_incidents(Some(&declared.environment.name)).await?;
    Ok(FleetView {
        incidents,
        environment: Some(declared.environment.name.clone()),
        zones: zones.into_iter().collect(),
        pools,
        agents: count_agents(&instances),
        changes,
        observed_at: declared.environment.observed_at,
        unreachable,
        half_applied,
        budget_notice,
        now,
    })
}
