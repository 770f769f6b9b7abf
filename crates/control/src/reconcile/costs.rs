//! Costs: opens and closes run intervals with each look, and notices when a month crosses a threshold of its budget.

use std::collections::BTreeMap;

use domain::{
    Actor, FleetSpec, ObservedFleet, Timestamp,
    audit::AuditAction,
    cost::{PriceBook, RunningVm, VmKey, crossed, month_of, runs, step, vm_price},
    name::last_segment,
};
use store::{Crossing, Environment, NewEvent, PlacedInstance, Tx};

use super::{Leader, Stopped};
use crate::{Control, costs::spent_this_month};

/// What a round saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub budgets: u32,
    /// Thresholds that were crossed since the round before.
    pub crossed: u32,
}

/// Within the transaction that records a look, whose lock on the environment keeps two looks apart.
pub(super) async fn record_runs(
    tx: &mut Tx,
    environment: &Environment,
    observed: &ObservedFleet,
    listed: &[PlacedInstance],
    at: Timestamp,
    last_look: Option<Timestamp>,
) -> Result<(), store::Error> {
    let running = running(&environment.spec, observed, listed);
    let open = tx.open_run_intervals(&environment.name).await?;
    tx.step_run_intervals(&environment.name, &step(&open, &running, at, last_look)).await
}

fn running(spec: &FleetSpec, observed: &ObservedFleet, listed: &[PlacedInstance]) -> Vec<RunningVm> {
    let declared: BTreeMap<&str, &str> =
        spec.agent_pools.iter().map(|pool| (pool.name.as_str(), pool.agent_type.as_str())).collect();
    let region = &spec.environment.region;
    listed
        .iter()
        .filter(|placed| runs(&placed.instance.status))
        .map(|placed| {
            let instance = &placed.instance;
            let template = instance
                .template
                .as_ref()
                .and_then(|template| observed.resources.templates.get(last_segment(template)));
            let labelled =
                || template.and_then(|template| template.labels.get("agent_type")).map(String::as_str);
            let agent_type =
                declared.get(placed.pool.as_str()).copied().or_else(labelled).unwrap_or("unknown");
            RunningVm {
                key: VmKey {
                    zone: instance.zone.clone(),
                    name: instance.name.clone(),
                    instance_id: instance.id.clone().unwrap_or_default(),
                },
                pool: placed.pool.clone(),
                agent_type: agent_type.to_owned(),
                price: template.map(|template| vm_price(template, region, PriceBook::shipped())),
            }
        })
        .collect()
}

/// Once for each threshold, revision and month, however often and by whomever it is run.
pub async fn reconcile(control: &Control, leader: &Leader) -> Result<Status, Stopped> {
    let mut status = Status::default();
    for environment in control.store.list_environments().await? {
        let (Some(budget), Some(as_of)) =
            (control.store.get_budget(&environment.name).await?, environment.observed_at)
        else {
            continue;
        };
        let Some(monthly) = budget.monthly else { continue };
        status.budgets += 1;
        let month = month_of(as_of.date_naive());
        let spent = spent_this_month(control, &environment.name, as_of).await?;
        let noted = control.store.list_budget_notices(&environment.name, budget.revision, month).await?;
        for threshold in crossed(spent, monthly) {
            if noted.iter().any(|notice| notice.threshold == threshold) {
                continue;
            }
            let now = control.clock.now();
            let crossing = Crossing { revision: budget.revision, month, threshold, spent };
            leader.checkpoints.pass()?;
            let mut tx = leader.begin(control).await?;
            if !tx.note_crossing(&environment.name, &crossing, now).await? {
                continue;
            }
            let system = Actor::system("costs", "reconciler");
            let event = NewEvent {
                environment: Some(environment.name.clone()),
                detail: format!("{} of {} in {}", spent.exact(), monthly.exact(), month.format("%Y-%m")),
                ..NewEvent::new(
                    &system,
                    AuditAction::CrossBudgetThreshold,
                    format!("{threshold} % of the budget of {}", environment.name),
                    now,
                )
            };
            tx.append_audit(&event).await?;
            tx.commit().await?;
            status.crossed += 1;
        }
    }
    Ok(status)
}
