//! The planner alone, at 100 pools of 2,000 VMs: the largest that a regional group may be, a hundred times.

use std::{hint::black_box, time::Instant};

use anyhow::ensure;
use control::Clock;
use domain::{
    AgentType, FleetSpec, ObservedFleet, Timestamp,
    environment::EnvironmentSpec,
    model,
    plan::{Plan, plan},
    pool::PoolSpec,
    template::TemplateSpec,
};

use crate::series::Series;

const POOLS: u32 = 100;
const POOL_SIZE: u32 = 2_000;

pub(crate) fn measure(quick: bool) -> anyhow::Result<()> {
    let times = if quick { 5 } else { 30 };
    let now = Clock::System.now();
    let desired = fleet("e2-standard-2");
    let empty = ObservedFleet { observed_at: Some(now), ..ObservedFleet::default() };
    let first = plan(&desired, &empty, now);
    let running = model::apply(&first, &empty);
    let vms: usize = running.groups.values().map(|group| group.instances.len()).sum();
    ensure!(vms == usize::try_from(POOLS * POOL_SIZE)?, "the model made {vms} VMs");

    sample("plan, everything new", (&desired, &empty, now), times, |plan| !plan.actions.is_empty())?;
    sample("plan, nothing to do", (&desired, &running, now), times, |plan| plan.actions.is_empty())?;
    let larger = fleet("e2-standard-4");
    sample("plan, every VM replaced", (&larger, &running, now), times, |plan| {
        plan.impact.total().replaced == POOLS * POOL_SIZE
    })
}

/// `right`: the plan is the one that the name promises.
fn sample(
    name: &str,
    (desired, observed, now): (&FleetSpec, &ObservedFleet, Timestamp),
    times: usize,
    right: impl Fn(&Plan) -> bool,
) -> anyhow::Result<()> {
    let mut samples = Vec::with_capacity(times);
    for _ in 0..times {
        let began = Instant::now();
        let made = plan(black_box(desired), black_box(observed), now);
        samples.push(began.elapsed());
        ensure!(made.violations.is_empty() && right(&made), "{name}: {:?}", made.violations);
    }
    Series::times(name, &samples).say()
}

fn fleet(machine_type: &str) -> FleetSpec {
    let project = "genesis-project-dev";
    let mut environment = EnvironmentSpec::new(
        project,
        "us-central1",
        "dev",
        &format!("projects/{project}/global/networks/genesis"),
        &format!("projects/{project}/regions/us-central1/subnetworks/agents"),
    );
    environment.zones = ["us-central1-a", "us-central1-b", "us-central1-c"].map(str::to_owned).to_vec();
    let mut fleet = FleetSpec::new(environment);
    fleet.agent_vm_templates = vec![TemplateSpec {
        machine_type: Some(machine_type.to_owned()),
        ..TemplateSpec::new("backend", AgentType::BackendDeveloper)
    }];
    fleet.agent_pools = (0..POOLS)
        .map(|number| PoolSpec {
            target_size: Some(POOL_SIZE),
            enable_autoscaling: Some(false),
            ..PoolSpec::new(&format!("pool-{number}"), AgentType::BackendDeveloper, "backend")
        })
        .collect();
    fleet
}
