//! For whom a change waits: whose approval would count by the rules in force, and fill a seat that is still empty.

use control::{Control, changes, me, rosters};
use domain::{
    Actor, ChangeId, ChangeState, Role,
    approvals::Ballot,
    plan::Risk,
    view::change::{ChangeRow, RowSeats, Whose},
};
use sqlx::PgPool;

use crate::{
    approver::{Approver, approved, groups, three},
    fixture::{Fixture, basic, operator, person, production, propose, viewer},
};

async fn row(control: &Control, who: &Actor, id: ChangeId) -> ChangeRow {
    let list = changes::list_changes(control, who, None, "", None).await.unwrap();
    list.changes.into_iter().find(|row| row.id == id).unwrap()
}

/// By the bar, by the tab's count, by the tab and by its rows, which agree.
async fn waits_for(control: &Control, who: &Actor, id: ChangeId) -> bool {
    let page = changes::load_changes(control, who, None, "", None, Whose::WaitingForMe).await.unwrap();
    let listed: Vec<ChangeId> = page.list.changes.iter().map(|row| row.id).collect();
    let waits = listed == [id];
    assert!(waits || listed.is_empty(), "{listed:?}");
    assert!(page.list.changes.iter().all(|row| row.seats.for_me));
    assert_eq!(page.counts.waiting_for_me, u32::from(waits));
    assert_eq!(me::load_me(control, who).await.unwrap().waiting_for_me, u32::from(waits));
    assert_eq!(row(control, who, id).await.seats.for_me, waits);
    waits
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nobody_is_asked_for_a_group_that_is_full(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let [mut wen, mut noor, mut ines] = three(control).await;
    let jonah = Approver::new(control, "jonah").await;
    let id = propose(control, &operator(), production()).await.unwrap();
    let asked = row(control, &viewer(), id).await;
    assert_eq!((asked.seats.taken, asked.seats.needed), (0, 3));
    assert_eq!(asked.seats.short_of, ["sre", "security"]);
    assert!(asked.expires_at.is_some() && asked.impact.created > 0 && asked.risk > Risk::Low);
    for who in [&wen, &noor, &ines, &jonah] {
        assert!(waits_for(control, &who.actor, id).await, "{}", who.actor.id);
    }
    // Who may not vote is not asked, and who reads is told for whom it waits.
    assert!(!waits_for(control, &person("wen", &[Role::Viewer]), id).await);

    wen.approve(control, id).await.unwrap();
    assert!(!waits_for(control, &wen.actor, id).await, "who has voted");
    assert!(waits_for(control, &jonah.actor, id).await);
    noor.approve(control, id).await.unwrap();
    assert!(!waits_for(control, &jonah.actor, id).await, "both seats of sre are taken");
    assert!(waits_for(control, &ines.actor, id).await);
    let seats = row(control, &jonah.actor, id).await.seats;
    let security =
        RowSeats { taken: 2, needed: 3, short_of: vec!["security".to_owned()], ..RowSeats::default() };
    assert_eq!(seats, security);

    ines.approve(control, id).await.unwrap();
    assert!(!waits_for(control, &jonah.actor, id).await);
    let cleared = row(control, &jonah.actor, id).await;
    assert_eq!((cleared.state, cleared.expires_at), (ChangeState::Approved, None));
    assert_eq!(cleared.seats, RowSeats { taken: 3, needed: 3, ..RowSeats::default() });
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_is_asked_follows_the_roster(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let [mut wen, mut noor, ines] = three(control).await;
    let anton = Approver::new(control, "anton").await;
    let id = propose(control, &operator(), production()).await.unwrap();
    assert!(!waits_for(control, &anton.actor, id).await);
    for who in [&mut wen, &mut noor] {
        who.approve(control, id).await.unwrap();
    }

    // Two come and one goes, and what was signed under the old roster does not count any more.
    rosters::declare_roster(control, &groups(&["wen", "anton", "jonah"], &["ines"])).await.unwrap();
    assert!(waits_for(control, &anton.actor, id).await);
    assert!(waits_for(control, &ines.actor, id).await);
    assert!(!waits_for(control, &noor.actor, id).await, "who left");
    assert_eq!(row(control, &viewer(), id).await.seats.taken, 0);
    let view = changes::load_change(control, &viewer(), id).await.unwrap().approvals;
    assert_eq!(view.tally(), "sre 0 of 2, security 0 of 1");
    assert!(
        view.votes.iter().all(|vote| vote.void.as_deref().is_some_and(|why| why.contains("roster moved")))
    );
    let detail = changes::load_detail(control, &viewer(), id, false).await.unwrap();
    let missing: Vec<&str> = detail.beside.awaited.iter().map(|one| one.group.as_str()).collect();
    assert_eq!(missing, ["sre", "security"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_is_asked_follows_the_policy(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let [wen, _, ines] = three(control).await;
    let id = propose(control, &operator(), production()).await.unwrap();
    assert!(waits_for(control, &wen.actor, id).await);
    let mut policy = control.store.policy_in_force().await.unwrap();
    policy.revision += 1;
    for rule in &mut policy.rules {
        rule.require.0.retain(|quota| quota.group == "security");
    }
    let mut tx = control.store.begin().await.unwrap();
    tx.insert_policy(&policy).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!waits_for(control, &wen.actor, id).await);
    assert!(waits_for(control, &ines.actor, id).await);
    let seats = row(control, &viewer(), id).await.seats;
    assert_eq!((seats.taken, seats.needed, seats.short_of), (0, 1, vec!["security".to_owned()]));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_author_is_never_asked_and_finds_what_is_theirs(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let [_, noor, mut ines] = three(control).await;
    let author = person("wen", &[Role::Operator, Role::Approver]);
    let id = propose(control, &author, production()).await.unwrap();
    let dev = propose(control, &operator(), basic(&[])).await.unwrap();
    assert!(!waits_for(control, &author, id).await);
    assert!(waits_for(control, &noor.actor, id).await);
    for (who, expected) in [(&author, vec![id]), (&operator(), vec![dev]), (&noor.actor, vec![])] {
        let page = changes::load_changes(control, who, None, "", None, Whose::Mine).await.unwrap();
        assert_eq!(page.list.changes.iter().map(|row| row.id).collect::<Vec<_>>(), expected);
        assert_eq!((page.counts.mine as usize, page.counts.every), (expected.len(), 2));
    }
    assert_eq!(row(control, &author, dev).await.seats, RowSeats::default(), "nobody is asked");

    ines.vote(control, id, Ballot::Reject).await.unwrap();
    let rejected = row(control, &author, id).await;
    assert_eq!(
        (rejected.state, rejected.seats.rejected_by.as_deref()),
        (ChangeState::Rejected, Some("ines"))
    );
    assert_eq!((rejected.seats.taken, rejected.seats.needed), (0, 3));
    assert!(!waits_for(control, &noor.actor, id).await);
}

/// Votes were counted by the rules of their day, whoever has left since.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_approved_keeps_its_seats(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let id = approved(control, &mut people).await;
    rosters::declare_roster(control, &groups(&["anton", "jonah"], &["vera"])).await.unwrap();
    let seats = row(control, &viewer(), id).await.seats;
    assert_eq!((seats.taken, seats.needed, seats.short_of), (3, 3, vec![]));
}

/// Its page reads no rules in force, and counts by its verdict.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_approved_is_shown_though_the_policy_in_force_cannot_be_read(pool: PgPool) {
    let fixture = Fixture::start(pool.clone()).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let id = approved(control, &mut people).await;
    let waits = propose(control, &operator(), production()).await.unwrap();
    sqlx::query("INSERT INTO policies (id, revision, body) VALUES ('default', 2, $1::jsonb)")
        .bind(r#"{"id":"default","revision":2,"rules":[]}"#)
        .execute(&pool)
        .await
        .unwrap();
    let page = changes::load_detail(control, &viewer(), id, false).await.unwrap();
    assert_eq!(page.approvals.tally(), "sre 2 of 2, security 1 of 1");
    assert_eq!(page.beside.awaited, []);
    assert!(changes::load_detail(control, &viewer(), waits, false).await.is_err());
}
