//! Invariant 1: a quorum is of distinct people, and no author is among them.

use control::Error;
use domain::{ChangeState, Role};
use sqlx::PgPool;

use super::{PRODUCTION, sql, start, untouched};
use crate::{
    approver::{Approver, approved, three},
    fixture::{Worker, assert_chain, basic, change, operator, person, production, propose},
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

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_1_a_state_that_says_applying_runs_nothing(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let id = propose(control, &operator(), production()).await.unwrap();
    sql(&pool, "UPDATE changes SET state = 'applying', claimed_at = now()").await;
    let mut worker = Worker::start(control).await;
    worker.round().await.unwrap();
    let failed = change(control, id).await;
    assert_eq!(failed.state, ChangeState::Failed);
    assert!(failed.outcome.unwrap().contains("(not_claimed)"));
    untouched(&fixture).await;
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_1_who_shares_a_project_with_production_is_guarded_like_it(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    // Development by its own word, in the project of production.
    let beside = |environment: &str, prefix: &str| {
        let named = format!("environment = \"{environment}\"\n  name_prefix = \"{prefix}\"");
        basic(&[("genesis-project-dev", PRODUCTION), ("environment = \"dev\"", &named)])
    };
    let mut people = three(control).await;
    // Nothing is there to be guarded yet.
    let early = propose(control, &operator(), beside("dev", "beside")).await.unwrap();
    assert_eq!(change(control, early).await.state, ChangeState::Approved);
    let production = approved(control, &mut people).await;
    let mut worker = Worker::start(control).await;
    worker.round().await.unwrap();
    assert_eq!(change(control, production).await.state, ChangeState::Applying);

    let late = propose(control, &operator(), beside("development", "late")).await.unwrap();
    let waiting = change(control, late).await;
    assert_eq!(waiting.state, ChangeState::AwaitingApprovals);
    let reason = &waiting.revision.verdict.reason;
    assert!(reason.contains("project genesis-project-prod also holds prod"), "{reason}");
}
