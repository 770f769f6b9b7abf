//! A control plane made by hand: a database of its own, an emulator of its own, people, and a worker that leads.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::TimeDelta;
use compute::Compute;
use compute_emulator::{Config, Emulator};
use control::{
    Clock, Control, Error, Signing,
    credential::Sealer,
    identity::Verifier,
    import,
    live::Live,
    reconcile::{Checkpoints, Leader, Stopped, changes, environments, progress},
};
use domain::{
    Actor, ChangeId, Role,
    actor::ActorKind,
    agent::Thresholds,
    audit::{AuditAction, AuditEvent},
    change::Change,
    token::Reach,
    view::import::{ImportInput, SourceFile},
};
use serde_json::Value;
use sqlx::PgPool;
use store::Store;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) const PROJECT: &str = "genesis-project-dev";
pub(crate) const REGION: &str = "us-central1";
pub(crate) const AUDIENCE: &str = "https://manager.test/agent/v1/enroll";
/// Far more than anything here takes on a quiet machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// VMs are empty, so that where they have a health check they never settle.
pub(crate) fn without_agents() -> Config {
    Config { clock_rate: 2000.0, ..Config::with_known_key() }
}

/// VMs boot real agents, which take real time: faster, and they would be taken for dead before they are up.
pub(crate) fn with_agents() -> Config {
    Config { clock_rate: 100.0, agents: true, ..Config::with_known_key() }
}

pub(crate) struct Fixture {
    pub(crate) control: Control,
    pub(crate) emulator: Emulator,
    pub(crate) http: reqwest::Client,
}

impl Fixture {
    pub(crate) async fn start(pool: PgPool) -> Self {
        Self::with(pool, with_agents(), Clock::System).await
    }

    pub(crate) async fn with(pool: PgPool, config: Config, clock: Clock) -> Self {
        let emulator = Emulator::start(config).await.expect("an emulator");
        let control = control(pool, &emulator.endpoint(), &emulator.jwks_url(), clock).await;
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { control, emulator, http }
    }

    /// Below the project of Compute Engine's API.
    pub(crate) async fn get(&self, project: &str, path: &str) -> Value {
        let url = format!("{}/compute/v1/projects/{project}/{path}", self.emulator.endpoint());
        self.http.get(url).send().await.expect("an answer").json().await.expect("JSON")
    }

    pub(crate) async fn post(&self, project: &str, path: &str, body: &Value) -> Value {
        let url = format!("{}/compute/v1/projects/{project}/{path}", self.emulator.endpoint());
        self.http.post(url).json(body).send().await.expect("an answer").json().await.expect("JSON")
    }

    pub(crate) async fn delete(&self, project: &str, path: &str) {
        let url = format!("{}/compute/v1/projects/{project}/{path}", self.emulator.endpoint());
        self.http.delete(url).send().await.expect("an answer").error_for_status().expect("a success");
    }

    /// Switches one of the emulator's faults on.
    pub(crate) async fn fault(&self, fault: &Value) {
        let url = format!("{}/emulator/faults", self.emulator.endpoint());
        let answer = self.http.post(url).json(fault).send().await.expect("an answer");
        answer.error_for_status().expect("a fault");
    }

    /// Switches all of them off.
    pub(crate) async fn end_faults(&self) {
        let url = format!("{}/emulator/faults", self.emulator.endpoint());
        self.http.delete(url).send().await.expect("an answer").error_for_status().expect("a success");
    }

    /// Type and target's name of every operation that the project's Compute Engine ever took, sorted.
    pub(crate) async fn operations(&self, project: &str) -> Vec<(String, String)> {
        let mut operations = Vec::new();
        for path in ["global/operations".to_owned(), format!("regions/{REGION}/operations")] {
            let list = self.get(project, &path).await;
            for operation in list["items"].as_array().into_iter().flatten() {
                let text = |key: &str| operation[key].as_str().unwrap_or_default().to_owned();
                let target = text("targetLink").rsplit('/').take(2).collect::<Vec<_>>().join(" of ");
                operations.push((text("operationType"), target));
            }
        }
        operations.sort();
        operations
    }

    /// Names of the project's VMs.
    pub(crate) async fn vms(&self, project: &str) -> Vec<String> {
        let mut names = Vec::new();
        for zone in ["a", "b", "c", "f"] {
            let list = self.get(project, &format!("zones/{REGION}-{zone}/instances")).await;
            let items = list["items"].as_array().cloned().unwrap_or_default();
            names.extend(items.iter().map(|vm| vm["name"].as_str().expect("a name").to_owned()));
        }
        names.sort();
        names
    }
}

/// As a process makes it when it starts.
pub(crate) async fn control(pool: PgPool, endpoint: &str, jwks_url: &str, clock: Clock) -> Control {
    let compute = Compute::connect(compute::Config::emulator(endpoint)).await.expect("a client");
    Control {
        store: Store::from(pool),
        compute,
        live: Live::new(1, Thresholds::default()),
        verifier: Arc::new(Verifier::new(jwks_url, AUDIENCE).expect("a verifier")),
        sealer: Arc::new(Sealer::new(&[7; 32])),
        signing: Arc::new(Signing::at("https://manager.test").expect("a host")),
        watch: Arc::default(),
        group_errors: Arc::default(),
        standing: Arc::default(),
        sums: Arc::default(),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
        clock,
    }
}

/// The same place, another process: nothing is shared but the database and the cloud.
pub(crate) fn restarted(control: &Control) -> Control {
    Control {
        live: Live::new(2, Thresholds::default()),
        group_errors: Arc::default(),
        standing: Arc::default(),
        sums: Arc::default(),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
        ..control.clone()
    }
}

