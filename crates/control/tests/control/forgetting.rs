//! Compute Engine does not know an operation that a change waits for: what became of its step is looked at, never supposed.

use std::time::Duration;

use compute_emulator::{Config, Emulator, Latencies};
use control::{
    Clock, Control,
    edits::{self, Seen},
};
use domain::{
    ChangeId, ChangeState,
    audit::AuditAction as Did,
    change::Change,
    edit::Edit,
    instance::Instance,
    operation::OperationState,
    plan::instances::{InstanceAction, InstanceVerb},
    view::import::ImportInput,
};
use serde_json::json;
use sqlx::PgPool;

use crate::{
    fixture::{
        Fixture, PROJECT, REGION, Worker, basic, events, eventually, operator, propose, restarted,
        without_agents,
    },
    killing::{assert_told_once, depose},
};

const POOL: &str = "backend-pool";

/// Sized by people. Nothing probes its VMs, so that empty ones settle.
fn unprobed() -> ImportInput {
    let probes = (r#"environment = "dev""#, "environment = \"dev\"\n  enable_health_checks = false");
    basic(&[probes, ("enable_autoscaling = true", "enable_autoscaling = false")])
}

/// Works on the change until an operation runs that does not end, and dies. The operation's name.
async fn killed_while_running(control: &Control, id: ChangeId) -> String {
    let mut doomed = Worker::start(control).await;
    let name = tokio::select! {
        ended = doomed.until(id, |change| change.state.is_terminal()) => panic!("it ended: {ended:?}"),
        name = eventually("an operation that runs", || async {
            let known = control.store.list_operations(id).await.unwrap();
            let running = known.into_iter().find(|one| one.operation.state == OperationState::Running);
            running.and_then(|one| one.operation.name)
        }) => name,
    };
    drop(doomed);
    depose(control).await;
    name
}

/// By another process, which dies then.
async fn finished(control: &Control, id: ChangeId) -> Change {
    let next = restarted(control);
    let finished = Worker::start(&next).await.finish(id).await;
    assert_eq!(finished.state, ChangeState::Applied, "{:?}", finished.outcome);
    assert_told_once(&next, &finished, 0).await;
    depose(&next).await;
    finished
}

/// The emulator takes calls and does not say how their operations stand.
async fn hide_operations(fixture: &Fixture) {
    fixture.fault(&json!({"kind": "http", "status": 503, "path": "/wait"})).await;
}

/// It says so again, and has forgotten that one: `global/NAME`, `region/NAME`.
async fn forget(fixture: &Fixture, operation: &str) {
    let (scope, name) = operation.split_once('/').unwrap();
    let scope = if scope == "region" { format!("regions/{REGION}") } else { scope.to_owned() };
    fixture.delete(PROJECT, &format!("{scope}/operations/{name}")).await;
    fixture.end_faults().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_operation_that_is_lost_with_its_effect_is_sent_again(pool: PgPool) {
    // None ends while anybody looks.
    let latencies = Latencies { operation: Duration::from_secs(1_000_000), ..Latencies::default() };
    let fixture = Fixture::with(pool, Config { latencies, ..without_agents() }, Clock::System).await;
    let id = propose(&fixture.control, &operator(), unprobed()).await.unwrap();
    killed_while_running(&fixture.control, id).await;

    // Another one in its place, which knows nothing.
    let Fixture { control, emulator, http } = fixture;
    let listen = emulator.endpoint().strip_prefix("http://").unwrap().parse().unwrap();
    emulator.shutdown().await.unwrap();
    let emulator = Emulator::start(Config { listen, ..without_agents() }).await.unwrap();
    let fixture = Fixture { control, emulator, http };

    let applied = finished(&fixture.control, id).await;
    let operations = fixture.operations(PROJECT).await;
    assert_eq!(operations.len(), applied.revision.plan.actions.len(), "{operations:?}");
    let group = ("insert".to_owned(), "genesis-pool-backend-pool of instanceGroupManagers".to_owned());
    assert!(operations.contains(&group), "{operations:?}");
    assert_eq!(fixture.vms(PROJECT).await.len(), 2);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_a_forgotten_operation_made_is_found_there(pool: PgPool) {
    let fixture = Fixture::with(pool, without_agents(), Clock::System).await;
    let id = propose(&fixture.control, &operator(), unprobed()).await.unwrap();
    hide_operations(&fixture).await;
    let operation = killed_while_running(&fixture.control, id).await;
    forget(&fixture, &operation).await;

    let applied = finished(&fixture.control, id).await;
    // All but the forgotten one, each once.
    assert_eq!(fixture.operations(PROJECT).await.len(), applied.revision.plan.actions.len() - 1);
    assert_eq!(fixture.vms(PROJECT).await.len(), 2);
}

/// A change that does that to the pool's first VM, whose process died, and whose operation took effect and is forgotten.
async fn forgotten_call(fixture: &Fixture, verb: InstanceVerb) -> (ChangeId, Instance) {
    let control = &fixture.control;
    hide_operations(fixture).await;
    let vm = control.store.list_instances("dev", Some(POOL)).await.unwrap().remove(0).instance;
    let instances = vec![vm.name.clone()];
    let edit = Edit::ActOnInstances(InstanceAction { pool: POOL.to_owned(), verb, instances });
    let preview = edits::preview_edit(control, &operator(), "dev", &edit).await.unwrap();
    let seen = Seen { base_generation: preview.base_generation, digest: Some(&preview.digest) };
    let id = edits::propose_edit(control, &operator(), "dev", &edit, seen, "").await.unwrap();
    let operation = killed_while_running(control, id).await;
    forget(fixture, &operation).await;
    (id, vm)
}

/// What the log says of the change's one step.
async fn detail(control: &Control, id: ChangeId) -> String {
    let told = events(control, id).await.into_iter().find(|event| event.action == Did::FinishOperation);
    told.unwrap().detail
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_forgotten_call_for_a_new_vm_is_not_made_twice(pool: PgPool) {
    let fixture = Fixture::with(pool, without_agents(), Clock::System).await;
    let control = &fixture.control;
    let id = propose(control, &operator(), unprobed()).await.unwrap();
    finished(control, id).await;
    let before = fixture.operations(PROJECT).await;

    let (id, vm) = forgotten_call(&fixture, InstanceVerb::Recreate).await;
    finished(control, id).await;
    assert_eq!(fixture.operations(PROJECT).await, before, "the forgotten one was the only one");
    assert!(detail(control, id).await.ends_with("was taken and is forgotten"));
    let after = control.store.list_instances("dev", Some(POOL)).await.unwrap();
    let anew = after.into_iter().map(|row| row.instance).find(|one| one.name == vm.name).unwrap();
    assert_ne!(anew.id, vm.id);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_vm_that_a_forgotten_call_deleted_is_not_asked_for_again(pool: PgPool) {
    let fixture = Fixture::with(pool, without_agents(), Clock::System).await;
    let control = &fixture.control;
    let id = propose(control, &operator(), unprobed()).await.unwrap();
    finished(control, id).await;
    let before = fixture.operations(PROJECT).await;

    let (id, vm) = forgotten_call(&fixture, InstanceVerb::Delete).await;
    eventually("the VM to be gone", || async {
        (!fixture.vms(PROJECT).await.contains(&vm.name)).then_some(())
    })
    .await;
    finished(control, id).await;
    assert_eq!(fixture.operations(PROJECT).await, before, "the forgotten one was the only one");
    assert_eq!(detail(control, id).await, "it was already so");
    assert_eq!(fixture.vms(PROJECT).await.len(), 1);
}
