//! Invariant 3: a vote is for what its voter saw; an edit, a drift, another policy or roster, or a revoked key voids it.

use control::{Error, canonical::canonical, changes, passkeys, reconcile, revising, rosters, votes};
use domain::{
    Actor, ChangeState, Role,
    approvals::{Ballot, Policy},
    audit::AuditAction as Did,
    view::change::{RowSeats, Whose},
};
use serde_json::json;
use sqlx::PgPool;
use store::NewEvent;

use super::{PRODUCTION, larger, planned, start, untouched};
use crate::{
    approver::{approved, groups, three},
    fixture::{Fixture, Worker, actions, assert_chain, change, operator, person, production, propose},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_3_stale_an_edit_voids_votes_and_old_bytes_are_refused_with_their_revision(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let id = approved(control, &mut people).await;
    let [wen, noor, _] = &mut people;
    let edited = planned(control, larger()).await;
    let editor = person("noor", &[Role::Operator, Role::Approver]);
    let viewer = person("vera", &[Role::Viewer]);
    let refused = revising::revise_change(control, &viewer, id, 1, edited.clone(), "t").await.unwrap_err();
    assert!(matches!(refused, Error::Forbidden(_)), "{refused}");
    assert_eq!(revising::revise_change(control, &editor, id, 1, edited.clone(), "Larger").await.unwrap(), 2);
    let now = change(control, id).await;
    assert_eq!((now.state, now.title.as_str()), (ChangeState::AwaitingApprovals, "Larger"));
    assert_eq!(now.authors, ["noor", "olga"]);
    let again = revising::revise_change(control, &editor, id, 1, edited.clone(), "t").await.unwrap_err();
    assert!(
        matches!(&again, Error::Precondition(why) if why.contains("looked at revision 1, and 2 is newer")),
        "{again}"
    );
    let same = revising::revise_change(control, &editor, id, 2, edited, "t").await.unwrap_err();
    assert!(matches!(&same, Error::Conflict(why) if why.contains("nothing would change")), "{same}");

    let view = changes::load_change(control, &wen.actor, id).await.unwrap().approvals;
    assert_eq!(view.tally(), "sre 0 of 2, security 0 of 1");
    assert!(view.votes.iter().all(|vote| vote.void.as_deref().is_some_and(|why| why.contains("edited"))));
    let old = votes::begin_vote(control, &wen.actor, id, 1, Ballot::Approve).await.unwrap_err();
    assert!(
        matches!(&old, Error::Precondition(why) if why.contains("revision 1") && why.contains("revision 2")),
        "{old}"
    );
    // Who edited is an author by now.
    let author = noor.approve(control, id).await.unwrap_err();
    assert!(matches!(&author, Error::Conflict(why) if why.contains("proposed or edited")), "{author}");
    wen.approve(control, id).await.unwrap();
    untouched(&fixture).await;
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_3_stale_a_policy_a_roster_or_a_revoked_key_void_votes(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let mut worker = Worker::start(control).await;
    let voided = async |id| {
        let votes = control.store.list_votes(id).await.unwrap();
        votes.into_iter().filter_map(|vote| vote.voided_because).collect::<Vec<_>>()
    };

    let id = approved(control, &mut people).await;
    rosters::declare_roster(control, &groups(&["wen", "noor"], &["ines"])).await.unwrap();
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::AwaitingApprovals);
    assert!(voided(id).await.iter().all(|why| why.contains("roster moved from r1 to r2")));
    changes::cancel_change(control, &operator(), id).await.unwrap();

    let id = approved(control, &mut people).await;
    let mut policy: Policy = control.store.policy_in_force().await.unwrap();
    policy.revision += 1;
    let mut tx = control.store.begin().await.unwrap();
    tx.insert_policy(&policy).await.unwrap();
    // Without its event nothing would be claimed by it.
    let digest = canonical(&policy).unwrap().sha256.parse().unwrap();
    let revised = NewEvent {
        after_sha256: Some(digest),
        ..NewEvent::new(
            &people[0].actor,
            Did::RevisePolicy,
            format!("policy {}", policy.name()),
            control.clock.now(),
        )
    };
    tx.append_audit(&revised).await.unwrap();
    tx.commit().await.unwrap();
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::AwaitingApprovals);
    assert!(voided(id).await.iter().all(|why| why.contains("policy moved from default r1 to default r2")));
    changes::cancel_change(control, &operator(), id).await.unwrap();

    let id = approved(control, &mut people).await;
    let key = passkeys::list_passkeys(control, &people[0].actor).await.unwrap().passkeys.remove(0);
    passkeys::revoke_passkey(control, &people[0].actor, &key.id).await.unwrap();
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::AwaitingApprovals);
    assert_eq!(voided(id).await, ["the passkey that signed it was revoked"]);
    assert!(people[0].approve(control, id).await.is_err(), "a revoked passkey signed");
    untouched(&fixture).await;
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_3_stale_a_signature_over_a_roster_that_moved_names_the_revision_it_is_of(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let [mut wen, ..] = three(control).await;
    let id = propose(control, &operator(), production()).await.unwrap();
    let options = wen.begin(control, id, Ballot::Approve).await.unwrap();
    rosters::declare_roster(control, &groups(&["wen", "noor"], &["ines"])).await.unwrap();
    let answer = wen.sign(&options);
    let refused = wen.finish(control, id, &answer).await.unwrap_err();
    assert!(
        matches!(&refused, Error::Precondition(why) if why.contains("you signed revision 1 of chg-")),
        "{refused}"
    );
    assert_eq!(control.store.list_votes(id).await.unwrap(), []);
    wen.approve(control, id).await.unwrap();
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_3_stale_a_drift_of_the_target_voids_votes_and_says_what_moved(pool: PgPool) {
    let fixture = start(&pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let id = propose(control, &operator(), production()).await.unwrap();
    people[0].approve(control, id).await.unwrap();
    let mut worker = Worker::start(control).await;
    // Planned again, nothing moved: the vote stays.
    reconcile::approvals::reconcile(control, &worker.leader).await.unwrap();
    let kept = change(control, id).await;
    assert_eq!(kept.revision.number, 1);
    assert_eq!(control.store.list_votes(id).await.unwrap()[0].voided_at, None);

    // Somebody makes by hand what the plan would have made, in another shape.
    let name = kept.revision.plan.actions[0].step.name().to_owned();
    let other = json!({"name": name, "type": "HTTP", "httpHealthCheck": {"port": 1, "requestPath": "/x"}});
    fixture.post(PRODUCTION, "global/healthChecks", &other).await;
    let status = reconcile::approvals::reconcile(control, &worker.leader).await.unwrap();
    assert_eq!(status.voided, 1);
    let vote = control.store.list_votes(id).await.unwrap().remove(0);
    let because = vote.voided_because.unwrap();
    assert!(because.contains("the fleet moved since it was planned") && because.contains(&name), "{because}");
    let replanned = change(control, id).await;
    assert_eq!((replanned.revision.number, replanned.state), (2, ChangeState::AwaitingApprovals));
    assert_eq!(replanned.authors, ["olga"], "planning again makes nobody an author");
    assert_eq!(replanned.revision.payload_sha256, kept.revision.payload_sha256);
    for person in &mut people {
        person.approve(control, id).await.unwrap();
    }
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::Applying);
    assert_chain(control).await;
}

/// Its votes hold and its plan does not: were they taken back, it would wait for votes on a plan that nobody can make again.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_3_stale_an_approved_change_whose_base_moved_is_set_aside(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let first = approved(control, &mut people).await;
    let second = propose(control, &operator(), larger()).await.unwrap();
    for person in &mut people {
        person.approve(control, second).await.unwrap();
    }
    let mut worker = Worker::start(control).await;
    let applied = worker.finish(first).await;
    assert_eq!(applied.state, ChangeState::Applied, "{:?}", applied.outcome);
    let before = fixture.operations(PRODUCTION).await;

    let superseded = worker.finish(second).await;
    assert_eq!(superseded.state, ChangeState::Superseded);
    assert_eq!(
        superseded.outcome.as_deref(),
        Some("it was planned against generation 0, and prod is now at 1")
    );
    assert_eq!(superseded.revision.number, 1, "nobody planned it again");
    let votes = control.store.list_votes(second).await.unwrap();
    assert_eq!(votes.iter().filter(|vote| vote.voided_at.is_none()).count(), 3);
    assert_eq!(actions(control, second).await[4..], [Did::ApproveChange, Did::SupersedeChange]);
    assert_eq!(fixture.operations(PRODUCTION).await, before, "a step of it ran");
    assert_chain(control).await;
}

