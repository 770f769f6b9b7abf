//! Pools: what is declared beside what is observed.

use domain::{
    Actor, ChangeState, ObservedFleet, Permission,
    agent::Thresholds,
    change::Change,
    derive,
    instance::InstanceStatus,
    name,
    resource::ResourceSet,
    view::{
        instance::InstanceRow,
        pool::{PoolForm, PoolRow, PoolView, Requested},
        settings::{heartbeat_settings, pool_settings},
    },
};

use crate::{Control, Error, environments, error::authorize, instances::count_agents, rollouts};

const RECENT_CHANGES: u32 = 10;

/// The pools of one environment, or of all, in the order of their declarations.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn list_pools(
    control: &Control,
    actor: &Actor,
    environment: Option<&str>,
) -> Result<Vec<PoolRow>, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let environments = match environment {
        Some(name) => vec![environments::require(control, name).await?],
        None => control.store.list_environments().await?,
    };
    let mut rows = Vec::new();
    for environment in environments {
        rows.extend(Declared::load(control, actor, environment).await?.rows());
    }
    Ok(rows)
}

#[tracing::instrument(skip_all, fields(actor = actor.id, environment, pool), err(level = "debug"))]
pub async fn load_pool(
    control: &Control,
    actor: &Actor,
    environment: &str,
    pool: &str,
) -> Result<PoolView, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let found = environments::require(control, environment).await?;
    let declared = Declared::load(control, actor, found).await?;
    let row =
        declared.rows().into_iter().find(|row| row.name == pool).ok_or_else(|| missing(environment, pool))?;
    let prefix = &declared.environment.spec.environment.name_prefix;
    let touches = [row.group.clone(), name::autoscaler(prefix, pool), name::health_check(prefix, pool)];
    let filter =
        store::ChangeFilter { environment: Some(environment), touches: &touches, ..Default::default() };
    let changes = control.store.list_changes(&filter, RECENT_CHANGES).await?;
    let observed = declared.environment.observed_at.map(|_| &declared.observed);
    let labels = rollouts::labels(control, environment).await?;
    let own = declared.pools.iter().find(|known| known.name == pool);
    let spec = own.map(|pool| pool.spec.clone()).ok_or_else(|| missing(environment, pool))?;
    let mut settings = pool_settings(&declared.desired, observed, &row.group);
    settings.extend(heartbeat_settings(Thresholds::of(&spec), control.live.thresholds(environment, pool)));
    let now = control.clock.now();
    let mut incidents = control.store.list_open_incidents(Some(environment)).await?;
    incidents.retain(|incident| incident.holds.iter().any(|hold| hold.group == row.group));
    Ok(PoolView {
        incidents,
        region: declared.environment.spec.environment.region.clone(),
        zones: declared.desired.groups.get(&row.group).map(|group| group.zones.clone()).unwrap_or_default(),
        settings,
        rollout: rollouts::of_group(&declared.observed, &row.group, &labels, spec.min_ready_sec, now),
        spec,
        instances: declared.instances.iter().filter(|instance| instance.pool == pool).cloned().collect(),
        changes: changes.into_iter().map(crate::changes::row).collect(),
        observed_at: declared.environment.observed_at,
        now,
        row,
    })
}

fn missing(environment: &str, pool: &str) -> Error {
    Error::NotFound(format!("pool {} in {environment}", pool.escape_debug()))
}

/// What a form about a pool starts from. Without a name it creates one; without an environment, in the first.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment, pool), err(level = "debug"))]
pub async fn load_pool_form(
    control: &Control,
    actor: &Actor,
    environment: Option<&str>,
    pool: Option<&str>,
) -> Result<PoolForm, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let found = match environment {
        Some(name) => environments::require(control, name).await?,
        None => control.store.list_environments().await?.into_iter().next().ok_or_else(|| {
            Error::NotFound("an environment to declare it in (import one first)".to_owned())
        })?,
    };
    let own = match pool {
        Some(name) => {
            let declared = found.spec.agent_pools.iter().find(|declared| declared.name == name);
            Some(declared.cloned().ok_or_else(|| missing(&found.name, name))?)
        }
        None => None,
    };
    let rollout = match &own {
        Some(own) => {
            let observed = control.store.observed_fleet(&found.name).await?.unwrap_or_default();
            let labels = rollouts::labels(control, &found.name).await?;
            let group = name::instance_group(&found.spec.environment.name_prefix, &own.name);
            rollouts::of_group(&observed, &group, &labels, own.min_ready_sec, control.clock.now())
        }
        None => None,
    };
    Ok(PoolForm {
        names: found.spec.agent_pools.iter().map(|pool| pool.name.clone()).collect(),
        templates: rollouts::choices(control, &found.spec).await?,
        environment: found.spec.environment,
        generation: found.generation,
        pool: own,
        rollout,
    })
}

