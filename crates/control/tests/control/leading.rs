//! One process writes: another one waits, takes over, and the former one notices.

use std::time::Duration;

use control::reconcile::{self, Checkpoints, Leader, Stopped, changes, environments, expired};
use domain::ChangeState;
use sqlx::PgPool;
use store::{Hash, NewSession};

use crate::fixture::{
    Fixture, PROJECT, Worker, basic, change, eventually, operator, propose, restarted, stop,
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_leader_that_was_followed_writes_and_calls_nothing_more(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut old = Worker::start(control).await;
    assert!(old.leader.still_leads());
    let next = restarted(control);
    assert!(Leader::acquire(&next, Checkpoints::default()).await.unwrap().is_none());

    let id = propose(control, &operator(), basic(&[])).await.unwrap();
    old.until(id, |change| change.state == ChangeState::Applying).await.unwrap();
    let before = fixture.operations(PROJECT).await.len();
    control.store.release_leadership(old.leader.epoch()).await.unwrap();
    let mut new = Worker::start(&next).await;
    assert!(new.leader.epoch() > old.leader.epoch());

    let stopped = changes::reconcile(control, &old.leader).await;
    assert!(matches!(stopped, Err(Stopped::Deposed)), "{stopped:?}");
    assert!(!old.leader.still_leads());
    let stopped = environments::reconcile(control, &old.leader, &mut old.pace).await;
    assert!(matches!(stopped, Err(Stopped::Deposed)), "{stopped:?}");
    assert!(fixture.operations(PROJECT).await.len() <= before + 1);

    assert_eq!(new.finish(id).await.state, ChangeState::Applied);
    let steps = change(control, id).await.revision.plan.actions.len();
    assert_eq!(fixture.operations(PROJECT).await.len(), steps);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn started_reconcilers_apply_a_change_and_leave_the_lead_when_they_are_stopped(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let session = NewSession { data: Vec::new(), person: None, lifetime: Duration::ZERO };
    control.store.save_session(b"an old session", &session).await.unwrap();
    reconcile::start(control);
    let id = propose(control, &operator(), basic(&[])).await.unwrap();
    let applied = eventually("an applied change", || async {
        Some(change(control, id).await).filter(|change| change.state.is_terminal())
    })
    .await;
    assert_eq!(applied.state, ChangeState::Applied, "{:?}", applied.outcome);
    // It was there when the leader began, so the leader deleted it.
    assert_eq!(expired::reconcile(control).await.unwrap(), expired::Status::default());
    assert!(control.store.get_leadership().await.unwrap().holder.is_some());
    stop(control).await;
    assert_eq!(control.store.get_leadership().await.unwrap().holder, None);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_time_ended_is_deleted_and_nothing_else(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let now = control.clock.now();
    for (id, ends_in) in [(1, -2_i64), (2, 2)] {
        let ends = now + chrono::TimeDelta::hours(ends_in);
        let lifetime = u64::try_from(ends_in * 3600).map_or(Duration::ZERO, Duration::from_secs);
        let session = NewSession { data: Vec::new(), person: None, lifetime };
        control.store.save_session(&[id], &session).await.unwrap();
        let mut tx = control.store.begin().await.unwrap();
        assert!(tx.use_identity_token(Hash([id; 32]), ends).await.unwrap());
        tx.commit().await.unwrap();
    }
    let first = expired::reconcile(control).await.unwrap();
    assert_eq!(first, expired::Status { sessions: 1, identity_tokens: 1, ..Default::default() });
    assert_eq!(expired::reconcile(control).await.unwrap(), expired::Status::default());
    assert!(control.store.load_session(&[2], Duration::from_secs(3600)).await.unwrap().is_some());
    let mut tx = control.store.begin().await.unwrap();
    assert!(!tx.use_identity_token(Hash([2; 32]), now).await.unwrap());
}
