//! An approved change says which change has its turn before it, what that one waits for, and when that one is given up.

use chrono::TimeDelta;
use control::{Clock, Control, changes};
use domain::{ChangeId, ChangeState, queue::Held, view::change::ChangeView};
use serde_json::json;
use sqlx::PgPool;
use tokio::time::{Duration, Instant, sleep};

use crate::fixture::{Fixture, PATIENCE, Worker, basic, operator, propose, viewer, without_agents};

async fn view(control: &Control, id: ChangeId) -> ChangeView {
    changes::load_change(control, &viewer(), id).await.unwrap()
}

/// In a list.
async fn row_is_held(control: &Control, id: ChangeId) -> Option<String> {
    let list = changes::list_changes(control, &viewer(), Some("dev"), "", None).await.unwrap();
    let row = list.changes.into_iter().find(|row| row.id == id).unwrap();
    row.held.as_ref().map(Held::words)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_change_behind_one_that_cannot_settle_says_so_until_that_one_is_given_up(pool: PgPool) {
    let clock = Clock::manual(Clock::System.now());
    let fixture = Fixture::with(pool, without_agents(), clock.clone()).await;
    let control = &fixture.control;
    fixture.fault(&json!({"kind": "stockout", "zone": "us-central1-a"})).await;
    let first = propose(control, &operator(), basic(&[])).await.unwrap();
    let mut worker = Worker::start(control).await;
    let begun = Instant::now();
    // All its calls are made, and VMs are missing.
    while !view(control, first).await.waiting_for.iter().any(|what| what.contains("VMs of backend-pool")) {
        assert!(begun.elapsed() < PATIENCE, "{:?}", view(control, first).await.waiting_for);
        worker.round().await.unwrap();
        sleep(Duration::from_millis(30)).await;
    }
    let larger = |most: &str| basic(&[("max_replicas  = 5", most)]);
    let second = propose(control, &operator(), larger("max_replicas  = 6")).await.unwrap();
    let third = propose(control, &operator(), larger("max_replicas  = 7")).await.unwrap();
    worker.round().await.unwrap();

    let ahead = view(control, first).await;
    assert_eq!((ahead.change.state, &ahead.held), (ChangeState::Applying, &None));
    let waits = view(control, second).await;
    assert_eq!(waits.change.state, ChangeState::Approved);
    assert_eq!(waits.held, Some(Held::Behind { first, then: Vec::new() }));
    let said = &waits.waiting_for[0];
    assert!(said.starts_with(&format!("{first}, which waits ")), "{said}");
    assert!(said.contains(&ahead.waiting_for[0]), "{said}: {:?}", ahead.waiting_for);
    assert!(said.contains(" and is to be given up at "), "{said}");
    let last = view(control, third).await;
    assert_eq!(last.held, Some(Held::Behind { first, then: vec![second] }));
    assert_eq!(last.waiting_for[1..], [format!("{second}, which is approved and older")]);
    assert_eq!(row_is_held(control, first).await, None);
    assert_eq!(row_is_held(control, second).await, Some(format!("waits for {first}")));

    // The time that was named passes: the next one has its turn.
    clock.advance(TimeDelta::minutes(16));
    assert_eq!(worker.finish(first).await.state, ChangeState::Failed);
    assert_eq!(view(control, second).await.held, None);
    worker.until(second, |change| change.state == ChangeState::Applying).await.unwrap();
    assert_eq!(row_is_held(control, third).await, Some(format!("waits for {second}")));
}
