//! The log verified and exported because somebody asks, while it goes on.

use chrono::TimeDelta;
use control::{Clock, Control, audit, changes, import, planning, revising};
use domain::{
    Actor, ChangeState,
    audit::AuditAction,
    plan::FieldChange,
    view::{
        audit::{AuditOutcome, AuditQuery},
        import::{ImportInput, Reading},
    },
};
use sqlx::PgPool;
use store::{Export, NewEvent};

use crate::fixture::{Fixture, Worker, basic, change, events, operator, propose, viewer, without_agents};

async fn append(control: &Control, objects: std::ops::Range<u32>) {
    let (actor, now) = (Actor::system("a test", "request-1"), control.clock.now());
    let event = |number: u32| NewEvent::new(&actor, AuditAction::EnrollAgent, format!("agent-{number}"), now);
    let events: Vec<NewEvent<'_>> = objects.map(event).collect();
    let mut tx = control.store.begin().await.unwrap();
    tx.append_audits(&events).await.unwrap();
    tx.commit().await.unwrap();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_verification_is_answered_once_in_a_while_and_leaves_no_event(pool: PgPool) {
    let fixture = Fixture::with(pool.clone(), without_agents(), Clock::manual(Clock::System.now())).await;
    let control = &fixture.control;
    append(control, 0..7).await;
    let right = |count| move |outcome: &AuditOutcome| matches!(outcome, AuditOutcome::Right { count: n, .. } if *n == count);
    let first = audit::verify_audit(control, &viewer()).await.unwrap();
    assert!(right(7)(&first.outcome), "{first:?}");
    let head = control.store.verify_audit(None).await.unwrap();
    assert_eq!((head.count, first.at), (7, control.clock.now()), "nobody's reading is an event");

    append(control, 7..9).await;
    control.clock.advance(TimeDelta::seconds(4));
    assert_eq!(audit::verify_audit(control, &viewer()).await.unwrap(), first, "read a moment ago");
    control.clock.advance(TimeDelta::seconds(1));
    let second = audit::verify_audit(control, &viewer()).await.unwrap();
    assert!(right(9)(&second.outcome), "{second:?}");

    // As one who owns the tables.
    sqlx::raw_sql(
        "ALTER TABLE audit_events DISABLE TRIGGER USER; UPDATE audit_events SET detail = 'x' WHERE seq = 5",
    )
    .execute(&pool)
    .await
    .unwrap();
    control.clock.advance(TimeDelta::seconds(5));
    let third = audit::verify_audit(control, &viewer()).await.unwrap();
    let why = "its column detail does not repeat the event".to_owned();
    assert_eq!(third.outcome, AuditOutcome::Wrong { count: 4, seq: 5, why });
    append(control, 9..10).await;
}

/// All of it, and what a verification of it counts: lines, first and last event, stretches.
async fn export(control: &Control, query: AuditQuery) -> (u64, Option<(i64, i64)>, u64) {
    let mut export = audit::export_audit(control, &viewer(), query).await.unwrap();
    let mut read = Export::new(None);
    while let Some(lines) = export.lines().await.unwrap() {
        for line in lines.lines() {
            read.follow(line).unwrap();
        }
    }
    (read.count(), read.range(), read.stretches())
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_export_holds_what_the_filter_leaves_up_to_where_it_began(pool: PgPool) {
    let fixture = Fixture::with(pool, without_agents(), Clock::System).await;
    let control = &fixture.control;
    assert_eq!(export(control, AuditQuery::default()).await, (0, None, 0));
    append(control, 0..1200).await;
    assert_eq!(export(control, AuditQuery::default()).await, (1200, Some((1, 1200)), 1));
    let range = AuditQuery { after: Some(600), before: Some(1101), ..AuditQuery::default() };
    assert_eq!(export(control, range).await, (500, Some((601, 1100)), 1));
    let one = AuditQuery { object: Some("agent-7".into()), ..AuditQuery::default() };
    assert_eq!(export(control, one).await, (1, Some((8, 8)), 1));
    let none = AuditQuery { action: Some(AuditAction::SignIn), ..AuditQuery::default() };
    assert_eq!(export(control, none).await, (0, None, 0));

    let mut begun = audit::export_audit(control, &viewer(), AuditQuery::default()).await.unwrap();
    let mut lines = begun.lines().await.unwrap().unwrap().lines().count();
    append(control, 1200..1210).await;
    while let Some(more) = begun.lines().await.unwrap() {
        lines += more.lines().count();
    }
    assert_eq!(lines, 1200, "what came later is the next export's");

    let nowhere = AuditQuery { environment: Some("nowhere".into()), ..AuditQuery::default() };
    let error = audit::export_audit(control, &viewer(), nowhere).await.unwrap_err();
    assert_eq!(error.to_string(), "environment nowhere does not exist");
}

/// The basic fleet with so many replicas at most.
fn at_most(replicas: &str) -> ImportInput {
    basic(&[("max_replicas  = 5", &format!("max_replicas  = {replicas}"))])
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_event_of_an_edited_change_tells_the_revision_that_it_is_of(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let first = propose(control, &operator(), basic(&[])).await.unwrap();
    assert_eq!(Worker::start(control).await.finish(first).await.state, ChangeState::Applied);

    let id = propose(control, &operator(), at_most("7")).await.unwrap();
    // Another change's declaration comes into force in between.
    let more = basic(&[("min_replicas  = 1", "min_replicas  = 2")]);
    let other = propose(control, &operator(), more).await.unwrap();
    let desired = change(control, other).await.revision.desired;
    let (mut tx, now) = (control.store.begin().await.unwrap(), control.clock.now());
    assert_eq!(tx.declare_environment(&desired, 1, other, now).await.unwrap(), 2);
    tx.set_change_state(other, ChangeState::Approved, ChangeState::Applying, None, now).await.unwrap();
    tx.commit().await.unwrap();
    let preview = import::preview_import(control, &operator(), at_most("9")).await.unwrap();
    let Reading::Complete { desired } = preview.reading else { panic!("a complete import") };
    let edited = planning::plan_fleet(control, *desired).await.unwrap();
    revising::revise_change(control, &operator(), id, 1, edited, "Larger").await.unwrap();

    let said = |field: &FieldChange| {
        let (_, name) = field.attribute.rsplit_once('.').expect("of a pool");
        let side = |side: &Option<String>| side.clone().unwrap_or_default();
        format!("{name} {} > {}", side(&field.before), side(&field.after))
    };
    let (mut told, mut edits) = (Vec::new(), Vec::new());
    for event in events(control, id).await.into_iter().filter(|event| event.after_sha256.is_some()) {
        let view = audit::load_audit_event(control, &viewer(), event.seq).await.unwrap();
        told.push((event.action, view.differences.iter().map(said).collect::<Vec<_>>()));
        let edited = view.edited.map(|edited| (edited.revision, edited.differences));
        edits.extend(edited.map(|(to, fields)| (to, fields.iter().map(said).collect::<Vec<_>>())));
    }
    assert_eq!(edits, [(2, vec!["max_replicas 7 > 9".to_owned()])], "beside the revision before");
    // Each revision beside what was in force when it was planned, whatever came later.
    let (first, second) = (["max_replicas 5 > 7"], ["max_replicas 5 > 9", "min_replicas 2 > 1"]);
    assert_eq!(
        told,
        [
            (AuditAction::ProposeChange, first.map(str::to_owned).to_vec()),
            (AuditAction::ReviseChange, second.map(str::to_owned).to_vec()),
        ]
    );
    // Programs and the change's own page hold it against the same.
    let (_, compared) = changes::load_compared(control, &viewer(), id).await.unwrap();
    let page = changes::load_detail(control, &viewer(), id, true).await.unwrap();
    assert_eq!(compared, page.beside.declared);
    let compared = compared.expect("what was in force is known");
    assert_eq!(compared.fields.shown.iter().map(said).collect::<Vec<_>>(), second);
}
