//! Invariant 6: what was rejected, ran out or was cancelled never runs.

use control::{Error, changes, reconcile, revising};
use domain::{ChangeState, approvals::Ballot};
use sqlx::PgPool;

use super::{larger, planned, start, untouched};
use crate::{
    approver::{approved, three},
    fixture::{Worker, assert_chain, change, operator, production, propose},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_6_terminal_rejected_expired_and_cancelled_never_run(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let rejected = propose(control, &operator(), production()).await.unwrap();
    people[0].vote(control, rejected, Ballot::Reject).await.unwrap();
    let cancelled = approved(control, &mut people).await;
    changes::cancel_change(control, &operator(), cancelled).await.unwrap();
    let expired = propose(control, &operator(), production()).await.unwrap();
    people[0].approve(control, expired).await.unwrap();
    sqlx::query("UPDATE changes SET expires_at = now() WHERE id = $1")
        .bind(expired.0)
        .execute(&pool)
        .await
        .unwrap();
    let late = people[1].approve(control, expired).await.unwrap_err();
    assert!(matches!(&late, Error::Conflict(why) if why.contains("is over")), "{late}");
    let mut worker = Worker::start(control).await;
    assert_eq!(reconcile::approvals::reconcile(control, &worker.leader).await.unwrap().expired, 1);
    for _ in 0..3 {
        worker.round().await.unwrap();
    }
    for (id, state) in [
        (rejected, ChangeState::Rejected),
        (cancelled, ChangeState::Cancelled),
        (expired, ChangeState::Expired),
    ] {
        assert_eq!(change(control, id).await.state, state);
        assert!(changes::cancel_change(control, &operator(), id).await.is_err());
        for person in &mut people {
            assert!(person.approve(control, id).await.is_err(), "{id} took a vote");
        }
        let edited = planned(control, larger()).await;
        assert!(revising::revise_change(control, &operator(), id, 1, edited, "t").await.is_err());
    }
    untouched(&fixture).await;
    assert_chain(control).await;
}
