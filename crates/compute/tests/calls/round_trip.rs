//! What was created reads back as it was wanted: otherwise each plan would find something to do.

use compute::{Ownership, normalize};
use domain::{
    AgentType, FleetSpec, ObservedFleet,
    environment::EnvironmentSpec,
    observed::{Location, Quota},
    plan::{Step, plan},
    pool::PoolSpec,
    resource::{Disk, MaintenancePolicy, ResourceSet, Scheduling},
    template::TemplateSpec,
};

use crate::harness::{Cloud, now, owns_groups, scope, set, template};

fn spec() -> FleetSpec {
    let environment = EnvironmentSpec::new("demo-project", "us-central1", "dev", "default", "default");
    let mut spec = FleetSpec::new(environment);
    spec.agent_vm_templates = vec![TemplateSpec::new("web", AgentType::BackendDeveloper)];
    let mut scaled = PoolSpec::new("scaled", AgentType::BackendDeveloper, "web");
    scaled.enable_autoscaling = Some(true);
    spec.agent_pools = vec![PoolSpec::new("web", AgentType::BackendDeveloper, "web"), scaled];
    spec
}

fn ownership(resources: &ResourceSet) -> Ownership {
    Ownership {
        name_prefix: "genesis".to_owned(),
        labels: [("managed_by", "agent-manager"), ("environment", "dev")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        groups: resources.groups.keys().cloned().collect(),
        health_checks: resources.health_checks.keys().cloned().collect(),
        firewall_rules: resources.firewall_rules.keys().cloned().collect(),
        autoscalers: resources.autoscalers.keys().cloned().collect(),
    }
}

#[tokio::test]
async fn an_applied_plan_leaves_nothing_to_plan() {
    let cloud = Cloud::start().await;
    let spec = spec();
    let machine_types = [spec.environment.default_agent_machine_type.clone()];
    let location = cloud.compute.location(&cloud.scope, &machine_types).await.unwrap();
    let before = ObservedFleet { location: Some(location.clone()), ..ObservedFleet::default() };
    let first = plan(&spec, &before, now());
    assert_eq!(first.violations, []);
    assert!(first.actions.len() >= 8, "{:?}", first.actions);
    for action in &first.actions {
        cloud.run(&action.step).await;
    }

    let mut wanted = domain::derive::desired(&spec, &before);
    let mut after = cloud.observe(&ownership(&wanted)).await;
    assert_eq!(after.observed_at, Some(now()));
    normalize(&scope(), &mut wanted);
    assert_eq!(after.resources, wanted);
    after.location = Some(location);
    let again = plan(&spec, &after, now());
    assert_eq!(again.actions, []);
}

#[tokio::test]
async fn templates_of_every_kind_read_back() {
    let cloud = Cloud::start().await;
    let plain = template("genesis-agent-plain-1");
    let spot = {
        let mut spot = template("genesis-agent-spot-1");
        spot.scheduling = Scheduling {
            spot: true,
            automatic_restart: false,
            on_host_maintenance: MaintenancePolicy::Terminate,
        };
        spot.external_ip = false;
        spot.workspace_disk = None;
        spot.service_account = Some("agents@demo-project.iam.gserviceaccount.com".to_owned());
        spot
    };
    let confidential = {
        let mut confidential = template("genesis-agent-confidential-1");
        confidential.confidential = true;
        confidential.machine_type = "n2d-standard-2".to_owned();
        confidential.scheduling.on_host_maintenance = MaintenancePolicy::Terminate;
        confidential.source_image = "projects/demo-project/global/images/hardened-7".to_owned();
        confidential.boot_disk = Disk { size_gb: 100, disk_type: "pd-balanced".to_owned(), kms_key: None };
        confidential.resource_policies = vec!["nightly".to_owned()];
        confidential.shielded.secure_boot = false;
        confidential.shielded.integrity_monitoring = true;
        confidential
    };
    let wanted = [plain, spot, confidential];
    for instance_template in wanted.clone() {
        cloud.run(&Step::CreateInstanceTemplate { instance_template }).await;
    }
    let observed = cloud.observe(&owns_groups([])).await;
    for template in wanted {
        assert_eq!(observed.resources.templates[&template.name], template);
    }
}

#[tokio::test]
async fn what_belongs_to_others_is_not_observed() {
    let cloud = Cloud::start().await;
    let mut foreign = template("genesis-agent-foreign-1");
    foreign.labels.clear();
    for instance_template in [foreign, template("genesisx-agent-web-1"), template("genesis-agent-web-1")] {
        cloud.run(&Step::CreateInstanceTemplate { instance_template }).await;
    }
    for name in ["genesis-pool-web", "genesis-pool-web-of-others"] {
        let instance_group = crate::harness::group(name, "genesis-agent-web-1", 1);
        cloud.run(&Step::CreateInstanceGroup { instance_group }).await;
    }
    let labels = [("managed_by".to_owned(), "agent-manager".to_owned())].into();
    let observed = cloud.observe(&Ownership { labels, ..owns_groups(["genesis-pool-web"]) }).await;
    assert_eq!(observed.resources.templates.into_keys().collect::<Vec<_>>(), ["genesis-agent-web-1"]);
    assert_eq!(observed.resources.groups.into_keys().collect::<Vec<_>>(), ["genesis-pool-web"]);
    assert_eq!(observed.groups.into_keys().collect::<Vec<_>>(), ["genesis-pool-web"]);
}

#[tokio::test]
async fn a_region_tells_its_zones_and_what_they_have() {
    let cloud = Cloud::start().await;
    let asked = ["e2-standard-2".to_owned(), "x9-imaginary-1".to_owned()];
    let location = cloud.compute.location(&cloud.scope, &asked).await.unwrap();
    let Location { zones, machine_types, quotas } = location;
    assert_eq!(zones, set(["us-central1-a", "us-central1-b", "us-central1-c", "us-central1-f"]));
    assert_eq!(machine_types["e2-standard-2"], zones);
    assert_eq!(machine_types["x9-imaginary-1"], set([]));
    assert_eq!(quotas["N2_CPUS"], Quota { limit: 24_000.0, usage: 0.0 });
    assert!(quotas.keys().all(|metric| metric.ends_with("CPUS")), "{quotas:?}");
}