/// Nobody is asked for what can never run, and nobody's work is lost by it: it can be edited, and ended by a no.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn invariant_3_stale_what_was_overtaken_asks_nobody_and_can_be_edited_or_rejected(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let first = approved(control, &mut people).await;
    let second = propose(control, &operator(), larger()).await.unwrap();
    let third = propose(control, &operator(), larger()).await.unwrap();
    let [wen, _, ines] = &mut people;
    let asked = async |who: &Actor| {
        let page = changes::load_changes(control, who, None, "", None, Whose::WaitingForMe).await.unwrap();
        page.list.changes.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(asked(&wen.actor).await, [third, second]);
    let begun = wen.begin(control, second, Ballot::Approve).await.unwrap();
    let mut worker = Worker::start(control).await;
    assert_eq!(worker.finish(first).await.state, ChangeState::Applied);

    assert_eq!(asked(&wen.actor).await, []);
    let list = changes::load_changes(control, &wen.actor, None, "", None, Whose::Everybody).await.unwrap();
    assert_eq!(list.counts.waiting_for_me, 0);
    let row = list.list.changes.into_iter().find(|row| row.id == second).unwrap();
    assert_eq!(row.seats, RowSeats { overtaken_by: Some(first), ..RowSeats::default() });
    let detail = changes::load_detail(control, &wen.actor, second, false).await.unwrap();
    assert_eq!(detail.approvals.overtaken_by, Some(first));
    assert_eq!(
        (detail.approvals.seats, detail.approvals.block, detail.beside.awaited),
        (vec![], None, vec![])
    );

    // Neither by a signature that was begun before, nor by one that begins now.
    let answer = wen.sign(&begun);
    let late = wen.finish(control, second, &answer).await.unwrap_err();
    let overtaken = format!("{second} was overtaken by {first}");
    assert!(matches!(&late, Error::Precondition(why) if why.contains(&overtaken)), "{late}");
    let refused = ines.approve(control, second).await.unwrap_err();
    assert!(
        matches!(&refused, Error::Precondition(why) if why.contains("moved from generation 0 to 1")),
        "{refused}"
    );
    assert_eq!(control.store.list_votes(second).await.unwrap(), []);

    let edited = planned(control, larger()).await;
    assert_eq!(revising::revise_change(control, &operator(), second, 1, edited, "Larger").await.unwrap(), 2);
    let mended = changes::load_change(control, &wen.actor, second).await.unwrap();
    assert_eq!(mended.change.revision.base_generation, 1);
    assert_eq!(mended.approvals.overtaken_by, None);
    assert_eq!(mended.approvals.tally(), "sre 0 of 2, security 0 of 1");
    assert_eq!(asked(&wen.actor).await, [second]);

    ines.vote(control, third, Ballot::Reject).await.unwrap();
    assert_eq!(change(control, third).await.state, ChangeState::Rejected);
    assert_eq!(actions(control, third).await[1..], [Did::VoteToReject, Did::RejectChange]);
    assert_chain(control).await;
}
