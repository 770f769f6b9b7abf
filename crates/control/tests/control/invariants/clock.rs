//! Invariant 15: only the database's time ends a vote.

use std::time::Duration;

use control::{Clock, Control, Signing, changes};
use domain::{ChangeState, approvals::Ballot, audit::AuditAction as Did};
use sqlx::PgPool;

use super::{larger, sql, start, untouched};
use crate::{
    approver::{Approver, approved, three},
    fixture::{
        Fixture, Worker, actions, assert_chain, change, operator, production, propose, without_agents,
    },
};

/// Long enough to sign in, short enough to wait for.
const BRIEF: Duration = Duration::from_secs(3);

/// The same control plane, where a vote holds for that long.
fn holding(control: &Control, vote_lifetime: Duration) -> Control {
    let signing = Signing { vote_lifetime, ..(*control.signing).clone() };
    Control { signing: signing.into(), ..control.clone() }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_15_clock_only_the_database_s_time_ends_a_vote(pool: PgPool) {
    let year = chrono::TimeDelta::days(365);
    let now = Clock::System.now();
    for clock in [now - year, now + year] {
        let fixture = Fixture::with(pool.clone(), without_agents(), Clock::manual(clock)).await;
        let control = &holding(&fixture.control, Duration::from_secs(3600));
        let mut people = three_again(control).await;
        let id = approved(control, &mut people).await;
        changes::cancel_change(control, &operator(), id).await.unwrap();
    }
    // Some seconds of the database's, and our own clock stands a year behind.
    let fixture = Fixture::with(pool.clone(), without_agents(), Clock::manual(now - year)).await;
    let control = &holding(&fixture.control, BRIEF);
    let mut people = three_again(control).await;
    let id = propose(control, &operator(), production()).await.unwrap();
    people[0].approve(control, id).await.unwrap();
    tokio::time::sleep(BRIEF).await;
    let view = changes::load_change(control, &people[1].actor, id).await.unwrap().approvals;
    assert_eq!(view.tally(), "sre 0 of 2, security 0 of 1");
    assert_eq!(view.votes[0].void.as_deref(), Some("its time is over"));
    sql(&pool, "UPDATE changes SET state = 'approved' WHERE state = 'awaiting_approvals'").await;
    let mut worker = Worker::start(control).await;
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::AwaitingApprovals);
    assert_eq!(
        control.store.list_votes(id).await.unwrap()[0].voided_because.as_deref(),
        Some("its time is over")
    );
    untouched(&fixture).await;
}

/// The same people in the same database: their passkeys may be there already.
async fn three_again(control: &Control) -> [Approver; 3] {
    crate::approver::roster(control).await;
    let mut people = Vec::new();
    for name in ["wen", "noor", "ines"] {
        people.push(Approver::known(control, name).await);
    }
    people.try_into().unwrap_or_else(|_| panic!("three"))
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_15_clock_a_vote_that_ended_takes_nothing_back_that_the_others_suffice_for(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let mut jonah = Approver::new(control, "jonah").await;
    let id = approved(control, &mut people).await;
    // A fourth vote, cast while it could still be: what is approved takes none.
    sql(&pool, "UPDATE changes SET state = 'awaiting_approvals'").await;
    jonah.approve(&holding(control, BRIEF), id).await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::Approved);
    tokio::time::sleep(BRIEF).await;
    let votes = control.store.list_votes(id).await.unwrap();
    let now = control.store.database_time().await.unwrap();
    let holds: Vec<bool> = votes.iter().map(|vote| vote.is_live(1, now)).collect();
    assert_eq!(holds, [true, true, true, false]);

    let mut worker = Worker::start(control).await;
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::Applying);
    assert_eq!(control.store.list_votes(id).await.unwrap(), votes, "a vote was taken back");
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_15_clock_whose_vote_ended_votes_again(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let [mut wen, ..] = three(control).await;
    let kept = propose(control, &operator(), production()).await.unwrap();
    let dropped = propose(control, &operator(), larger()).await.unwrap();
    for id in [kept, dropped] {
        wen.approve(&holding(control, BRIEF), id).await.unwrap();
    }
    tokio::time::sleep(BRIEF).await;
    // No round went by: both old votes still stand there as if they held.
    wen.approve(control, kept).await.unwrap();
    wen.vote(control, dropped, Ballot::Reject).await.unwrap();
    for id in [kept, dropped] {
        let votes = control.store.list_votes(id).await.unwrap();
        let void: Vec<_> = votes.iter().map(|vote| vote.voided_because.as_deref()).collect();
        assert_eq!(void, [Some("its time is over"), None]);
    }
    let view = changes::load_change(control, &wen.actor, kept).await.unwrap().approvals;
    assert_eq!(view.tally(), "sre 1 of 2, security 0 of 1");
    assert_eq!(
        actions(control, kept).await,
        [Did::ProposeChange, Did::VoteToApprove, Did::VoidVotes, Did::VoteToApprove]
    );
    assert_eq!(actions(control, dropped).await[2..], [Did::VoidVotes, Did::VoteToReject, Did::RejectChange]);
    // A vote that holds is still the only one.
    assert!(wen.approve(control, kept).await.is_err(), "one person voted twice");
    assert_chain(control).await;
}
