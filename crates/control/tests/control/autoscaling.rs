//! Autoscaling: what the service says is kept and shown, and an edit of it is a change.

use control::{Clock, Error, autoscaling, edits};
use domain::{
    autoscaling::{AutoscalingMode, ScalingSchedule},
    edit::Edit,
    plan::Step,
};
use sqlx::PgPool;

use crate::fixture::{Fixture, Worker, basic, operator, propose, viewer};

const POOL: &str = "backend-pool";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn looks_leave_samples_and_an_edit_reaches_the_autoscaler(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    worker.finish(propose(control, &operator(), basic(&[])).await.unwrap()).await;
    worker.round().await.unwrap();

    let view = autoscaling::load_autoscaling(control, &viewer(), "dev", POOL, 3600).await.unwrap();
    let last = view.samples.last().unwrap();
    assert_eq!((last.running, last.minimum, last.maximum), (2, 1, 5));
    assert_eq!(last.recommended, view.row.recommended());
    assert_eq!(view.row.status.as_ref().unwrap().status, "ACTIVE");
    assert_eq!(view.row.desired, view.row.observed);
    let cost = view.cost.unwrap();
    assert_eq!((cost.before.words(), cost.after.words()), ("$64.47".to_owned(), "$129".to_owned()));
    assert_eq!(cost.at_most.unwrap().words(), "$322");

    let form = autoscaling::load_autoscaling_form(control, &viewer(), "dev", POOL).await.unwrap();
    assert_eq!((form.index, form.pool.max_replicas), (0, Some(5)));
    let mut next = form.pool;
    next.max_replicas = Some(6);
    next.autoscaling_mode = Some(AutoscalingMode::OnlyScaleOut);
    next.scaling_schedules = vec![ScalingSchedule {
        name: "office".into(),
        description: String::new(),
        schedule: "0 8 * * Mon-Fri".into(),
        time_zone: "Europe/Berlin".into(),
        duration_sec: 36_000,
        min_required_replicas: 3,
        disabled: true,
    }];
    let edit = Edit::UpdatePool { name: POOL.into(), pool: next };
    let preview = edits::preview_edit(control, &operator(), "dev", &edit).await.unwrap();
    assert!(
        matches!(&preview.plan.actions[..], [action] if matches!(action.step, Step::UpdateAutoscaler { .. })),
        "{:?}",
        preview.plan.actions
    );
    let seen = edits::Seen { base_generation: preview.base_generation, digest: Some(&preview.digest) };
    let id = edits::propose_edit(control, &operator(), "dev", &edit, seen, "").await.unwrap();
    worker.finish(id).await;
    worker.round().await.unwrap();
    let list = autoscaling::list_autoscaling(control, &viewer(), None).await.unwrap();
    let observed = list.rows[0].observed.as_ref().unwrap();
    assert_eq!((observed.max_replicas, observed.mode), (6, AutoscalingMode::OnlyScaleOut));
    assert_eq!(observed.schedules[0].name, "office");
    assert!(!list.rows[0].recent.is_empty());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_not_there_is_said(pool: PgPool) {
    let fixture = Fixture::with(pool, crate::fixture::without_agents(), Clock::System).await;
    let control = &fixture.control;
    let error = autoscaling::load_autoscaling(control, &viewer(), "dev", POOL, 3600).await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error}");
    let error = autoscaling::load_autoscaling(control, &viewer(), "dev", POOL, 5).await.unwrap_err();
    assert!(matches!(error, Error::Invalid(_)), "{error}");
}
