//! Compute Engine or the database is away: who asks is told so, nothing is written by halves, and it heals by itself.

use control::{Clock, Control, Error, audit, changes, fleet, import, pools};
use domain::{
    ChangeState,
    audit::AuditAction as Did,
    condition::{Condition, ConditionStatus, ConditionType},
};
use sqlx::PgPool;

use crate::{
    fixture::{
        Fixture, Worker, actions, assert_chain, basic, change, control, operator, propose, viewer,
        with_agents,
    },
    proxy::Proxy,
};

/// A control plane whose way to the emulator can be cut.
async fn behind_a_proxy(pool: PgPool) -> (Fixture, Proxy, Control) {
    let clock = Clock::manual(Clock::System.now());
    let fixture = Fixture::with(pool.clone(), with_agents(), clock.clone()).await;
    let (proxy, endpoint) = Proxy::start(&fixture.emulator.endpoint(), &fixture.control.tasks).await;
    let control = control(pool, &endpoint, &fixture.emulator.jwks_url(), clock).await;
    (fixture, proxy, control)
}

fn is_away(error: &Error, who: &str) -> bool {
    matches!(error, Error::Unavailable { what, .. } if *what == who)
}

async fn reachable(control: &Control) -> Condition {
    let pool = control.store.get_pool("dev", "backend-pool").await.unwrap().unwrap();
    let found = pool.conditions.into_iter().find(|one| one.kind == ConditionType::Reachable);
    found.expect("a word on whether Compute Engine answers")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nothing_is_proposed_while_compute_engine_is_away(pool: PgPool) {
    let (_fixture, proxy, control) = behind_a_proxy(pool).await;
    let shown = import::preview_import(&control, &operator(), basic(&[])).await.unwrap().digest.unwrap();
    proxy.set_away(true);
    let error = import::preview_import(&control, &viewer(), basic(&[])).await.unwrap_err();
    assert!(is_away(&error, "Compute Engine"), "{error:?}");
    let error = import::propose_import(&control, &operator(), basic(&[]), &shown, "").await.unwrap_err();
    assert!(is_away(&error, "Compute Engine"), "{error:?}");
    assert_eq!(control.store.list_changes(&Default::default(), 1).await.unwrap(), []);
    proxy.set_away(false);
    import::propose_import(&control, &operator(), basic(&[]), &shown, "").await.unwrap();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_change_under_way_rides_out_an_outage_without_a_storm(pool: PgPool) {
    let (fixture, proxy, control) = behind_a_proxy(pool).await;
    let id = propose(&control, &operator(), basic(&[])).await.unwrap();
    let mut worker = Worker::start(&control).await;
    worker.until(id, |change| change.state == ChangeState::Applying).await.unwrap();
    let answers = proxy.calls();

    proxy.set_away(true);
    worker.round().await.unwrap();
    let first = reachable(&control).await;
    assert_eq!(first.status, ConditionStatus::False);
    // A hundred rounds without time passing ask nothing.
    let asked = proxy.calls();
    let Clock::Manual(time) = control.clock.clone() else { panic!("a clock that we turn") };
    let stands = *time.lock().unwrap();
    for _ in 0..100 {
        *time.lock().unwrap() = stands - chrono::TimeDelta::milliseconds(600);
        worker.round().await.unwrap();
    }
    assert_eq!(proxy.calls(), asked);
    // A minute in a hundred rounds: looks after 1, 2, 4, 8, 16 and 20 s, and as many attempts of the step that is due.
    let each = asked - answers;
    for _ in 0..100 {
        worker.round().await.unwrap();
    }
    let calls = proxy.calls() - asked;
    assert!(calls <= each * 8, "{calls} calls, of which a round has {each}");
    assert!(calls >= each, "{calls} calls: nobody asked whether it is back");
    let step = control.store.list_operations(id).await.unwrap().pop().unwrap();
    assert!((3..=8).contains(&step.operation.attempts), "{step:?}");
    let last = reachable(&control).await;
    assert_eq!((last.status, last.since), (ConditionStatus::False, first.since));
    let view = fleet::load_fleet(&control, &viewer(), Some("dev")).await.unwrap();
    assert_eq!(view.unreachable.map(|(since, _)| since), Some(first.since));
    let view = changes::load_change(&control, &viewer(), id).await.unwrap();
    assert!(!view.waiting_for.is_empty());

    proxy.set_away(false);
    let applied = worker.finish(id).await;
    assert_eq!(applied.state, ChangeState::Applied, "{:?}", applied.outcome);
    let healed = reachable(&control).await;
    assert_eq!(healed.status, ConditionStatus::True);
    assert!(healed.since > first.since);
    let steps = applied.revision.plan.actions.len();
    assert_eq!(fixture.operations(crate::fixture::PROJECT).await.len(), steps);
    let finished = actions(&control, id).await.into_iter().filter(|did| *did == Did::FinishOperation);
    assert_eq!(finished.count(), steps);
    assert_chain(&control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_emulator_comes_back_with_the_same_fleet(pool: PgPool) {
    let state = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!(
        "comes-back-{}-{:?}.json",
        std::process::id(),
        std::thread::current().id()
    ));
    // A key of its own, so that only the state can bring it back.
    let config = compute_emulator::Config { state: Some(state.clone()), identity_key: None, ..with_agents() };
    let fixture = Fixture::with(pool, config.clone(), Clock::System).await;
    let control = fixture.control.clone();
    let id = propose(&control, &operator(), basic(&[])).await.unwrap();
    let mut worker = Worker::start(&control).await;
    worker.until(id, |change| change.state == ChangeState::Applying).await.unwrap();
    worker.round().await.unwrap();
    let listen = fixture.emulator.endpoint().strip_prefix("http://").unwrap().parse().unwrap();
    fixture.emulator.shutdown().await.unwrap();

    let error = import::preview_import(&control, &operator(), basic(&[])).await.unwrap_err();
    assert!(is_away(&error, "Compute Engine"), "{error:?}");
    worker.round().await.unwrap();
    assert_eq!(reachable(&control).await.status, ConditionStatus::False);

    let emulator =
        compute_emulator::Emulator::start(compute_emulator::Config { listen, ..config }).await.unwrap();
    assert_eq!(worker.finish(id).await.state, ChangeState::Applied);
    assert_eq!(reachable(&control).await.status, ConditionStatus::True);
    emulator.shutdown().await.unwrap();
    std::fs::remove_file(state).unwrap();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_use_case_says_that_the_database_is_away(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let id = propose(control, &operator(), basic(&[])).await.unwrap();
    let worker = Worker::start(control).await;
    control.store.close().await;
    let viewer = viewer();
    let faults = [
        ("preview_import", import::preview_import(control, &viewer, basic(&[])).await.err()),
        ("propose_import", import::propose_import(control, &operator(), basic(&[]), "", "").await.err()),
        ("cancel_change", changes::cancel_change(control, &operator(), id).await.err()),
        ("list_changes", changes::list_changes(control, &viewer, None, "", None).await.err()),
        ("load_change", changes::load_change(control, &viewer, id).await.err()),
        ("load_fleet", fleet::load_fleet(control, &viewer, None).await.err()),
        ("list_pools", pools::list_pools(control, &viewer, None).await.err()),
        ("load_pool", pools::load_pool(control, &viewer, "dev", "backend-pool").await.err()),
        (
            "load_pool_overview",
            pools::load_pool_overview(control, &viewer, "dev", "backend-pool").await.err(),
        ),
        ("load_pool_rollout", pools::load_pool_rollout(control, &viewer, "dev", "backend-pool").await.err()),
        ("list_audit", audit::list_audit(control, &viewer, Default::default()).await.err()),
        ("load_me", control::me::load_me(control, &viewer).await.err()),
        ("sign_out", control::people::sign_out(control, &viewer, store::Hash([0; 32])).await.err()),
    ];
    for (use_case, fault) in faults {
        assert!(fault.as_ref().is_some_and(|fault| is_away(fault, "the database")), "{use_case}: {fault:?}");
    }
    let stopped = control::reconcile::changes::reconcile(control, &worker.leader).await;
    assert!(
        matches!(&stopped, Err(control::reconcile::Stopped::Failed(error)) if is_away(error, "the database")),
        "{stopped:?}"
    );
    // Away is not lost: the lease goes on.
    assert!(worker.leader.still_leads());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_project_that_cannot_be_read_does_not_hide_another(pool: PgPool) {
    let (_fixture, proxy, control) = behind_a_proxy(pool).await;
    let mut worker = Worker::start(&control).await;
    let first = propose(&control, &operator(), basic(&[])).await.unwrap();
    worker.finish(first).await;
    let two = basic(&[
        (r#"environment = "dev""#, r#"environment = "development""#),
        ("genesis-project-dev", "genesis-project-two"),
    ]);
    let second = propose(&control, &operator(), two).await.unwrap();
    proxy.lie(|_, path, _| {
        path.contains("genesis-project-dev").then(|| serde_json::json!({"nonsense": 1, "items": 7}))
    });
    let applied = worker.finish(second).await;
    assert_eq!(applied.state, ChangeState::Applied, "{:?}", applied.outcome);
    assert_eq!(change(&control, first).await.state, ChangeState::Applied);
    assert_eq!(reachable(&control).await.status, ConditionStatus::False);
    let view = fleet::load_fleet(&control, &viewer(), Some("development")).await.unwrap();
    assert_eq!(view.unreachable, None);
}
