//! Pools: what is declared beside what is observed.

mod overview;
mod unwell;

use std::collections::BTreeMap;

use domain::{
    Actor, ChangeState, ObservedFleet, Permission,
    agent::Thresholds,
    change::Change,
    derive,
    instance::InstanceStatus,
    name,
    resource::ResourceSet,
    view::{
        pool::{AgentCount, PoolForm, PoolRollout, PoolRow, PoolView, Requested},
        rollout::{Labels, Rollout},
        settings::{heartbeat_settings, pool_settings},
    },
};

use crate::{
    Control, Error, environments, error::authorize, instances::count_states, live::LiveRow, rollouts,
};

pub use overview::load_pool_overview;

const RECENT_CHANGES: u32 = 10;

/// The pools of one environment, or of all, in the order of their declarations.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn list_pools(
    control: &Control,
    actor: &Actor,
    environment: Option<&str>,
) -> Result<Vec<PoolRow>, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let mut rows = Vec::new();
    for environment in environments::named_or_all(control, environment).await? {
        rows.extend(Listed::load(control, actor, environment).await?.rows());
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
    Ok(look(control, actor, environment, pool, Versions::WhileTheyMove).await?.pool)
}

/// The pool with how far each of its VMs is.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment, pool), err(level = "debug"))]
pub async fn load_pool_rollout(
    control: &Control,
    actor: &Actor,
    environment: &str,
    pool: &str,
) -> Result<PoolRollout, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let Looked { pool, rollout, .. } = look(control, actor, environment, pool, Versions::Always).await?;
    Ok(PoolRollout { pool, rollout })
}

/// When a rollout's versions are called by their names. Most pools are at rest, where only one tab names what they run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Versions {
    Always,
    WhileTheyMove,
}

/// One reading of a pool.
struct Looked {
    pool: PoolView,
    /// None where no group was observed yet.
    rollout: Option<Rollout>,
    name_prefix: String,
}

async fn look(
    control: &Control,
    actor: &Actor,
    environment: &str,
    pool: &str,
    versions: Versions,
) -> Result<Looked, Error> {
    let found = environments::require(control, environment).await?;
    let listed = Listed::load(control, actor, found).await?;
    let own =
        listed.pools.iter().find(|known| known.name == pool).ok_or_else(|| missing(environment, pool))?;
    let (row, spec) = (listed.row(own), own.spec.clone());
    let declared = &listed.environment.spec;
    let observed = control.store.observed_pool(environment, pool).await?.unwrap_or_default();
    let desired = derive::desired(declared, &observed);
    let prefix = &declared.environment.name_prefix;
    let touches = [row.group.clone(), name::autoscaler(prefix, pool), name::health_check(prefix, pool)];
    let filter =
        store::ChangeFilter { environment: Some(environment), touches: &touches, ..Default::default() };
    let changes = control.store.list_changes(&filter, RECENT_CHANGES).await?;
    let seen = listed.environment.observed_at.map(|_| &observed);
    let mut settings = pool_settings(&desired, seen, &row.group);
    settings.extend(heartbeat_settings(Thresholds::of(&spec), control.live.thresholds(environment, pool)));
    let now = control.clock.now();
    let mut incidents = control.store.list_open_incidents(Some(environment)).await?;
    incidents.retain(|incident| incident.holds.iter().any(|hold| hold.group == row.group));
    let of = |labels: &Labels| rollouts::of_group(&observed, &row.group, labels, spec.min_ready_sec, now);
    let mut rollout = of(&Labels::new());
    if versions == Versions::Always || rollout.as_ref().is_some_and(Rollout::moves) {
        rollout = of(&rollouts::labels(control, environment).await?);
    }
    let agents = unwell::look(control, &row, spec.health_check_initial_delay, now).await?;
    let view = PoolView {
        incidents,
        agents,
        rollout: rollout.as_ref().and_then(Rollout::brief),
        region: declared.environment.region.clone(),
        zones: desired.groups.get(&row.group).map(|group| group.zones.clone()).unwrap_or_default(),
        settings,
        spec,
        changes: crate::changes::rows(control, actor, changes).await?,
        observed_at: listed.environment.observed_at,
        now,
        row,
    };
    Ok(Looked { pool: view, rollout, name_prefix: prefix.clone() })
}

