//! Autoscaling: what each pool's autoscaler recommends beside what runs, and why, in the service's words.

mod replay;

use chrono::TimeDelta;
use domain::{
    Actor, Permission, Timestamp,
    autoscaling::{AutoscalerStatus, schedule_in_force},
    cost::{CostImpact, PriceBook},
    name,
    view::autoscaling::{AutoscalingForm, AutoscalingList, AutoscalingRow, AutoscalingView, NextSchedule},
};

use crate::{
    Control, Error, environments,
    error::authorize,
    pools::{self, Declared},
};

pub use replay::replay_autoscaling;

/// Points of a plot: more would not be seen.
const POINTS: i64 = 180;
/// Seconds that the overview's small lines go back.
const RECENT: i64 = 6 * 3600;
const RECENT_POINTS: i64 = 48;
/// The windows that a page may ask for: an hour, six, a day, a week.
pub const WINDOWS: [i64; 4] = [3600, 6 * 3600, 86_400, 7 * 86_400];

/// All pools of one environment, or of all.
#[tracing::instrument(skip_all, fields(actor = actor.id), err(level = "debug"))]
pub async fn list_autoscaling(
    control: &Control,
    actor: &Actor,
    environment: Option<&str>,
) -> Result<AutoscalingList, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let environments = environments::named_or_all(control, environment).await?;
    let now = control.clock.now();
    let step = i32::try_from(RECENT / RECENT_POINTS).unwrap_or(i32::MAX);
    let names: Vec<String> = environments.iter().map(|environment| environment.name.clone()).collect();
    let mut sizes = control.store.list_recent_sizes(&names, now - TimeDelta::seconds(RECENT), step).await?;
    let mut rows = Vec::new();
    for environment in environments {
        let declared = Declared::load(control, environment).await?;
        for pool in &declared.pools {
            let mut row = row(&declared, pool, now);
            let own = (row.environment.clone(), row.pool.clone());
            row.recent = sizes.remove(&own).unwrap_or_default();
            rows.push(row);
        }
    }
    Ok(AutoscalingList { rows, now })
}

/// One pool over the last `window` seconds, which is one of [`WINDOWS`].
#[tracing::instrument(skip_all, fields(actor = actor.id, environment, pool), err(level = "debug"))]
pub async fn load_autoscaling(
    control: &Control,
    actor: &Actor,
    environment: &str,
    pool: &str,
    window: i64,
) -> Result<AutoscalingView, Error> {
    authorize(actor, Permission::ReadFleet)?;
    if !WINDOWS.contains(&window) {
        return Err(Error::invalid("window", "choose an hour, six hours, a day or a week"));
    }
    let declared = Declared::load(control, environments::require(control, environment).await?).await?;
    let now = control.clock.now();
    let row = row(&declared, declared.pool(pool)?, now);
    let step = i32::try_from(window / POINTS).unwrap_or(i32::MAX);
    let since = now - TimeDelta::seconds(window);
    let samples = control.store.list_autoscaling_samples(environment, pool, since, step).await?;
    Ok(AutoscalingView { cost: bounds_cost(&declared, &row), row, window, samples, now })
}

/// What is declared of the pool, for the form that edits it.
#[tracing::instrument(skip_all, fields(actor = actor.id, environment, pool), err(level = "debug"))]
pub async fn load_autoscaling_form(
    control: &Control,
    actor: &Actor,
    environment: &str,
    pool: &str,
) -> Result<AutoscalingForm, Error> {
    authorize(actor, Permission::ReadFleet)?;
    let declaration = environments::require(control, environment).await?;
    let (generation, spec) = (declaration.generation, declaration.spec);
    let found = spec.agent_pools.iter().enumerate().find(|(_, declared)| declared.name == pool);
    let (index, declared) = found.ok_or_else(|| pools::missing(environment, pool))?;
    Ok(AutoscalingForm { pool: declared.clone(), index, generation, environment: spec.environment })
}

fn row(declared: &Declared, pool: &store::Pool, now: Timestamp) -> AutoscalingRow {
    let prefix = &declared.environment.spec.environment.name_prefix;
    let group = name::instance_group(prefix, &pool.name);
    let scaler = name::autoscaler(prefix, &pool.name);
    let seen = declared.observed.groups.get(&group);
    let status = declared.observed.autoscalers.get(&scaler).cloned();
    let observed = declared.observed.resources.autoscalers.get(&scaler).cloned();
    AutoscalingRow {
        environment: declared.environment.name.clone(),
        pool: pool.name.clone(),
        desired: declared.desired.autoscalers.get(&scaler).cloned(),
        next: status.as_ref().zip(observed.as_ref()).and_then(|(status, scaler)| next(status, scaler)),
        in_force: observed.as_ref().and_then(|scaler| schedule_in_force(scaler, now)),
        observed,
        status,
        target: seen.map(|status| status.target_size),
        running: seen.and(pool.status.as_ref()).map(|status| status.running),
        recent: Vec::new(),
    }
}

/// The schedule that the service says begins first.
fn next(status: &AutoscalerStatus, scaler: &domain::resource::Autoscaler) -> Option<NextSchedule> {
    let starts = scaler.schedules.iter().filter(|schedule| !schedule.disabled).filter_map(|schedule| {
        let at = status.schedules.get(&schedule.name)?.next_start?;
        Some(NextSchedule {
            name: schedule.name.clone(),
            at,
            min_required_replicas: schedule.min_required_replicas,
        })
    });
    starts.min_by(|a, b| a.at.cmp(&b.at).then_with(|| a.name.cmp(&b.name)))
}

/// What the pool costs a month at its bounds and at its present size.
fn bounds_cost(declared: &Declared, row: &AutoscalingRow) -> Option<CostImpact> {
    let spec = &declared.environment.spec.environment;
    let scaler = row.desired.as_ref()?;
    let group = declared.desired.groups.get(&scaler.group)?;
    let template = declared.desired.templates.get(name::last_segment(&group.template))?;
    let book = PriceBook::shipped();
    let at = |size: u32| domain::cost::monthly(size, template, &spec.region, book);
    Some(CostImpact {
        before: at(scaler.min_replicas),
        after: at(row.running.or(row.target).unwrap_or(group.target_size)),
        at_most: Some(at(scaler.max_replicas)),
        book: book.version.clone(),
    })
}
