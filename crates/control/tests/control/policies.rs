//! What people read of the rules of approval, and who does not.

use std::collections::BTreeSet;

use control::{Error, policies, rosters};
use domain::{
    Permission, Role,
    audit::AuditAction,
    environment::Tier,
    token::{Reach, Scope},
    view::policy::RosterGroup,
};
use sqlx::PgPool;

use crate::{
    approver::{approved, groups, sign_in, three},
    fixture::{Fixture, Worker, basic, change, operator, person, propose, viewer},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_rows_in_force_are_shown_with_since_when_and_by_whom(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;

    let before = policies::load_policy(control, &viewer()).await.unwrap();
    assert_eq!((before.id.as_str(), before.policy.revision, before.roster.revision), ("default", 1, 0));
    assert!(before.policy.since.is_some() && before.policy.by.is_none());
    assert_eq!((before.roster.since, before.roster.by, before.groups), (None, None, vec![]));

    let mut people = three(control).await;
    let dev = propose(control, &operator(), basic(&[])).await.unwrap();
    let production = approved(control, &mut people).await;
    let mut worker = Worker::start(control).await;
    for id in [dev, production] {
        worker.finish(id).await;
    }
    let production = change(control, production).await.environment;

    let view = policies::load_policy(control, &viewer()).await.unwrap();
    let rules: Vec<String> = view.rules.iter().map(|rule| rule.requirement.to_string()).collect();
    assert_eq!(rules, ["nobody", "2 of sre and 1 of security"]);
    let asked: Vec<_> = view
        .environments
        .iter()
        .map(|row| (row.environment.as_str(), row.tier, row.requirement.to_string(), row.short.clone()))
        .collect();
    assert_eq!(
        asked,
        [
            ("dev", Tier::Development, "nobody".to_owned(), None),
            (production.as_str(), Tier::Guarded, "2 of sre and 1 of security".to_owned(), None),
        ]
    );
    // Jonah has not signed in: nobody knows a name for the subject.
    let group = |name: &str, people: &[&str]| RosterGroup {
        name: name.to_owned(),
        people: people.iter().map(|&person| person.to_owned()).collect(),
    };
    assert_eq!(view.groups, [group("security", &["ines"]), group("sre", &["jonah", "noor", "wen"])]);
    let by = view.roster.by.unwrap();
    let event = control.store.get_audit(by.event).await.unwrap().unwrap().event;
    assert_eq!((event.action, event.object.as_str()), (AuditAction::ReviseRoster, "roster r1"));
    assert_eq!((view.roster.revision, by.name.as_str()), (1, "Configuration"));
    assert!(view.roster.since.is_some());

    rosters::declare_roster(control, &groups(&["wen", "noor"], &["ines"])).await.unwrap();
    let later = policies::load_policy(control, &viewer()).await.unwrap();
    assert_eq!(later.roster.revision, 2);
    let newer = later.roster.by.unwrap();
    assert!(later.roster.since > view.roster.since && newer.event > by.event);
    let revised = control.store.get_audit(newer.event).await.unwrap().unwrap().event;
    assert_eq!((event.before_sha256, revised.before_sha256), (None, event.after_sha256));
    let told: Vec<_> = revised
        .differences
        .iter()
        .map(|field| (field.attribute.as_str(), field.before.as_deref(), field.after.as_deref()))
        .collect();
    assert_eq!(told, [("sre", Some("jonah, noor, wen"), Some("noor, wen"))]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_person_who_signed_in_is_called_by_name(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut wen = person("wen", &[Role::Approver]);
    wen.name = "Wen Li".to_owned();
    sign_in(control, &wen).await;
    rosters::declare_roster(control, &groups(&["wen", "noor"], &["ines"])).await.unwrap();
    let view = policies::load_policy(control, &viewer()).await.unwrap();
    assert_eq!(view.groups[1].people, ["Wen Li", "noor"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_requirement_that_the_roster_cannot_give_says_so(pool: PgPool) {
    let fixture = Fixture::start(pool.clone()).await;
    let control = &fixture.control;
    let mut people = three(control).await;
    let id = approved(control, &mut people).await;
    Worker::start(control).await.finish(id).await;
    // Behind our back: the configuration could not put this one in force.
    sqlx::query("INSERT INTO rosters (revision, body) VALUES (2, $1::jsonb)")
        .bind(r#"{"revision": 2, "groups": {"sre": ["wen"]}}"#)
        .execute(&pool)
        .await
        .unwrap();
    let view = policies::load_policy(control, &viewer()).await.unwrap();
    assert_eq!(view.environments[0].short.as_deref(), Some("sre 1 of 2, security 0 of 1"));
    assert_eq!((view.roster.revision, view.roster.by), (2, None));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_token_reads_no_people_and_so_no_policy(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let scopes = BTreeSet::from(Scope::ALL);
    let program = domain::Actor { reach: Reach::Scoped(scopes), ..person("ada", &Role::ALL) };
    let refused = policies::load_policy(&fixture.control, &program).await.unwrap_err();
    assert!(matches!(refused, Error::BeyondToken(Permission::ReadPeople)), "{refused}");
}