pub(crate) async fn stop(control: &Control) {
    control.stop.cancel();
    control.tasks.close();
    control.tasks.wait().await;
}

pub(crate) fn person(name: &str, roles: &[Role]) -> Actor {
    Actor {
        kind: ActorKind::Person,
        id: name.to_owned(),
        name: name.to_owned(),
        roles: roles.iter().copied().collect(),
        reach: Reach::Whole,
        authn: "oidc".to_owned(),
        request_id: "request-1".to_owned(),
    }
}

pub(crate) fn operator() -> Actor {
    person("olga", &[Role::Operator])
}

pub(crate) fn viewer() -> Actor {
    person("vera", &[Role::Viewer])
}

/// The basic example with its two references given, after some words of it were replaced.
pub(crate) fn basic(replaced: &[(&str, &str)]) -> ImportInput {
    let mut text = include_str!("../../../../examples/basic.tf").to_owned();
    for (from, to) in replaced {
        assert!(text.contains(from), "the example has no {from}");
        text = text.replace(from, to);
    }
    let references = [
        ("module.networking.vpc_id", "global/networks/genesis".to_owned()),
        ("module.networking.subnet_id", format!("regions/{REGION}/subnetworks/genesis")),
    ];
    ImportInput {
        files: vec![SourceFile { name: "main.tf".to_owned(), text }],
        references: BTreeMap::from(references.map(|(reference, value)| (reference.to_owned(), value))),
        module: None,
    }
}

/// The basic example as a production environment, which nobody may change alone.
pub(crate) fn production() -> ImportInput {
    basic(&[(r#"environment = "dev""#, r#"environment = "prod""#), (PROJECT, "genesis-project-prod")])
}

/// As a person does: looks at the plan, then proposes what was shown.
pub(crate) async fn propose(control: &Control, actor: &Actor, input: ImportInput) -> Result<ChangeId, Error> {
    let preview = import::preview_import(control, actor, input.clone()).await?;
    let digest = preview.digest.expect("a complete import");
    import::propose_import(control, actor, input, &digest, "because").await
}

pub(crate) async fn change(control: &Control, id: ChangeId) -> Change {
    control.store.get_change(id).await.expect("a database").expect("a change")
}

/// The change's events, oldest first.
pub(crate) async fn events(control: &Control, id: ChangeId) -> Vec<AuditEvent> {
    let filter = store::AuditFilter { change: Some(id), ..Default::default() };
    let mut events = control.store.list_audit(&filter, 500).await.expect("a database");
    events.reverse();
    events
}

pub(crate) async fn actions(control: &Control, id: ChangeId) -> Vec<AuditAction> {
    events(control, id).await.into_iter().map(|event| event.action).collect()
}

/// Every event of the log is there, unchanged and in its place.
pub(crate) async fn assert_chain(control: &Control) {
    let verification = control.store.verify_audit(None).await.expect("a database");
    assert_eq!(verification.first_wrong, None);
}

/// Waits for what other tasks bring about.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let asked = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(asked.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// The instances as the store has them, put before the live fleet at once.
pub(crate) async fn sync_live(control: &Control, environment: &str) {
    let stored = control.store.list_instances(environment, None).await.expect("a database");
    let placed = stored.into_iter().map(|row| (row.pool, row.instance)).collect();
    control.live.sync(environment, placed, control.clock.now());
}

/// A process that leads, one round at a time. Dropped, it is dead: its lease is renewed no more.
pub(crate) struct Worker {
    pub(crate) control: Control,
    pub(crate) leader: Leader,
    pub(crate) pace: environments::Pace,
    keeping: JoinHandle<()>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.keeping.abort();
    }
}

impl Worker {
    pub(crate) async fn start(control: &Control) -> Self {
        Self::dying(control, Checkpoints::default()).await
    }

    pub(crate) async fn dying(control: &Control, checkpoints: Checkpoints) -> Self {
        let leader = Leader::acquire(control, checkpoints).await.expect("a database").expect("nobody leads");
        let (keeper, kept) = (leader.clone(), control.clone());
        // Not among the control plane's own tasks, whose end a test may wait for.
        let keeping = TaskTracker::new().spawn(async move { keeper.keep(&kept).await });
        Self { control: control.clone(), leader, pace: environments::Pace::default(), keeping }
    }

    /// A manual clock goes on with each round.
    pub(crate) async fn round(&mut self) -> Result<(), Stopped> {
        self.control.clock.advance(TimeDelta::milliseconds(600));
        changes::reconcile(&self.control, &self.leader).await?;
        environments::reconcile(&self.control, &self.leader, &mut self.pace).await?;
        Ok(())
    }

    /// Rounds until `reached`.
    pub(crate) async fn until(
        &mut self,
        id: ChangeId,
        reached: impl Fn(&Change) -> bool,
    ) -> Result<Change, Stopped> {
        let begun = Instant::now();
        loop {
            let now = change(&self.control, id).await;
            if reached(&now) {
                return Ok(now);
            }
            if begun.elapsed() > PATIENCE {
                let operations = self.control.store.list_operations(id).await.expect("what was begun");
                let missing = progress::of_change(&self.control, &now, &operations).await;
                panic!("{id} stays {:?}: {:?}, {missing:?}", now.state, now.outcome);
            }
            self.round().await?;
            sleep(Duration::from_millis(30)).await;
        }
    }

    pub(crate) async fn finish(&mut self, id: ChangeId) -> Change {
        self.until(id, |change| change.state.is_terminal()).await.expect("nobody kills it")
    }
}
