//! Who may propose what, and what is refused before anything is stored.

use control::{Error, audit, changes, import, planning};
use domain::{
    Actor, ChangeId, ChangeState, Permission, Role,
    audit::AuditAction as Did,
    plan::ZoneImpact,
    resource::ResourceKind,
    view::import::{ImportInput, Reading},
};
use sqlx::PgPool;

use crate::fixture::{
    Fixture, Worker, actions, basic, change, operator, person, production, propose, viewer,
};

/// Neither a change nor a word in the log.
async fn assert_nothing_stored(fixture: &Fixture) {
    let store = &fixture.control.store;
    assert_eq!(store.list_changes(&Default::default(), 10).await.unwrap(), []);
    assert_eq!(store.list_audit(&Default::default(), 10).await.unwrap(), []);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn production_waits_for_approvals_and_can_be_cancelled(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let id = propose(control, &operator(), production()).await.unwrap();
    let waiting = change(control, id).await;
    assert_eq!(waiting.state, ChangeState::AwaitingApprovals);
    assert!(waiting.revision.verdict.approvals_needed > 0);
    let mut worker = Worker::start(control).await;
    for _ in 0..5 {
        worker.round().await.unwrap();
    }
    assert_eq!(change(control, id).await.state, ChangeState::AwaitingApprovals);
    assert!(fixture.operations("genesis-project-prod").await.is_empty());
    assert_eq!(control.store.list_environments().await.unwrap(), []);
    assert_eq!(actions(control, id).await, [Did::ProposeChange]);

    for refused in [viewer(), person("anton", &[Role::Approver])] {
        let error = changes::cancel_change(control, &refused, id).await.unwrap_err();
        assert!(matches!(error, Error::Forbidden(Permission::CancelChange)), "{error}");
    }
    changes::cancel_change(control, &operator(), id).await.unwrap();
    let cancelled = change(control, id).await;
    assert_eq!(cancelled.state, ChangeState::Cancelled);
    assert!(!cancelled.outcome.unwrap().contains("olga"), "a name of a person stands in a history");
    assert_eq!(actions(control, id).await, [Did::ProposeChange, Did::CancelChange]);
    let again = changes::cancel_change(control, &operator(), id).await.unwrap_err();
    assert!(matches!(again, Error::Conflict(_)), "{again}");
    let unknown = changes::cancel_change(control, &operator(), ChangeId(999)).await.unwrap_err();
    assert!(matches!(unknown, Error::NotFound(_)), "{unknown}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_only_reads_or_approves_does_not_propose(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    for refused in [viewer(), person("anton", &[Role::Approver])] {
        let error = propose(&fixture.control, &refused, basic(&[])).await.unwrap_err();
        assert!(matches!(error, Error::Forbidden(Permission::ProposeChange)), "{error}");
        assert!(error.to_string().contains("operator or admin"), "{error}");
    }
    assert_nothing_stored(&fixture).await;
    propose(&fixture.control, &person("ada", &[Role::Admin]), basic(&[])).await.unwrap();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_plan_with_violations_is_refused_by_its_attributes(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let input = basic(&[
        (r#"template_name = "backend-dev""#, r#"template_name = "absent""#),
        ("max_replicas  = 5", "max_replicas  = 0"),
    ]);
    let error = propose(&fixture.control, &operator(), input).await.unwrap_err();
    let Error::Invalid(fields) = error else { panic!("{error}") };
    let fields: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
    for wrong in ["agent_pools[0].template_name", "agent_pools[0].max_replicas"] {
        assert!(fields.contains(&wrong), "{wrong} is not in {fields:?}");
    }
    assert_nothing_stored(&fixture).await;
}

/// Rule and attribute of what the plan breaks.
async fn broken(fixture: &Fixture, input: ImportInput) -> Vec<(String, String)> {
    let preview = import::preview_import(&fixture.control, &operator(), input).await.unwrap();
    let violations = preview.plan.unwrap().violations.into_iter();
    violations.map(|violation| (violation.rule, violation.attribute)).collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_cannot_be_asked_for_breaks_the_rule_of_its_own_attribute(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let breaks = |rule: &str, attribute: &str| (rule.to_owned(), attribute.to_owned());
    let pool_name = (r#"name          = "backend-pool""#, r#"name          = "Backend Pool""#);
    let found = broken(&fixture, basic(&[pool_name])).await;
    assert!(found.contains(&breaks("name_syntax", "agent_pools[0].name")), "{found:?}");
    assert!(found.iter().all(|(_, attribute)| attribute != "project_id"), "{found:?}");
    let region = r#"region      = "us-central1""#;
    for unknown in ["moon-1", "us-centrall1", "europe-north9", "Mars (north)"] {
        let found = broken(&fixture, basic(&[(region, &format!("region = \"{unknown}\""))])).await;
        let of_region = found.iter().filter(|(_, attribute)| attribute == "region");
        assert_eq!(of_region.count(), 1, "{unknown}: {found:?}");
        assert!(found.contains(&breaks("region_unknown", "region")), "{unknown}: {found:?}");
        assert!(found.iter().all(|(_, attribute)| attribute != "project_id"), "{unknown}: {found:?}");
    }
    // Of the zones that are declared nobody could tell.
    let zones = r#"["us-central1-a", "us-central1-b", "us-central1-c"]"#;
    let zoned = [(region, r#"region = "us-centrall1""#), (zones, r#"["us-centrall1-a", "us-centrall1-b"]"#)];
    let found = broken(&fixture, basic(&zoned)).await;
    assert!(found.contains(&breaks("region_unknown", "region")), "{found:?}");
    let found = broken(&fixture, basic(&[("genesis-project-dev", "My Project")])).await;
    assert!(found.contains(&breaks("project_id_syntax", "project_id")), "{found:?}");
    assert!(found.iter().all(|(_, attribute)| attribute != "network_id"), "{found:?}");
    assert_nothing_stored(&fixture).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_names_that_another_environment_has_nothing_is_planned(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let id = propose(control, &operator(), basic(&[])).await.unwrap();
    Worker::start(control).await.finish(id).await;

    let mut second = basic(&[(r#"environment = "dev""#, r#"environment = "second""#)]);
    second.references.insert("module.networking.vpc_id".to_owned(), "global/networks/other".to_owned());
    let preview = import::preview_import(control, &operator(), second).await.unwrap();
    let plan = preview.plan.unwrap();
    let rules: Vec<&str> = plan.violations.iter().map(|violation| violation.rule.as_str()).collect();
    assert_eq!(rules, ["name_taken"], "{:?}", plan.violations);
    assert!(plan.violations[0].message.contains("belongs to environment dev"), "{:?}", plan.violations);
    for action in &plan.actions {
        assert_eq!(action.step.kind(), ResourceKind::InstanceTemplate, "{}", action.title());
    }
    assert_eq!(plan.impact.total(), ZoneImpact::default());

    let free = [
        (r#"environment = "dev""#, r#"environment = "second""#),
        (r#"region      = "us-central1""#, "region = \"us-central1\"\n  name_prefix = \"genesis-second\""),
    ];
    assert_eq!(broken(&fixture, basic(&free)).await, []);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_not_shown_is_not_proposed(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let shown = import::preview_import(control, &operator(), basic(&[])).await.unwrap().digest.unwrap();
    let other = basic(&[("max_replicas  = 5", "max_replicas  = 6")]);
    let error = import::propose_import(control, &operator(), other, &shown, "").await.unwrap_err();
    assert!(matches!(&error, Error::Moved { environment, .. } if environment == "dev"), "{error}");
    assert_nothing_stored(&fixture).await;

    // The same files, after the fleet moved.
    let id = propose(control, &operator(), basic(&[])).await.unwrap();
    Worker::start(control).await.finish(id).await;
    let error = import::propose_import(control, &operator(), basic(&[]), &shown, "").await.unwrap_err();
    assert!(matches!(&error, Error::Moved { environment, .. } if environment == "dev"), "{error}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_preview_says_who_must_agree_what_waits_and_the_digests_of_its_change(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let foreseen = async |input: ImportInput| {
        import::preview_import(control, &operator(), input).await.unwrap().proposal.unwrap()
    };
    let before = foreseen(production()).await;
    assert!(before.open.is_empty() && !before.more, "{before:?}");
    let id = propose(control, &operator(), production()).await.unwrap();
    let made = change(control, id).await.revision;
    assert_eq!(before.plan_sha256, made.plan_sha256);
    assert_eq!(before.payload_sha256, made.payload_sha256);
    assert_eq!(before.verdict, made.verdict);

    let after = foreseen(production()).await;
    let open: Vec<_> = after.open.iter().map(|open| (open.id, open.state)).collect();
    assert_eq!(open, [(id, ChangeState::AwaitingApprovals)]);
    let elsewhere = foreseen(basic(&[])).await;
    assert!(elsewhere.open.is_empty() && elsewhere.verdict.requirement.is_nobody());

    // What has ended is no longer in the way.
    changes::cancel_change(control, &operator(), id).await.unwrap();
    for _ in 0..6 {
        propose(control, &operator(), production()).await.unwrap();
    }
    let many = foreseen(production()).await;
    assert_eq!((many.open.len(), many.more), (5, true));
    assert!(many.open.iter().all(|open| open.id != id));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn incomplete_or_unfit_input_is_refused_with_its_field(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let field = |error: Error| match error {
        Error::Invalid(fields) => fields[0].field.clone(),
        other => panic!("{other}"),
    };
    let mut unresolved = basic(&[]);
    unresolved.references.clear();
    let preview = import::preview_import(control, &operator(), unresolved.clone()).await.unwrap();
    assert!(matches!(&preview.reading, Reading::Unresolved { references } if references.len() == 2));
    assert_eq!((preview.plan, preview.digest), (None, None));
    let error = import::propose_import(control, &operator(), unresolved, "", "").await.unwrap_err();
    assert_eq!(field(error), "files");

    let digest = import::preview_import(control, &operator(), basic(&[])).await.unwrap().digest.unwrap();
    for reason in ["x".repeat(2001), "a\0b".to_owned()] {
        let error = import::propose_import(control, &operator(), basic(&[]), &digest, &reason).await;
        assert_eq!(field(error.unwrap_err()), "reason");
    }
    let nul = basic(&[(
        r#"name       = "platform-eng""#,
        "labels = { note = \"a\\u0000b\" }\n name = \"platform-eng\"",
    )]);
    assert!(propose(control, &operator(), nul).await.is_err_and(|error| !error.is_fault()));
    assert_nothing_stored(&fixture).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_environment_stays_where_it_is(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let id = propose(control, &operator(), basic(&[])).await.unwrap();
    Worker::start(control).await.finish(id).await;
    let moved = basic(&[("genesis-project-dev", "genesis-project-two")]);
    let error = propose(control, &operator(), moved).await.unwrap_err();
    assert!(matches!(&error, Error::Invalid(fields) if fields[0].field == "project_id"), "{error}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_declaration_that_differs_is_proposed_even_where_the_cloud_is_as_it_says(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let first = propose(control, &operator(), basic(&[])).await.unwrap();
    let mut worker = Worker::start(control).await;
    worker.finish(first).await;
    // Compute Engine has no such field: the plan is empty, the declaration is another one.
    let patient = basic(&[("max_replicas  = 5", "max_replicas  = 5\n      min_ready_sec = 90")]);
    let second = propose(control, &operator(), patient).await.unwrap();
    let applied = worker.finish(second).await;
    assert_eq!((applied.state, applied.revision.plan.actions.len()), (ChangeState::Applied, 0));
    assert_eq!(control.store.get_environment("dev").await.unwrap().unwrap().generation, 2);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn changes_and_events_come_in_pages(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let Reading::Complete { desired } =
        import::preview_import(control, &operator(), production()).await.unwrap().reading
    else {
        panic!("a complete import")
    };
    let planned = planning::plan_fleet(control, *desired).await.unwrap();
    let mut proposed = Vec::new();
    for number in 0..53 {
        let title = format!("number {number}");
        let id = changes::propose(control, &operator(), planned.clone(), &title, "").await.unwrap();
        proposed.insert(0, id);
    }
    let list = async |words: &'static str, before| {
        changes::list_changes(control, &viewer(), Some("prod"), words, before).await.unwrap()
    };
    let ids =
        |list: &domain::view::change::ChangeList| list.changes.iter().map(|row| row.id).collect::<Vec<_>>();
    let first = list("", None).await;
    assert_eq!(ids(&first), proposed[..50]);
    assert_eq!(first.next, Some(proposed[49]));
    let second = list("", first.next).await;
    assert_eq!(ids(&second), proposed[50..]);
    assert_eq!(second.next, None);
    assert_eq!(list("state:applied", None).await.changes, []);
    let forties = list("\"number 4\" state:awaiting_approvals,failed", None).await;
    let numbers: Vec<&str> = forties.changes.iter().map(|row| row.title.as_str()).collect();
    let expected: Vec<String> =
        [4].into_iter().chain(40..50).rev().map(|one| format!("number {one}")).collect();
    assert_eq!((numbers, forties.next), (expected.iter().map(String::as_str).collect(), None));
    let recent = list("number age<1d", None).await;
    assert_eq!((ids(&recent), recent.next), (proposed[..50].to_vec(), Some(proposed[49])));
    assert_eq!(ids(&list("number age<1d", recent.next).await), proposed[50..]);
    assert_eq!(list("age>1d", None).await.changes, []);
    let refused =
        changes::list_changes(control, &viewer(), None, "state:odd size:4", None).await.unwrap_err();
    let Error::Invalid(fields) = &refused else { panic!("{refused}") };
    assert_eq!(fields.iter().map(|field| field.field.as_str()).collect::<Vec<_>>(), ["q", "q"]);

    let page = async |actor: Actor, query| audit::list_audit(control, &actor, query).await.unwrap();
    let first = page(viewer(), audit::AuditQuery::default()).await;
    assert_eq!(
        first.events.iter().map(|event| event.seq).collect::<Vec<_>>(),
        (4..=53).rev().collect::<Vec<_>>()
    );
    assert_eq!(first.next, Some(4));
    let second = page(viewer(), audit::AuditQuery { before: first.next, ..Default::default() }).await;
    assert_eq!(second.events.iter().map(|event| event.seq).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!(second.next, None);
    let one = audit::AuditQuery { change: Some(proposed[0]), ..Default::default() };
    assert_eq!(page(viewer(), one).await.events.len(), 1);
    let impossible = changes::list_changes(control, &viewer(), Some("a\0"), "", None).await;
    assert!(matches!(impossible, Err(Error::NotFound(_))), "{impossible:?}");
    assert_eq!((first.previous, second.previous), (None, Some(3)));
    let back = page(viewer(), audit::AuditQuery { after: second.previous, ..Default::default() }).await;
    assert_eq!((back.events, back.next, back.previous), (first.events.clone(), Some(4), None));
    let oldest = page(viewer(), audit::AuditQuery { after: Some(0), ..Default::default() }).await;
    let seqs: Vec<i64> = oldest.events.iter().map(|event| event.seq).collect();
    assert_eq!((seqs, oldest.next, oldest.previous), ((1..=50).rev().collect(), None, Some(50)));
    // Before the first event there is nothing, and the way back is told.
    let none = page(viewer(), audit::AuditQuery { before: Some(1), ..Default::default() }).await;
    assert_eq!((none.events, none.next, none.previous), (vec![], None, Some(0)));
    // Proposed and never applied: it is no environment yet, and has a history.
    let waiting = audit::AuditQuery { environment: Some("prod".into()), ..Default::default() };
    assert_eq!(page(viewer(), waiting).await.events.len(), 50);
    for (query, refusal) in [
        (
            audit::AuditQuery { environment: Some("dev".into()), ..Default::default() },
            "environment dev does not exist",
        ),
        (
            audit::AuditQuery { before: Some(3), after: Some(1), ..Default::default() },
            "after: page by `before` or by `after`, not both",
        ),
        (
            audit::AuditQuery { actor: Some("\0".into()), ..Default::default() },
            "actor: holds a NUL character: take it out",
        ),
    ] {
        let error = audit::list_audit(control, &viewer(), query).await.unwrap_err();
        assert_eq!(error.to_string(), refusal);
    }
    let event = audit::load_audit_event(control, &viewer(), 53).await.unwrap();
    assert_eq!((event.event.seq, event.last, event.prev.as_str()), (53, 53, first.events[1].hash.as_str()));
    let beyond = audit::load_audit_event(control, &viewer(), 54).await;
    assert!(matches!(beyond, Err(Error::NotFound(_))), "{beyond:?}");
}
