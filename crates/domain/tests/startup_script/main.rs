//! The startup scripts at work: bash runs them, on a folder that stands for the VM, once and again, to the end and
//! until the power fails.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as expected")]

mod failures;
mod machine;
mod runs;

use domain::{AgentType, FleetSpec, environment::EnvironmentSpec, template::TemplateSpec};

/// The script as Compute Engine gets it with a template of the type.
fn script(agent_type: AgentType) -> String {
    let mut environment = EnvironmentSpec::new(
        "genesis-project-dev",
        "us-central1",
        "dev",
        "projects/genesis-project-dev/global/networks/genesis",
        "projects/genesis-project-dev/regions/us-central1/subnetworks/agents",
    );
    environment.enable_monitoring = true;
    let mut fleet = FleetSpec::new(environment);
    fleet.agent_vm_templates = vec![TemplateSpec::new("worker", agent_type)];
    let resources = domain::derive::resources(&fleet, &["us-central1-a".to_owned()]);
    resources.templates.values().next().unwrap().metadata["startup-script"].clone()
}
