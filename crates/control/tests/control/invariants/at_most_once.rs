//! Invariant 5: an approved change is claimed once, and each of its calls is made once.

use control::reconcile::{Checkpoints, Stopped};
use domain::{ChangeState, audit::AuditAction as Did};
use sqlx::PgPool;

use super::PRODUCTION;
use crate::{
    approver::{approved, three},
    fixture::{Fixture, Worker, actions, assert_chain, restarted},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_5_at_most_once_an_approved_change_is_claimed_and_each_call_made(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let id = approved(control, &mut people).await;
    // One leader dies at its first checkpoints, another takes over in a process of its own.
    let mut doomed = Worker::dying(control, Checkpoints::die_at(6)).await;
    let died = doomed.until(id, |change| change.state.is_terminal()).await;
    assert!(matches!(died, Err(Stopped::Killed)), "{died:?}");
    doomed.leader.release(control).await;
    drop(doomed);
    let control = &restarted(control);
    let mut worker = Worker::start(control).await;
    let applied = worker.finish(id).await;
    assert_eq!(applied.state, ChangeState::Applied, "{:?}", applied.outcome);
    let claims = actions(control, id).await.into_iter().filter(|action| *action == Did::ClaimChange).count();
    assert_eq!(claims, 1);
    assert_eq!(fixture.operations(PRODUCTION).await.len(), applied.revision.plan.actions.len());
    assert_chain(control).await;
}
