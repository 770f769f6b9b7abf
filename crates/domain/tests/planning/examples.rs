//! Fleets that the tests start from.

use domain::{
    AgentType, FleetSpec, ObservedFleet, Timestamp,
    environment::EnvironmentSpec,
    model,
    plan::{Plan, plan},
    pool::PoolSpec,
    template::TemplateSpec,
};

pub(crate) fn now() -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000, 0).unwrap_or_default()
}

/// The seed's "Basic Agent Pool Deployment".
pub(crate) fn basic() -> FleetSpec {
    let mut environment = EnvironmentSpec::new(
        "genesis-project-dev",
        "us-central1",
        "dev",
        "projects/genesis-project-dev/global/networks/genesis",
        "projects/genesis-project-dev/regions/us-central1/subnetworks/agents",
    );
    environment.zones = ["us-central1-a", "us-central1-b", "us-central1-c"].map(str::to_owned).to_vec();
    let mut fleet = FleetSpec::new(environment);
    fleet.agent_vm_templates = vec![
        TemplateSpec {
            machine_type: Some("e2-standard-2".to_owned()),
            ..TemplateSpec::new("backend-dev", AgentType::BackendDeveloper)
        },
        TemplateSpec {
            machine_type: Some("e2-standard-4".to_owned()),
            ..TemplateSpec::new("platform-eng", AgentType::PlatformEngineer)
        },
    ];
    fleet.agent_pools = vec![PoolSpec {
        target_size: Some(2),
        enable_autoscaling: Some(true),
        min_replicas: Some(1),
        max_replicas: Some(5),
        ..PoolSpec::new("backend-pool", AgentType::BackendDeveloper, "backend-dev")
    }];
    fleet
}

/// The basic fleet with a pool of a fixed size.
pub(crate) fn fixed(size: u32) -> FleetSpec {
    let mut fleet = basic();
    fleet.agent_pools[0] = PoolSpec {
        target_size: Some(size),
        ..PoolSpec::new("backend-pool", AgentType::BackendDeveloper, "backend-dev")
    };
    fleet
}

/// Read just now, and empty.
pub(crate) fn nothing() -> ObservedFleet {
    ObservedFleet { observed_at: Some(now()), ..ObservedFleet::default() }
}

pub(crate) fn applied(desired: &FleetSpec, observed: &ObservedFleet) -> ObservedFleet {
    model::apply(&plan(desired, observed, now()), observed)
}

pub(crate) fn titles(plan: &Plan) -> Vec<String> {
    plan.actions.iter().map(|action| action.title()).collect()
}
