use domain::Role;
use serde_json::json;
use sqlx::PgPool;

use super::*;
use crate::{
    Store,
    samples::{self, at},
};

fn person(id: &str) -> Actor {
    Actor {
        kind: ActorKind::Person,
        id: id.to_owned(),
        name: "As signed in".to_owned(),
        roles: [Role::Operator].into(),
        reach: domain::token::Reach::Whole,
        authn: "oidc".to_owned(),
        request_id: format!("req-{id}"),
    }
}

async fn append(store: &Store, events: &[NewEvent<'_>]) -> Vec<AuditEvent> {
    let mut tx = store.begin().await.unwrap();
    let appended = tx.append_audits(events).await.unwrap();
    tx.commit().await.unwrap();
    appended
}

async fn log_of(store: &Store, count: usize) {
    let actor = person("sub-1");
    let events: Vec<_> = (0..count)
        .map(|index| NewEvent::new(&actor, AuditAction::SignIn, format!("sub-{index}"), at(index as i64)))
        .collect();
    append(store, &events).await;
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn an_event_is_read_back_as_it_was_appended(pool: PgPool) {
    let store = Store::from(pool);
    let change = samples::change(&store, "dev").await;
    let actor = person("sub-1");
    let moment = at(5) + chrono::TimeDelta::nanoseconds(123_456_789);
    let event = NewEvent {
        detail: "for 0.3 percent of the fleet".into(),
        before_sha256: Some(Hash([1; 32])),
        epoch: Some(Epoch(i64::MAX)),
        trace_id: Some("t".into()),
        payload: Map::from_iter([
            ("vms".to_owned(), json!(2)),
            ("before".to_owned(), json!({"size": "1", "same": true})),
            ("after".to_owned(), json!({"size": "2", "same": true, "new": "x"})),
        ]),
        ..NewEvent::of_change(&actor, AuditAction::ProposeChange, change, "dev", moment)
    };
    let appended = append(&store, &[event]).await;
    let system = Actor::system("reconciler", "tick-1");
    append(&store, &[NewEvent::new(&system, AuditAction::EnrollAgent, "web-a", at(6))]).await;

    samples::sign_in(&store, "sub-1", "Robin").await;
    let listed = store.list_audit(&AuditFilter::default(), 10).await.unwrap();
    assert_eq!(listed.iter().map(|event| event.seq).collect::<Vec<_>>(), [2, 1]);
    assert_eq!((listed[0].actor_name.as_str(), listed[0].environment.as_ref()), ("reconciler", None));
    // The name is the one that the person has now; all else is as it was appended.
    assert_eq!(listed[1], AuditEvent { actor_name: "Robin".into(), ..appended[0].clone() });
    assert_eq!(listed[1].sentence(), "Robin proposed chg-1");
    assert_eq!(listed[1].before_sha256.as_deref(), Some("01".repeat(32).as_str()));
    assert_eq!(listed[1].facts, [("vms".to_owned(), "2".to_owned())]);
    let told: Vec<_> = listed[1]
        .differences
        .iter()
        .map(|field| (field.attribute.as_str(), field.before.as_deref(), field.after.as_deref()))
        .collect();
    assert_eq!(told, [("new", None, Some("x")), ("size", Some("1"), Some("2"))]);
    let one = store.get_audit(1).await.unwrap().unwrap();
    assert_eq!((&one.event, one.prev, one.last), (&listed[1], Hash::ZERO, 2));
    assert_eq!(Leaf::hash_bytes(one.leaf.as_bytes()).to_string(), one.event.hash);
    assert_eq!(store.get_audit(3).await.unwrap(), None);
    assert_eq!(listed[1].at, at(5) + chrono::TimeDelta::microseconds(123_456));
    assert_eq!(store.verify_audit(None).await.unwrap().first_wrong, None);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_was_and_what_is_are_read_back_as_differences(pool: PgPool) {
    let store = Store::from(pool);
    let actor = person("sub-1");
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let event = |before: Option<(String, String)>, after: Vec<(String, String)>| {
        NewEvent::new(&actor, AuditAction::SetBudget, "the budget of dev", at(1)).differing(before, after)
    };
    let first = event(None, vec![field("monthly", "$1.00")]);
    let second =
        event(Some(field("monthly", "$1.00")), vec![field("by", "sub-1"), field("monthly", "$2.00")]);
    append(&store, &[first, second]).await;
    let listed = store.list_audit(&AuditFilter::default(), 10).await.unwrap();
    let told = |event: &AuditEvent| -> Vec<(String, Option<String>, Option<String>)> {
        let fields = event.differences.iter().cloned();
        fields.map(|field| (field.attribute, field.before, field.after)).collect()
    };
    let of = |name: &str, before: Option<&str>, after: Option<&str>| {
        (name.to_owned(), before.map(str::to_owned), after.map(str::to_owned))
    };
    assert_eq!(told(&listed[1]), [of("monthly", None, Some("$1.00"))]);
    assert_eq!(
        told(&listed[0]),
        [of("by", None, Some("sub-1")), of("monthly", Some("$1.00"), Some("$2.00"))]
    );
    assert!(listed.iter().all(|event| event.facts.is_empty()), "{listed:?}");
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn lists_are_pages_with_filters(pool: PgPool) {
    let store = Store::from(pool);
    let change = samples::change(&store, "dev").await;
    let (one, other) = (person("sub-1"), person("sub-2"));
    let events = [
        NewEvent::of_change(&one, AuditAction::ProposeChange, change, "dev", at(1)),
        NewEvent::new(&other, AuditAction::SignIn, "sub-2", at(2)),
        NewEvent::of_change(&other, AuditAction::CancelChange, change, "dev", at(3)),
        NewEvent {
            environment: Some("prod".into()),
            ..NewEvent::new(&one, AuditAction::IntendOperation, "create instance group x", at(4))
        },
    ];
    append(&store, &events).await;
    samples::sign_in(&store, "sub-1", "Robin").await;
    let all = AuditFilter::default();
    let cases = [
        (all.clone(), 3, vec![4, 3, 2]),
        (AuditFilter { before: Some(2), ..all.clone() }, 3, vec![1]),
        (AuditFilter { environment: Some("prod"), ..all.clone() }, 9, vec![4]),
        (AuditFilter { change: Some(change), ..all.clone() }, 9, vec![3, 1]),
        (AuditFilter { actor: Some("sub-2"), environment: Some("dev"), ..all.clone() }, 9, vec![3]),
        (AuditFilter { actor: Some("robin"), ..all.clone() }, 9, vec![4, 1]),
        (AuditFilter { action: Some(AuditAction::SignIn), ..all.clone() }, 9, vec![2]),
        (AuditFilter { object: Some("chg-1"), ..all.clone() }, 9, vec![3, 1]),
        (AuditFilter { object: Some("group"), ..all.clone() }, 9, vec![4]),
        (AuditFilter { object: Some("gro"), ..all.clone() }, 9, vec![]),
        (AuditFilter { from: Some(at(2)), until: Some(at(4)), ..all.clone() }, 9, vec![3, 2]),
        (AuditFilter { after: Some(2), ..all.clone() }, 9, vec![4, 3]),
    ];
    for (filter, limit, expected) in cases {
        let listed = store.list_audit(&filter, limit).await.unwrap();
        assert_eq!(listed.iter().map(|event| event.seq).collect::<Vec<_>>(), expected, "{filter:?}");
    }
    // From the oldest end, newest first all the same.
    for (after, expected) in [(0, vec![2, 1]), (2, vec![4, 3]), (4, vec![])] {
        let filter = AuditFilter { after: Some(after), ..all.clone() };
        let listed = store.list_oldest_audit(&filter, 2).await.unwrap();
        assert_eq!(listed.iter().map(|event| event.seq).collect::<Vec<_>>(), expected, "after {after}");
    }
    assert!(store.audit_names("prod").await.unwrap() && !store.audit_names("nowhere").await.unwrap());
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn appends_at_once_leave_no_gap_and_the_chain_holds(pool: PgPool) {
    let store = Store::from(pool);
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let store = store.clone();
            async move {
                let actor = person(&format!("sub-{task}"));
                for event in 0..25 {
                    let mut tx = store.begin().await.unwrap();
                    let new =
                        NewEvent::new(&actor, AuditAction::SignIn, format!("{task}.{event}"), at(event));
                    tx.append_audit(&new).await.unwrap();
                    // One in five is given up: it must leave no event and no number.
                    if event % 5 == 4 { tx.rollback().await.unwrap() } else { tx.commit().await.unwrap() }
                }
            }
        })
        .collect();
    futures_util::future::join_all(tasks).await;
    let verified = store.verify_audit(None).await.unwrap();
    assert_eq!((verified.count, verified.first_wrong), (8 * 20, None));
    let listed = store.list_audit(&AuditFilter::default(), 500).await.unwrap();
    assert_eq!(listed.iter().map(|event| event.seq).collect::<Vec<_>>(), (1..=160).rev().collect::<Vec<_>>());
    assert_eq!(listed[0].hash, verified.hash.to_string());
    assert!(listed.iter().all(|event| !event.object.ends_with(".4")));
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_the_format_does_not_allow_is_not_appended(pool: PgPool) {
    let store = Store::from(pool);
    let actor = person("sub-1");
    let mut event = NewEvent::new(&actor, AuditAction::SignIn, "sub-1", at(1));
    event.payload.insert("share".to_owned(), json!(0.5));
    let mut tx = store.begin().await.unwrap();
    assert!(matches!(tx.append_audit(&event).await, Err(Error::Unrecordable(_))));
    tx.commit().await.unwrap();
    assert_eq!(store.verify_audit(None).await.unwrap().count, 0);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn the_database_itself_refuses_to_rewrite_the_log(pool: PgPool) {
    let store = Store::from(pool.clone());
    log_of(&store, 3).await;
    for rewrite in [
        "UPDATE audit_events SET object = 'x'",
        "DELETE FROM audit_events WHERE seq = 3",
        "TRUNCATE audit_events",
        "UPDATE audit_head SET seq = 2",
        "DELETE FROM audit_head",
        "TRUNCATE audit_head",
    ] {
        let refused = sqlx::query(rewrite).execute(&pool).await.unwrap_err();
        let code = refused.as_database_error().and_then(|error| error.code().map(|code| code.into_owned()));
        assert_eq!(code.as_deref(), Some("23001"), "{rewrite}: {refused}");
    }
    assert_eq!(store.verify_audit(None).await.unwrap().count, 3);
}
