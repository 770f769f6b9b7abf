//! Invariant 15: only the database's time ends a vote.

use std::time::Duration;

use control::{Clock, Control, Signing, changes};
use domain::ChangeState;
use sqlx::PgPool;

use super::{sql, untouched};
use crate::{
    approver::{Approver, approved},
    fixture::{Fixture, Worker, change, operator, production, propose, without_agents},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_15_clock_only_the_database_s_time_ends_a_vote(pool: PgPool) {
    let year = chrono::TimeDelta::days(365);
    let now = Clock::System.now();
    for (clock, lifetime) in
        [(now - year, Duration::from_secs(3600)), (now + year, Duration::from_secs(3600))]
    {
        let mut fixture = Fixture::with(pool.clone(), without_agents(), Clock::manual(clock)).await;
        fixture.control.signing =
            Signing { vote_lifetime: lifetime, ..(*fixture.control.signing).clone() }.into();
        let control = &fixture.control;
        let mut people = three_again(control).await;
        let id = approved(control, &mut people).await;
        changes::cancel_change(control, &operator(), id).await.unwrap();
    }
    // Two seconds of the database's, and our own clock stands a year behind.
    let mut fixture = Fixture::with(pool.clone(), without_agents(), Clock::manual(now - year)).await;
    let brief = Duration::from_secs(2);
    fixture.control.signing = Signing { vote_lifetime: brief, ..(*fixture.control.signing).clone() }.into();
    let control = &fixture.control;
    let mut people = three_again(control).await;
    let id = propose(control, &operator(), production()).await.unwrap();
    people[0].approve(control, id).await.unwrap();
    tokio::time::sleep(brief).await;
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
