//! A pool's first tab: its rollout while there is one, some of its instances while there is none, its autoscaler's sizes, and the
//! newest of its timeline.

use domain::{
    Actor, Permission,
    agent::AgentState,
    view::{instance::InstanceLine, pool::PoolOverview, rollout::Rollout},
};

use super::{Looked, Versions, look};
use crate::{Control, Error, autoscaling, error::authorize, live::LiveRow, timeline};

/// Instances that are shown of a pool at rest: all have a tab of their own.
const INSTANCES: usize = 10;
/// Seconds that the autoscaler's sizes go back, as its own tab does when nobody chooses.
const WINDOW: i64 = 6 * 3600;

#[tracing::instrument(skip_all, fields(actor = actor.id, environment, pool), err(level = "debug"))]
pub async fn load_pool_overview(
    control: &Control,
    actor: &Actor,
    environment: &str,
    pool: &str,
) -> Result<PoolOverview, Error> {
    authorize(actor, Permission::ReadFleet)?;
    authorize(actor, Permission::ReadAudit)?;
    let looked = look(control, actor, environment, pool, Versions::WhileTheyMove).await?;
    let Looked { pool: view, rollout, name_prefix } = looked;
    let mut rollout = rollout.filter(Rollout::moves);
    let undrawn = rollout.as_mut().map_or(0, Rollout::trim);
    let autoscaling = match view.row.autoscaling {
        Some(_) => Some(autoscaling::load_autoscaling(control, actor, environment, pool, WINDOW).await?),
        None => None,
    };
    let (found, instances) = match &rollout {
        Some(rollout) => ((rollout.squares.len() + undrawn) as u64, Vec::new()),
        None => glance(control, environment, pool),
    };
    Ok(PoolOverview {
        rollout,
        undrawn: undrawn as u64,
        autoscaling,
        instances,
        found,
        events: timeline::latest(control, environment, pool, &name_prefix).await?,
        name_prefix,
        pool: view,
    })
}

/// How many there are, and some of them: who is not well is chosen first. They stand by zone and name, so that none moves as another
/// recovers.
fn glance(control: &Control, environment: &str, pool: &str) -> (u64, Vec<InstanceLine>) {
    let (found, rows) = control.live.choose(environment, |rows| {
        let mut own: Vec<&LiveRow> = rows.into_iter().filter(|row| row.pool == pool).collect();
        let found = own.len();
        own.sort_unstable_by(|one, other| {
            (severity(one.agent), place(one)).cmp(&(severity(other.agent), place(other)))
        });
        own.truncate(INSTANCES);
        own.sort_unstable_by(|one, other| place(one).cmp(&place(other)));
        (found, own)
    });
    (found as u64, rows.into_iter().map(InstanceLine::from).collect())
}

fn place(row: &LiveRow) -> (&str, &str) {
    (&row.instance.zone, &row.instance.name)
}

/// The worst first.
fn severity(agent: AgentState) -> usize {
    AgentState::ALL.iter().position(|state| *state == agent).unwrap_or(usize::MAX)
}
