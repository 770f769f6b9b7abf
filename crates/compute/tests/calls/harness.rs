//! What the tests share: an emulator on a free port, a client of it, and an environment that owns what it is told to.

use std::collections::BTreeSet;

use chrono::DateTime;
use compute::{Compute, Config, Error, Ownership, Scope, Submitted};
use compute_emulator::Emulator;
use domain::{
    Amount, ObservedFleet, Timestamp,
    plan::Step,
    pool::{ReplacementMethod, UpdateType},
    resource::{
        Disk, InstanceGroup, InstanceTemplate, MaintenancePolicy, Scheduling, Shielded, UpdatePolicy,
    },
};
use uuid::Uuid;

pub(crate) struct Cloud {
    pub(crate) compute: Compute,
    pub(crate) scope: Scope,
    _emulator: Emulator,
}

pub(crate) fn scope() -> Scope {
    Scope::new("demo-project", "us-central1")
}

pub(crate) fn now() -> Timestamp {
    DateTime::from_timestamp(1_700_000_000, 0).expect("a time")
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

impl Cloud {
    pub(crate) async fn start() -> Self {
        let config =
            compute_emulator::Config { clock_rate: 200.0, ..compute_emulator::Config::with_known_key() };
        let emulator = Emulator::start(config).await.expect("an emulator");
        let compute = Compute::connect(Config::emulator(emulator.endpoint())).await.expect("a client");
        Self { compute, scope: scope(), _emulator: emulator }
    }

    /// Switches one of the emulator's faults on, until all are switched off.
    pub(crate) async fn fault(&self, fault: serde_json::Value) {
        let url = format!("{}/emulator/faults", self._emulator.endpoint());
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let answer = http.post(url).json(&fault).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{fault}");
    }

    pub(crate) async fn end_faults(&self) {
        let url = format!("{}/emulator/faults", self._emulator.endpoint());
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        http.delete(url).send().await.expect("an answer").error_for_status().expect("a success");
    }

    pub(crate) async fn submit(&self, step: &Step, request_id: Uuid) -> Result<Submitted, Error> {
        self.compute.submit(&self.scope, step, request_id).await
    }

    /// Sends a step that must start an operation, and waits for it. The request id comes of the step's content.
    pub(crate) async fn run(&self, step: &Step) {
        let content = serde_json::to_vec(step).expect("JSON");
        let submitted = self.submit(step, Uuid::new_v5(&Uuid::NAMESPACE_OID, &content)).await;
        let submitted = submitted.unwrap_or_else(|error| panic!("{}: {error}", step.name()));
        let operation = submitted.operation().unwrap_or_else(|| panic!("{} is already there", step.name()));
        self.compute
            .wait(&self.scope, operation)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", step.name()));
    }

    pub(crate) async fn observe(&self, ownership: &Ownership) -> ObservedFleet {
        self.compute.observe(&self.scope, ownership, now()).await.expect("a reading")
    }
}

pub(crate) fn template(name: &str) -> InstanceTemplate {
    InstanceTemplate {
        name: name.to_owned(),
        description: "Web agents".to_owned(),
        machine_type: "e2-standard-2".to_owned(),
        source_image: "ubuntu-os-cloud/ubuntu-2204-lts".to_owned(),
        boot_disk: Disk { size_gb: 20, disk_type: "pd-ssd".to_owned(), kms_key: None },
        workspace_disk: Some(Disk {
            size_gb: 50,
            disk_type: "pd-balanced".to_owned(),
            kms_key: Some(
                "projects/demo-project/locations/us-central1/keyRings/ring/cryptoKeys/key".to_owned(),
            ),
        }),
        network: "projects/demo-project/global/networks/default".to_owned(),
        subnetwork: "projects/demo-project/regions/us-central1/subnetworks/default".to_owned(),
        external_ip: true,
        service_account: None,
        scopes: vec!["https://www.googleapis.com/auth/cloud-platform".to_owned()],
        tags: set(["agent-vm", "agent-backend-dev"]),
        labels: [("managed_by".to_owned(), "agent-manager".to_owned())].into(),
        metadata: [
            ("agent-type".to_owned(), "backend-dev".to_owned()),
            ("enable-oslogin".to_owned(), "TRUE".to_owned()),
        ]
        .into(),
        scheduling: Scheduling {
            spot: false,
            automatic_restart: true,
            on_host_maintenance: MaintenancePolicy::Migrate,
        },
        shielded: Shielded { secure_boot: true, vtpm: true, integrity_monitoring: false },
        confidential: false,
        resource_policies: Vec::new(),
    }
}

/// Without autohealing: nothing else has to exist but the template.
pub(crate) fn group(name: &str, template: &str, size: u32) -> InstanceGroup {
    InstanceGroup {
        name: name.to_owned(),
        base_instance_name: "agent-web".to_owned(),
        description: "Web agents".to_owned(),
        template: template.to_owned(),
        target_size: size,
        zones: ["us-central1-a", "us-central1-b", "us-central1-c"].map(str::to_owned).into(),
        named_ports: Vec::new(),
        canary: None,
        update_policy: UpdatePolicy {
            update_type: UpdateType::Proactive,
            replacement_method: ReplacementMethod::Substitute,
            max_surge: Amount::Fixed(3),
            max_unavailable: Amount::NONE,
        },
        auto_healing: None,
    }
}

/// A template and a group of it, made.
pub(crate) async fn pool(cloud: &Cloud, size: u32) -> InstanceGroup {
    let instance_template = template("genesis-agent-web-1");
    let instance_group = group("genesis-pool-web", &instance_template.name, size);
    cloud.run(&Step::CreateInstanceTemplate { instance_template }).await;
    cloud.run(&Step::CreateInstanceGroup { instance_group: instance_group.clone() }).await;
    instance_group
}

pub(crate) fn owns_groups<const N: usize>(names: [&str; N]) -> Ownership {
    Ownership { name_prefix: "genesis".to_owned(), groups: set(names), ..Ownership::default() }
}
