//! Old versions of templates go when nothing uses them, and enough newer ones are kept or the template is retired.

use control::{
    Control, audit, changes, edits,
    reconcile::{
        Checkpoints, Stopped,
        template_versions::{self, KEPT, Status},
    },
};
use domain::{
    ChangeId, ChangeState,
    audit::AuditAction as Did,
    edit::Edit,
    plan::{Action, Step},
};
use serde_json::json;
use sqlx::PgPool;
use tokio::time::{Duration, Instant, sleep};

use crate::fixture::{Fixture, PATIENCE, PROJECT, Worker, assert_chain, basic, change, operator, propose};

async fn versions(fixture: &Fixture, template: &str) -> usize {
    let list = fixture.get(PROJECT, "global/instanceTemplates").await;
    let name = |item: &serde_json::Value| item["name"].as_str().unwrap_or_default().contains(template);
    list["items"].as_array().map_or(0, |items| items.iter().filter(|item| name(item)).count())
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_newest_versions_stay_for_a_rollback_and_the_others_go(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    // No pool uses this template: each change of it is a version that only the declaration knows.
    let sizes =
        ["e2-standard-4", "e2-standard-8", "e2-standard-16", "e2-highmem-4", "e2-highmem-8", "e2-highcpu-8"];
    for size in sizes {
        let input = basic(&[("machine_type = \"e2-standard-4\"", &format!("machine_type = \"{size}\""))]);
        let id = propose(control, &operator(), input).await.unwrap();
        assert_eq!(worker.finish(id).await.state, ChangeState::Applied);
    }
    worker.round().await.unwrap();
    assert_eq!(versions(&fixture, "platform-eng").await, 6);

    // Killed between the intent and its end: the next round finishes, with no second intent.
    let mut mortal = worker.leader.clone();
    mortal.checkpoints = Checkpoints::die_at(3);
    let killed = template_versions::reconcile(control, &mortal).await;
    assert!(matches!(killed, Err(Stopped::Killed)), "{killed:?}");
    let status = template_versions::reconcile(control, &worker.leader).await.unwrap();
    assert_eq!(status, Status { deleted: 3, open: 0 });
    assert_eq!(versions(&fixture, "platform-eng").await, KEPT);
    assert_eq!(versions(&fixture, "backend-dev").await, 1, "a group uses it");

    let log = audit::list_audit(control, &operator(), Default::default()).await.unwrap();
    let told = |action: Did| {
        log.events
            .iter()
            .filter(|event| {
                event.action == action
                    && event.change.is_none()
                    && event.object.starts_with("delete instance template")
            })
            .count()
    };
    assert_eq!((told(Did::IntendOperation), told(Did::FinishOperation)), (3, 3));
    assert_chain(control).await;

    // What was observed before is of yesterday: nothing is deleted twice.
    worker.round().await.unwrap();
    assert_eq!(template_versions::reconcile(control, &worker.leader).await.unwrap(), Status::default());
}

/// Declares the templates of the basic example.
async fn import(control: &Control, worker: &mut Worker) {
    let imported = propose(control, &operator(), basic(&[])).await.unwrap();
    assert_eq!(worker.finish(imported).await.state, ChangeState::Applied);
}

async fn retire(control: &Control, worker: &mut Worker) {
    let retire = Edit::RetireTemplate { name: "platform-eng".into() };
    let preview = edits::preview_edit(control, &operator(), "dev", &retire).await.unwrap();
    let seen = edits::Seen { base_generation: preview.base_generation, digest: Some(&preview.digest) };
    let retired = edits::propose_edit(control, &operator(), "dev", &retire, seen, "because").await.unwrap();
    assert_eq!(worker.finish(retired).await.state, ChangeState::Applied);
}

/// What the reconciler says as soon as it has something to say.
async fn reconciled(control: &Control, worker: &mut Worker) -> Status {
    let begun = Instant::now();
    loop {
        worker.round().await.unwrap();
        let status = template_versions::reconcile(control, &worker.leader).await.unwrap();
        if status != Status::default() {
            break status;
        }
        assert!(begun.elapsed() < PATIENCE, "its only version is to go");
        sleep(Duration::from_millis(30)).await;
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_a_retired_template_no_version_stays_and_it_may_be_declared_again(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    import(control, &mut worker).await;
    worker.round().await.unwrap();
    assert_eq!(template_versions::reconcile(control, &worker.leader).await.unwrap(), Status::default());
    assert_eq!(versions(&fixture, "platform-eng").await, 1, "declared, although nothing uses it");

    retire(control, &mut worker).await;
    let status = reconciled(control, &mut worker).await;
    assert_eq!(status, Status { deleted: 1, open: 0 });
    assert_eq!(versions(&fixture, "platform-eng").await, 0);
    assert_eq!(versions(&fixture, "backend-dev").await, 1, "a group uses it");
    let log = audit::list_audit(control, &operator(), Default::default()).await.unwrap();
    let why: Vec<&str> = log
        .events
        .iter()
        .filter(|event| {
            event.action == Did::IntendOperation && event.object.starts_with("delete instance template")
        })
        .map(|event| event.detail.as_str())
        .collect();
    assert_eq!(why, ["Nothing uses it, and its template is retired."]);

    // What is gone is made anew for whoever asks for it again.
    let again = propose(control, &operator(), basic(&[])).await.unwrap();
    assert_eq!(worker.finish(again).await.state, ChangeState::Applied);
    assert_eq!(versions(&fixture, "platform-eng").await, 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_deletion_whose_operation_is_not_known_is_asked_for_again(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    import(control, &mut worker).await;
    retire(control, &mut worker).await;

    fixture.fault(&json!({"kind": "http", "status": 404, "path": "/wait"})).await;
    let status = reconciled(control, &mut worker).await;
    assert_eq!(status, Status { deleted: 0, open: 1 }, "nobody says that it is gone");
    assert_eq!(control.store.list_open_template_deletions("dev").await.unwrap().len(), 1);

    fixture.end_faults().await;
    let status = template_versions::reconcile(control, &worker.leader).await.unwrap();
    assert_eq!(status, Status { deleted: 1, open: 0 });
    assert_eq!(versions(&fixture, "platform-eng").await, 0);
    assert_chain(control).await;
}

/// Proposes the template again, and has the change wait for approvals.
async fn waits(fixture: &Fixture) -> ChangeId {
    let control = &fixture.control;
    let id = propose(control, &operator(), basic(&[])).await.unwrap();
    let made = |action: &Action| matches!(action.step, Step::CreateInstanceTemplate { .. });
    assert!(!change(control, id).await.revision.plan.actions.iter().any(made), "it is there");
    let (mut tx, now) = (control.store.begin().await.unwrap(), control.clock.now());
    tx.set_change_state(id, ChangeState::Approved, ChangeState::AwaitingApprovals, None, now).await.unwrap();
    tx.commit().await.unwrap();
    id
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_version_that_an_open_change_counts_on_stays_until_that_has_ended(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    import(control, &mut worker).await;
    retire(control, &mut worker).await;
    let first = waits(&fixture).await;
    let begun = Instant::now();
    loop {
        let row = control.store.get_environment("dev").await.unwrap().unwrap();
        if row.observed_generation == row.generation {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "it is observed");
        worker.round().await.unwrap();
        sleep(Duration::from_millis(30)).await;
    }
    let quiet = template_versions::reconcile(control, &worker.leader).await.unwrap();
    assert_eq!((quiet, versions(&fixture, "platform-eng").await), (Status::default(), 1));

    // Nothing keeps it now; and before Compute Engine is asked, somebody proposes the template once more.
    changes::cancel_change(control, &operator(), first).await.unwrap();
    let mut mortal = worker.leader.clone();
    mortal.checkpoints = Checkpoints::die_at(2);
    let killed = template_versions::reconcile(control, &mortal).await;
    assert!(matches!(killed, Err(Stopped::Killed)), "{killed:?}");
    assert_eq!(control.store.list_open_template_deletions("dev").await.unwrap().len(), 1);
    let second = waits(&fixture).await;
    let kept = template_versions::reconcile(control, &worker.leader).await.unwrap();
    assert_eq!((kept, versions(&fixture, "platform-eng").await), (Status::default(), 1));
    assert_eq!(control.store.list_open_template_deletions("dev").await.unwrap(), []);

    changes::cancel_change(control, &operator(), second).await.unwrap();
    let status = template_versions::reconcile(control, &worker.leader).await.unwrap();
    assert_eq!(status, Status { deleted: 1, open: 0 });
    assert_eq!(versions(&fixture, "platform-eng").await, 0);
    assert_chain(control).await;
}
