//! Edits of a running environment: previewed, proposed, and refused when what was seen is no longer so.

use control::{
    Error,
    edits::{self, Seen},
};
use domain::{ChangeState, Permission, Role, edit::Edit, plan::Step};
use sqlx::PgPool;

use crate::fixture::{Fixture, Worker, basic, change, operator, person, propose, viewer};

fn scale(target_size: u32) -> Edit {
    Edit::ScalePool { name: "backend-pool".into(), target_size }
}

/// The basic fleet, sized by people.
fn by_hand() -> domain::view::import::ImportInput {
    basic(&[("enable_autoscaling = true", "enable_autoscaling = false")])
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_edit_is_previewed_proposed_and_applied(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    worker.finish(propose(control, &operator(), by_hand()).await.unwrap()).await;
    let edit = scale(3);

    let preview = edits::preview_edit(control, &viewer(), "dev", &edit).await.unwrap();
    assert_eq!(preview.title, "dev: scale backend-pool from 2 to 3");
    assert_eq!(preview.differences.len(), 1, "{:?}", preview.differences);
    assert_eq!(preview.plan.impact.total().created, 1);
    assert!(matches!(preview.plan.actions[0].step, Step::ResizeInstanceGroup { from: 2, to: 3, .. }));

    let seen = Seen { base_generation: preview.base_generation, digest: Some(&preview.digest) };
    let id = edits::propose_edit(control, &operator(), "dev", &edit, seen, "more work").await.unwrap();
    worker.finish(id).await;
    assert_eq!(change(control, id).await.state, ChangeState::Applied);

    // The same again follows a generation that is past.
    let error = edits::propose_edit(control, &operator(), "dev", &edit, seen, "").await.unwrap_err();
    assert!(matches!(&error, Error::Moved { environment, .. } if environment == "dev"), "{error}");
    assert!(error.to_string().contains("generation 2 now"), "{error}");
    // And what is so already is no change.
    let now = Seen { base_generation: 2, digest: None };
    let error = edits::propose_edit(control, &operator(), "dev", &edit, now, "").await.unwrap_err();
    assert!(matches!(error, Error::Conflict(_)), "{error}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_may_not_and_what_is_not_there_is_refused(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let seen = Seen { base_generation: 1, digest: None };
    for refused in [viewer(), person("anton", &[Role::Approver])] {
        let error = edits::propose_edit(control, &refused, "dev", &scale(3), seen, "").await.unwrap_err();
        assert!(matches!(error, Error::Forbidden(Permission::ProposeChange)), "{error}");
    }
    let error = edits::preview_edit(control, &operator(), "dev", &scale(3)).await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "no environment yet: {error}");

    Worker::start(control).await.finish(propose(control, &operator(), by_hand()).await.unwrap()).await;
    let missing = Edit::DeletePool { name: "ghost".into() };
    let error = edits::preview_edit(control, &operator(), "dev", &missing).await.unwrap_err();
    assert_eq!(error.to_string(), "pool ghost does not exist");
}
