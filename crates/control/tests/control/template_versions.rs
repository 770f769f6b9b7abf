//! Old versions of templates go when nothing uses them and enough newer ones are kept.

use control::{
    audit,
    reconcile::{
        Checkpoints, Stopped,
        template_versions::{self, KEPT, Status},
    },
};
use domain::{ChangeState, audit::AuditAction as Did};
use sqlx::PgPool;

use crate::fixture::{Fixture, PROJECT, Worker, assert_chain, basic, operator, propose};

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
