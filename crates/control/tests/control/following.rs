//! What happens when Compute Engine takes a step and then fails it, or never settles.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use control::{Clock, reconcile::changes as reconciler};
use domain::{ChangeState, audit::AuditAction as Did};
use serde_json::json;
use sqlx::PgPool;

use crate::{
    fixture::{
        Fixture, Worker, actions, basic, change, control, operator, propose, with_agents, without_agents,
    },
    proxy::Proxy,
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_operation_that_failed_in_passing_is_sent_again_under_another_id_after_a_pause(pool: PgPool) {
    let clock = Clock::manual(Clock::System.now());
    let fixture = Fixture::with(pool.clone(), with_agents(), clock.clone()).await;
    let (proxy, endpoint) = Proxy::start(&fixture.emulator.endpoint(), &fixture.control.tasks).await;
    let control = control(pool, &endpoint, &fixture.emulator.jwks_url(), clock).await;
    // The first operation that is waited for fails, whoever asks and however often.
    let failed: Arc<Mutex<Option<String>>> = Arc::default();
    let remembered = failed.clone();
    proxy.lie(move |_, path, answer| {
        let name = path.split('?').next()?.strip_suffix("/wait")?.rsplit('/').next()?.to_owned();
        let mut failed = remembered.lock().unwrap();
        if failed.get_or_insert_with(|| name.clone()) != &name {
            return None;
        }
        let mut answer = answer.clone();
        answer["status"] = "DONE".into();
        answer["error"] = json!({"errors": [{"code": "RESOURCE_NOT_READY", "message": "not ready"}]});
        answer["httpErrorStatusCode"] = 400.into();
        Some(answer)
    });
    let id = propose(&control, &operator(), basic(&[])).await.unwrap();
    let mut worker = Worker::start(&control).await;
    for _ in 0..6 {
        reconciler::reconcile(&control, &worker.leader).await.unwrap();
    }
    let paused = control.store.list_operations(id).await.unwrap().remove(0);
    assert_eq!(paused.operation.attempts, 1, "{paused:?}");
    assert!(paused.operation.error.as_deref().unwrap().contains("RESOURCE_NOT_READY"));
    assert!(paused.next_attempt_at.is_some());

    let applied = worker.finish(id).await;
    assert_eq!(applied.state, ChangeState::Applied, "{:?}", applied.outcome);
    let finished = actions(&control, id).await.into_iter().filter(|did| *did == Did::FinishOperation);
    assert_eq!(finished.count(), applied.revision.plan.actions.len());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_change_that_never_settles_makes_way_for_the_one_that_waits(pool: PgPool) {
    let clock = Clock::manual(Clock::System.now());
    // At this rate no VM gets beyond its provisioning while the test runs.
    let slow = compute_emulator::Config {
        latencies: compute_emulator::Latencies {
            provisioning: std::time::Duration::from_secs(1_000_000),
            ..Default::default()
        },
        ..without_agents()
    };
    let fixture = Fixture::with(pool, slow, clock.clone()).await;
    let control = &fixture.control;
    let first = propose(control, &operator(), basic(&[])).await.unwrap();
    let mut worker = Worker::start(control).await;
    let steps = change(control, first).await.revision.plan.actions.len();
    let all_done = |did: &[Did]| did.iter().filter(|did| **did == Did::FinishOperation).count() == steps;
    while !all_done(&actions(control, first).await) {
        worker.round().await.unwrap();
    }
    clock.advance(TimeDelta::hours(1));
    worker.round().await.unwrap();
    worker.round().await.unwrap();
    // Alone, it may take its time.
    assert_eq!(change(control, first).await.state, ChangeState::Applying);

    let second =
        propose(control, &operator(), basic(&[("max_replicas  = 5", "max_replicas  = 6")])).await.unwrap();
    worker.round().await.unwrap();
    let first = change(control, first).await;
    assert_eq!(first.state, ChangeState::Failed);
    assert!(first.outcome.as_deref().unwrap().contains("2 of 2 VMs of backend-pool"), "{:?}", first.outcome);
    worker.round().await.unwrap();
    assert_eq!(change(control, second).await.state, ChangeState::Applying);
}
