//! Autoscaling: what the service says is kept and shown, and an edit of it is a change.

use chrono::TimeDelta;
use control::{Clock, Error, autoscaling, edits};
use domain::{
    audit::AuditAction,
    autoscaling::{AutoscalingMode, ScalingSchedule},
    cost::Accrued,
    edit::Edit,
    plan::Step,
    pool::PoolSpec,
};
use sqlx::PgPool;

use crate::fixture::{Fixture, Worker, basic, operator, propose, viewer, with_agents};

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

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_draft_is_replayed_on_what_was_looked_at_with_its_cost(pool: PgPool) {
    let fixture = Fixture::with(pool, with_agents(), Clock::manual(Clock::System.now())).await;
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    worker.finish(propose(control, &operator(), basic(&[])).await.unwrap()).await;
    worker.round().await.unwrap();
    let in_force = autoscaling::load_autoscaling_form(control, &viewer(), "dev", POOL).await.unwrap().pool;
    let mut draft = in_force.clone();
    (draft.target_size, draft.min_replicas, draft.max_replicas) = (Some(4), Some(4), Some(4));
    let replay =
        async |draft: &PoolSpec| autoscaling::replay_autoscaling(control, &viewer(), "dev", draft).await;
    // What says nothing new is kept once a minute.
    control.clock.advance(TimeDelta::seconds(61));
    worker.round().await.unwrap();

    let few = replay(&draft).await.unwrap();
    assert!(few.since.is_some(), "looks are kept from the first one on");
    assert_eq!((few.replay, few.more_a_day), (None, None), "too few of them to say anything");

    for _ in 0..20 {
        control.clock.advance(TimeDelta::minutes(1));
        worker.round().await.unwrap();
    }
    let said = replay(&draft).await.unwrap();
    let replayed = said.replay.unwrap();
    assert!((1000..=2400).contains(&replayed.covered), "{}", replayed.covered);
    assert!(replayed.points.iter().all(|point| point.size == 4), "{:?}", replayed.points);
    assert_eq!(replayed.would_run, 4 * replayed.covered);
    let created = store::AuditFilter {
        action: Some(AuditAction::FinishOperation),
        object: Some("genesis-pool-backend-pool-autoscaler"),
        ..store::AuditFilter::default()
    };
    let created = control.store.list_audit(&created, 1).await.unwrap().remove(0).at;
    let samples = control.store.list_autoscaling_samples("dev", POOL, created, 60).await.unwrap();
    assert_eq!(said.since, samples.first().map(|sample| sample.at));
    let ran: Vec<u32> = samples.iter().map(|sample| sample.running).collect();
    assert_eq!(replayed.points.iter().map(|point| point.running).collect::<Vec<_>>(), ran);
    let costs = control::costs::load_pool_costs(control, &viewer(), "dev", POOL, None).await.unwrap();
    let price = costs.prices[0].price.as_ref().unwrap().known();
    let seconds = (replayed.would_run - replayed.ran) * 86_400 / replayed.covered;
    assert_eq!(said.more_a_day, Some(Accrued::of(price, seconds).money()));

    // The policy in force does at least what the service recommended.
    let same = replay(&in_force).await.unwrap().replay.unwrap();
    assert_eq!(same.points.len(), samples.len());
    for (point, sample) in same.points.iter().zip(&samples) {
        assert!(
            Some(point.size) >= sample.recommended && (1..=5).contains(&point.size),
            "{point:?} {sample:?}"
        );
    }

    // After an edit the looks before it are of another policy.
    let mut wider = in_force.clone();
    wider.max_replicas = Some(6);
    let edit = Edit::UpdatePool { name: POOL.into(), pool: wider };
    let preview = edits::preview_edit(control, &operator(), "dev", &edit).await.unwrap();
    let seen = edits::Seen { base_generation: preview.base_generation, digest: Some(&preview.digest) };
    let id = edits::propose_edit(control, &operator(), "dev", &edit, seen, "").await.unwrap();
    worker.finish(id).await;
    control.clock.advance(TimeDelta::seconds(61));
    worker.round().await.unwrap();
    let anew = replay(&draft).await.unwrap();
    assert!(anew.since > said.since && anew.replay.is_none(), "{:?}", anew.since);

    // What could not be applied is not replayed.
    let refused = async |change: fn(&mut PoolSpec)| {
        let mut draft = in_force.clone();
        change(&mut draft);
        match replay(&draft).await.unwrap_err() {
            Error::Invalid(fields) => fields[0].field.clone(),
            other => other.to_string(),
        }
    };
    assert_eq!(refused(|draft| draft.cpu_target = Some(70.0)).await, "agent_pools[0].cpu_target");
    assert_eq!(
        refused(|draft| draft.enable_autoscaling = Some(false)).await,
        "agent_pools[0].enable_autoscaling"
    );
    assert_eq!(refused(|draft| draft.name = "nowhere".into()).await, "pool nowhere in dev does not exist");
}