pub(crate) fn missing(environment: &str, pool: &str) -> Error {
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
    let found = environments::to_declare_in(control, environment).await?;
    let own = match pool {
        Some(name) => {
            let declared = found.spec.agent_pools.iter().find(|declared| declared.name == name);
            Some(declared.cloned().ok_or_else(|| missing(&found.name, name))?)
        }
        None => None,
    };
    let rollout = match &own {
        Some(own) => {
            let observed = control.store.observed_pool(&found.name, &own.name).await?.unwrap_or_default();
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

/// The VMs of one pool, counted where they are.
#[derive(Debug, Default)]
struct Counted {
    running: u32,
    /// Only states that occur, worst first.
    agents: Vec<AgentCount>,
}

impl Counted {
    fn of(rows: &[&LiveRow]) -> Self {
        let running = rows.iter().filter(|row| row.instance.status == InstanceStatus::Running).count();
        Self {
            running: u32::try_from(running).unwrap_or(u32::MAX),
            agents: count_states(rows.iter().map(|row| row.agent)),
        }
    }

    /// Of an environment's pools, those that are declared no more among them.
    fn by_pool(control: &Control, environment: &str) -> BTreeMap<String, Self> {
        control.live.look(environment, |rows| {
            let mut pools: BTreeMap<&str, Vec<&LiveRow>> = BTreeMap::new();
            for row in rows {
                pools.entry(&row.pool).or_default().push(row);
            }
            pools.into_iter().map(|(pool, rows)| (pool.to_owned(), Self::of(&rows))).collect()
        })
    }
}

/// One environment's pools as rows tell of them. What Compute Engine holds is not read for it, VM by VM: each pool keeps what was
/// last seen of its group in figures.
struct Listed {
    environment: store::Environment,
    pools: Vec<store::Pool>,
    vms: BTreeMap<String, Counted>,
    /// Without zones: no row tells of them.
    desired: ResourceSet,
    /// The environment's open changes, the oldest first.
    open: Vec<Change>,
    /// Who looks.
    actor: String,
}

impl Listed {
    async fn load(control: &Control, actor: &Actor, environment: store::Environment) -> Result<Self, Error> {
        let open = ChangeState::ALL.into_iter().filter(|state| !state.is_terminal()).collect::<Vec<_>>();
        let (store, name) = (&control.store, &environment.name);
        let (open, pools) = tokio::try_join!(store.list_changes_of(name, &open), store.list_pools(name))?;
        let vms = Counted::by_pool(control, &environment.name);
        let desired = derive::resources(&environment.spec, &[]);
        Ok(Self { environment, pools, vms, desired, open: open.changes, actor: actor.id.clone() })
    }

    /// In the declaration's order.
    fn rows(&self) -> Vec<PoolRow> {
        self.pools.iter().map(|pool| self.row(pool)).collect()
    }

    fn row(&self, pool: &store::Pool) -> PoolRow {
        let prefix = &self.environment.spec.environment.name_prefix;
        let group = name::instance_group(prefix, &pool.name);
        let autoscaler = self.desired.autoscalers.get(&name::autoscaler(prefix, &pool.name));
        let vms = self.vms.get(&pool.name);
        PoolRow {
            environment: self.environment.name.clone(),
            name: pool.name.clone(),
            agent_type: pool.spec.agent_type,
            template: pool.spec.template_name.clone(),
            desired_size: self.desired_size(pool, &group),
            observed_size: pool.status.as_ref().map(|_| vms.map_or(0, |vms| vms.running)),
            autoscaling: autoscaler
                .map(|scaler| format!("{} to {}", scaler.min_replicas, scaler.max_replicas)),
            agents: vms.map(|vms| vms.agents.clone()).unwrap_or_default(),
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
    fn desired_size(&self, pool: &store::Pool, group: &str) -> u32 {
        let scaled = self.desired.autoscalers.values().any(|scaler| scaler.group == group);
        let declared = self.desired.groups.get(group).map_or(0, |group| group.target_size);
        match &pool.status {
            Some(status) if scaled => status.target_size,
            _ => declared,
        }
    }
}

/// One environment with both its columns. VMs are not read for it: of each pool it is known how many run.
pub(crate) struct Declared {
    pub(crate) environment: store::Environment,
    /// In the declaration's order.
    pub(crate) pools: Vec<store::Pool>,
    pub(crate) desired: ResourceSet,
    /// Without instances.
    pub(crate) observed: ObservedFleet,
}

impl Declared {
    pub(crate) async fn load(control: &Control, environment: store::Environment) -> Result<Self, Error> {
        let pools = control.store.list_pools(&environment.name).await?;
        let observed = control.store.observed_settings(&environment.name).await?.unwrap_or_default();
        let desired = derive::desired(&environment.spec, &observed);
        Ok(Self { environment, pools, desired, observed })
    }

    pub(crate) fn pool(&self, name: &str) -> Result<&store::Pool, Error> {
        self.pools.iter().find(|pool| pool.name == name).ok_or_else(|| missing(&self.environment.name, name))
    }
}
