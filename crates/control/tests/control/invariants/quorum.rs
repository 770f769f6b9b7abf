//! Invariant 1: a quorum is of distinct people, and no author is among them.

use control::Error;
use domain::{ChangeState, Role};
use sqlx::PgPool;

use super::{sql, start, untouched};
use crate::{
    approver::{Approver, three},
    fixture::{Worker, assert_chain, change, person, production, propose},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_1_quorum_of_distinct_people_and_none_of_its_authors(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let [mut wen, mut noor, mut ines] = three(control).await;
    let mut jonah = Approver::with(control, person("jonah", &[Role::Operator, Role::Approver])).await;
    let id = propose(control, &jonah.actor, production()).await.unwrap();
    assert!(jonah.approve(control, id).await.is_err(), "its author voted");
    wen.approve(control, id).await.unwrap();
    // A second key of the same person is not a second person.
    let party = &control.signing.party;
    wen.key = approval::authenticator::Authenticator::new(party, approval::Algorithm::Es256, 99).unwrap();
    wen.register(control).await.unwrap();
    assert!(matches!(wen.approve(control, id).await, Err(Error::Conflict(_))));
    ines.approve(control, id).await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::AwaitingApprovals);

    // A state that says "approved" is not evidence.
    sql(&pool, "UPDATE changes SET state = 'approved'").await;
    let mut worker = Worker::start(control).await;
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::AwaitingApprovals);
    untouched(&fixture).await;
    noor.approve(control, id).await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::Approved);
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::Applying);
    assert_chain(control).await;
}