/// One environment with both its columns.
pub(crate) struct Declared {
    pub(crate) environment: store::Environment,
    pools: Vec<store::Pool>,
    pub(crate) desired: ResourceSet,
    pub(crate) observed: ObservedFleet,
    pub(crate) instances: Vec<InstanceRow>,
    /// The environment's open changes, the oldest first.
    pub(crate) open: Vec<Change>,
    /// Who looks.
    actor: String,
}

impl Declared {
    pub(crate) async fn load(
        control: &Control,
        actor: &Actor,
        environment: store::Environment,
    ) -> Result<Self, Error> {
        let open = ChangeState::ALL.into_iter().filter(|state| !state.is_terminal()).collect::<Vec<_>>();
        let mut open = control.store.list_changes_in(&open).await?.changes;
        open.retain(|change| change.environment == environment.name);
        let pools = control.store.list_pools(&environment.name).await?;
        let instances = control.live.rows(&environment.name);
        let observed = control.store.observed_fleet(&environment.name).await?.unwrap_or_default();
        let desired = derive::desired(&environment.spec, &observed);
        Ok(Self { environment, pools, desired, observed, instances, open, actor: actor.id.clone() })
    }

    /// In the declaration's order.
    pub(crate) fn rows(&self) -> Vec<PoolRow> {
        self.pools.iter().map(|pool| self.row(pool)).collect()
    }

    fn row(&self, pool: &store::Pool) -> PoolRow {
        let prefix = &self.environment.spec.environment.name_prefix;
        let group = name::instance_group(prefix, &pool.name);
        let autoscaler = self.desired.autoscalers.get(&name::autoscaler(prefix, &pool.name));
        let own: Vec<&InstanceRow> = self.instances.iter().filter(|row| row.pool == pool.name).collect();
        let running = own.iter().filter(|row| row.instance.status == InstanceStatus::Running).count();
        PoolRow {
            environment: self.environment.name.clone(),
            name: pool.name.clone(),
            agent_type: pool.spec.agent_type,
            template: pool.spec.template_name.clone(),
            desired_size: self.desired_size(&group),
            observed_size: self
                .observed
                .groups
                .get(&group)
                .map(|_| u32::try_from(running).unwrap_or(u32::MAX)),
            autoscaling: autoscaler
                .map(|scaler| format!("{} to {}", scaler.min_replicas, scaler.max_replicas)),
            agents: count_agents(own),
            conditions: pool.conditions.clone(),
            requested: self.requested(&group),
            generation: pool.generation,
            observed_generation: pool.observed_generation,
            group,
        }
    }

    fn requested(&self, group: &str) -> Option<Requested> {
        self.open.iter().find_map(|change| {
            let what = change.revision.plan.doing(group)?;
            let by = if change.proposed_by == self.actor { "you" } else { &change.proposed_by_name };
            Some(Requested {
                change: change.id,
                state: change.state,
                what,
                by: by.to_owned(),
                at: change.proposed_at,
            })
        })
    }

    /// Under an autoscaler the group's own target is the wish of the moment.
    fn desired_size(&self, group: &str) -> u32 {
        let scaled = self.desired.autoscalers.values().any(|scaler| scaler.group == group);
        let declared = self.desired.groups.get(group).map_or(0, |group| group.target_size);
        match self.observed.groups.get(group) {
            Some(status) if scaled => status.target_size,
            _ => declared,
        }
    }
}
