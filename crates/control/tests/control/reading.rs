//! What the pages read, of a fleet that was really applied.

use control::{
    Error, autoscaling, changes, costs, firewall, fleet, instances, me, outputs, people, pools, search,
    templates, timeline,
};
use domain::{
    ChangeId, ChangeState,
    agent::{AgentState, Thresholds},
    condition::{ConditionStatus, ConditionType},
    instance::InstanceStatus,
    view::{
        change::{EVENTS, FIELDS},
        search::FoundKind,
    },
};
use sqlx::PgPool;

use crate::fixture::{
    Fixture, PROJECT, REGION, Worker, basic, operator, production, propose, sync_live, viewer,
};

/// The basic example, applied, and a production change that waits.
async fn applied(pool: PgPool) -> (Fixture, ChangeId, ChangeId) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let applied = propose(control, &operator(), basic(&[])).await.unwrap();
    let mut worker = Worker::start(control).await;
    assert_eq!(worker.finish(applied).await.state, ChangeState::Applied);
    let waiting = propose(control, &operator(), production()).await.unwrap();
    sync_live(control, "dev").await;
    (fixture, applied, waiting)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_empty_installation_has_an_empty_fleet(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let view = fleet::load_fleet(control, &viewer(), None).await.unwrap();
    assert_eq!((view.environment, view.pools, view.zones), (None, vec![], vec![]));
    let error = fleet::load_fleet(control, &viewer(), Some("dev")).await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error}");
    assert_eq!(pools::list_pools(control, &viewer(), None).await.unwrap(), []);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_fleet_shows_every_vm_in_its_zone(pool: PgPool) {
    let (fixture, _, _) = applied(pool).await;
    let view = fleet::load_fleet(&fixture.control, &viewer(), None).await.unwrap();
    assert_eq!(view.environment.as_deref(), Some("dev"));
    assert_eq!(view.zones, ["a", "b", "c"].map(|zone| format!("{REGION}-{zone}")));
    assert_eq!(view.pools.len(), 1);
    let zones = &view.pools[0].zones;
    assert_eq!(zones.iter().map(|zone| zone.zone.clone()).collect::<Vec<_>>(), view.zones);
    let shown: Vec<_> = zones
        .iter()
        .flat_map(|zone| zone.agents.iter().map(|agent| (zone.zone.clone(), agent.name.clone(), agent.state)))
        .collect();
    let mut names: Vec<String> = shown.iter().map(|(_, name, _)| name.clone()).collect();
    names.sort();
    assert_eq!(names, fixture.vms(PROJECT).await);
    let mut live = fixture.control.live.rows("dev");
    live.sort_by_key(|row| (row.instance.zone.clone(), row.instance.name.clone()));
    let live: Vec<_> =
        live.into_iter().map(|row| (row.instance.zone, row.instance.name, row.agent)).collect();
    assert_eq!(shown, live);
    assert_eq!(shown.iter().map(|(_, _, state)| *state).collect::<Vec<_>>(), [AgentState::Starting; 2]);
    assert_eq!(view.changes, [], "production's change is no business of this environment");
    assert!(view.observed_at.is_some() && view.unreachable.is_none());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_pool_shows_what_is_declared_beside_what_is_there(pool: PgPool) {
    let (fixture, id, _) = applied(pool).await;
    let control = &fixture.control;
    let rows = pools::list_pools(control, &viewer(), Some("dev")).await.unwrap();
    assert_eq!(rows, pools::list_pools(control, &viewer(), None).await.unwrap());
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((row.name.as_str(), row.template.as_str()), ("backend-pool", "backend-dev"));
    assert_eq!((row.desired_size, row.observed_size), (2, Some(2)));
    assert_eq!(row.autoscaling.as_deref(), Some("1 to 5"));
    assert_eq!((row.generation, row.observed_generation), (1, 1));

    let view = pools::load_pool(control, &viewer(), "dev", "backend-pool").await.unwrap();
    assert_eq!(&view.row, row);
    assert!(!view.settings.is_empty());
    for setting in &view.settings {
        assert!(setting.observed.is_some() && !setting.differs(), "{setting:?}");
    }
    let slow = Thresholds { silent_after_seconds: 99, ..Thresholds::default() };
    control.live.set_thresholds("dev", vec![("backend-pool".to_owned(), slow)]);
    let again = pools::load_pool(control, &viewer(), "dev", "backend-pool").await.unwrap();
    let patience = again.settings.iter().find(|setting| setting.name == "Agent silent after").unwrap();
    assert_eq!((patience.desired.as_deref(), patience.observed.as_deref()), (Some("30 s"), Some("99 s")));
    assert_eq!(view.row.vms(), 2);
    let rolled = pools::load_pool_rollout(control, &viewer(), "dev", "backend-pool").await.unwrap();
    let mut squares: Vec<_> = rolled.rollout.unwrap().squares.into_iter().map(|square| square.name).collect();
    squares.sort();
    assert_eq!((squares, &rolled.pool.row), (fixture.vms(PROJECT).await, row));
    assert_eq!(view.changes.iter().map(|row| row.id).collect::<Vec<_>>(), [id]);
    let first = pools::load_pool_overview(control, &viewer(), "dev", "backend-pool").await.unwrap();
    assert_eq!((first.pool.row, first.pool.rollout, first.rollout), (row.clone(), None, None));
    let mut shown: Vec<_> = first.instances.into_iter().map(|line| line.name).collect();
    shown.sort();
    assert_eq!((first.found, shown), (2, fixture.vms(PROJECT).await));
    assert!(first.autoscaling.is_some_and(|scaled| scaled.row.pool == "backend-pool"));
    let told = timeline::load_pool_timeline(control, &viewer(), "dev", "backend-pool", None).await.unwrap();
    let newest: Vec<_> = told.events.iter().take(6).map(|event| event.seq).collect();
    assert_eq!(first.events.iter().map(|event| event.seq).collect::<Vec<_>>(), newest);
    assert_eq!(view.zones.len(), 3);
    let ready = view.row.conditions.iter().find(|one| one.kind == ConditionType::Ready).unwrap();
    assert_eq!((ready.status, ready.message.as_str()), (ConditionStatus::True, "2 of 2 VMs run"));
    for (environment, pool) in [("dev", "absent"), ("absent", "backend-pool")] {
        let error = pools::load_pool(control, &viewer(), environment, pool).await.unwrap_err();
        assert!(matches!(&error, Error::NotFound(what) if what.contains("absent")), "{error}");
        let error = pools::load_pool_overview(control, &viewer(), environment, pool).await.unwrap_err();
        assert!(matches!(&error, Error::NotFound(what) if what.contains("absent")), "{error}");
        let error = pools::load_pool_rollout(control, &viewer(), environment, pool).await.unwrap_err();
        assert!(matches!(&error, Error::NotFound(what) if what.contains("absent")), "{error}");
    }
}

/// Ten thousand of them would be read for each page: one that cannot be read shows whether they are.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn no_page_reads_the_vms_of_a_pool_that_it_does_not_show(pool: PgPool) {
    const POOL: &str = "backend-pool";
    let (fixture, _, _) = applied(pool.clone()).await;
    let (control, viewer) = (&fixture.control, viewer());
    sqlx::query(
        "INSERT INTO instances (environment, zone, name, pool, instance_group, body, first_seen, last_seen)
         SELECT environment, zone, 'unreadable', 'other', 'genesis-pool-other', '{}'::jsonb, first_seen, last_seen
         FROM instances LIMIT 1",
    )
    .execute(&pool)
    .await
    .unwrap();
    assert!(control.store.observed_fleet("dev").await.is_err(), "who reads all of them fails");
    let read = [
        ("load_pool", pools::load_pool(control, &viewer, "dev", POOL).await.err()),
        ("load_pool_overview", pools::load_pool_overview(control, &viewer, "dev", POOL).await.err()),
        ("load_pool_rollout", pools::load_pool_rollout(control, &viewer, "dev", POOL).await.err()),
        ("load_pool_form", pools::load_pool_form(control, &viewer, Some("dev"), Some(POOL)).await.err()),
        ("load_pool_costs", costs::load_pool_costs(control, &viewer, "dev", POOL, None).await.err()),
        ("list_autoscaling", autoscaling::list_autoscaling(control, &viewer, None).await.err()),
        ("load_autoscaling", autoscaling::load_autoscaling(control, &viewer, "dev", POOL, 3600).await.err()),
        ("load_firewall", firewall::load_firewall(control, &viewer, None, None).await.err()),
        ("load_pool_firewall", firewall::load_pool_firewall(control, &viewer, "dev", POOL).await.err()),
        ("list_templates", templates::list_templates(control, &viewer, None).await.err()),
        ("load_fleet", fleet::load_fleet(control, &viewer, None).await.err()),
    ];
    for (page, error) in read {
        assert!(error.is_none(), "{page}: {error:?}");
    }
    let told = outputs::load_outputs(control, &viewer, "dev").await.unwrap().outputs;
    assert_eq!((told.agent_pools[POOL].running, told.vm_management_summary.running), (Some(2), 2));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_instance_shows_where_it_is(pool: PgPool) {
    let (fixture, _, _) = applied(pool).await;
    let control = &fixture.control;
    let row = control.live.rows("dev").remove(0);
    let view =
        instances::load_instance(control, &viewer(), &row.instance.zone, &row.instance.name).await.unwrap();
    assert_eq!(view.row, row);
    assert_eq!((row.pool.as_str(), row.instance.status), ("backend-pool", InstanceStatus::Running));
    assert!(view.observed_at.is_some());
    let error = instances::load_instance(control, &viewer(), "us-central1-f", &row.instance.name).await;
    assert!(matches!(error, Err(Error::NotFound(_))), "{error:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_change_shows_its_operations_and_events(pool: PgPool) {
    let (fixture, id, waiting) = applied(pool).await;
    let control = &fixture.control;
    let view = changes::load_change(control, &viewer(), id).await.unwrap();
    let steps: Vec<String> = view.change.revision.plan.actions.iter().map(|action| action.key()).collect();
    assert_eq!(view.operations.iter().map(|one| one.step.clone()).collect::<Vec<_>>(), steps);
    assert_eq!(view.waiting_for, Vec::<String>::new());
    assert!(view.events.is_sorted_by_key(|event| event.seq));

    // Its page has the latest events, and what the pool costs as it is declared.
    let page = changes::load_detail(control, &viewer(), id, false).await.unwrap();
    let all = changes::load_detail(control, &viewer(), id, true).await.unwrap();
    assert_eq!(page.events.shown, all.events.shown[all.events.shown.len().saturating_sub(EVENTS)..]);
    assert_eq!((page.events.of as usize, all.events.hidden()), (view.events.len(), 0));
    assert!(page.calls.are_done() && page.calls.answered_at.is_some());
    assert_eq!(page.change.revision.pools, 1);
    let (few, declared) = (page.beside.declared.unwrap(), all.beside.declared.unwrap());
    assert!(few.first && declared.first && few.fields.hidden() > 0, "{few:?}");
    assert_eq!((few.fields.of, declared.fields.hidden()), (declared.fields.of, 0));
    assert_eq!(few.fields.shown, declared.fields.shown[..FIELDS]);
    let largest = declared.fields.shown.iter().find(|field| field.after.as_deref() == Some("5")).unwrap();
    assert!(largest.attribute.starts_with("agent_pools[\"backend-pool\"]"), "{largest:?}");
    let prices: Vec<_> =
        page.beside.prices.iter().map(|one| (one.pool.as_str(), one.least, one.most)).collect();
    assert_eq!(prices, [("backend-pool", 1, 5)]);
    assert_eq!((page.beside.awaited, page.beside.budget), (vec![], None), "it has ended");
    let open =
        changes::list_changes(control, &viewer(), None, "state:awaiting_approvals", None).await.unwrap();
    assert_eq!(open.changes.iter().map(|row| row.id).collect::<Vec<_>>(), [waiting]);
    let error = changes::load_change(control, &viewer(), ChangeId(999)).await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_frame_knows_the_environments_and_a_person_has_one_issuer(pool: PgPool) {
    let (fixture, _, _) = applied(pool).await;
    let control = &fixture.control;
    let groups = ["sre".to_owned()].into();
    people::sign_in(control, &operator(), "https://issuer.test", "olga@example.test", &groups, None)
        .await
        .unwrap();
    let me = me::load_me(control, &operator()).await.unwrap();
    assert_eq!(me.environments.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["dev"]);
    assert_eq!(me.waiting_for_me, 0, "an operator has no vote");
    let known = control.store.list_people(9).await.unwrap();
    let said: Vec<_> =
        known.iter().map(|known| (known.claims.name.as_str(), known.claims.email.as_str())).collect();
    assert_eq!(said, [("olga", "olga@example.test")]);
    assert_eq!((me.environments[0].open_incidents, me.environments[0].open_changes), (0, 0));
    assert!(me.standing.is_some(), "whoever may read the fleet may know");
    let other =
        people::sign_in(control, &operator(), "https://other.test", "x@example.test", &groups, None).await;
    assert!(matches!(other, Err(Error::Conflict(_))), "{other:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn things_are_found_by_a_part_of_their_name(pool: PgPool) {
    let (fixture, applied, _) = applied(pool).await;
    let control = &fixture.control;
    let result = search::find_by_name(control, &viewer(), " Backend ").await.unwrap();
    let kinds: Vec<_> = result.found.iter().map(|found| (found.kind, found.name.as_str())).collect();
    assert_eq!(kinds[..2], [(FoundKind::Pool, "backend-pool"), (FoundKind::Template, "backend-dev")]);
    assert!(kinds[2..].iter().all(|(kind, _)| *kind == FoundKind::Instance) && kinds.len() == 4, "{kinds:?}");
    assert_eq!((result.asked.as_str(), result.more), (" Backend ", false));

    let number = applied.0.to_string();
    let change = search::find_by_name(control, &viewer(), &number).await.unwrap();
    let first = &change.found[0];
    assert_eq!((first.kind, first.name.clone()), (FoundKind::Change, applied.to_string()));
    for nothing in ["", "  ", "no-such-thing", "chg-99"] {
        assert_eq!(search::find_by_name(control, &viewer(), nothing).await.unwrap().found, [], "{nothing}");
    }
}
