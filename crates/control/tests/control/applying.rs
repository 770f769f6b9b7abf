//! From a proposal to a fleet that is as declared, and what is set aside on the way.

use control::{Control, Error, audit, changes, firewall, fleet, import, pools};
use domain::{
    ChangeId, ChangeState,
    audit::{AuditAction as Did, Subject},
    cause::Cause,
    condition::{Condition, ConditionStatus, ConditionType},
    instance::InstanceStatus,
    operation::{Operation, OperationState},
    view::firewall::Drift,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::time::{Duration, Instant, sleep};

use crate::fixture::{
    Fixture, PATIENCE, PROJECT, Worker, actions, assert_chain, basic, change, events, eventually, operator,
    propose,
};

/// What the chain's hash is over.
async fn leaf(pool: &PgPool, event: i64) -> Value {
    let query = sqlx::query_scalar("SELECT leaf FROM audit_events WHERE seq = $1").bind(event);
    let bytes: Vec<u8> = query.fetch_one(pool).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_basic_example_is_imported_approved_by_policy_and_applied(pool: PgPool) {
    let fixture = Fixture::start(pool.clone()).await;
    let control = &fixture.control;
    let preview = import::preview_import(control, &operator(), basic(&[])).await.unwrap();
    let plan = preview.plan.expect("a plan");
    assert_eq!(plan.violations, []);
    assert_eq!(plan.impact.total().created, 2);

    let id = propose(control, &operator(), basic(&[])).await.unwrap();
    let proposed = change(control, id).await;
    assert_eq!(proposed.state, ChangeState::Approved);
    assert_eq!(proposed.revision.plan, plan);
    assert!(proposed.revision.verdict.reason.contains("development"), "{:?}", proposed.revision.verdict);
    let said = events(control, id).await;
    assert_eq!(said[1].action, Did::ApproveChange);
    assert_eq!(said[1].detail, proposed.revision.verdict.reason);

    let mut worker = Worker::start(control).await;
    let applied = worker.finish(id).await;
    assert_eq!(applied.state, ChangeState::Applied, "{:?}", applied.outcome);
    let revision = &applied.revision;
    for (event, epoch) in [(1, Value::Null), (3, worker.leader.epoch().to_string().into())] {
        let leaf = leaf(&pool, event).await;
        assert_eq!(leaf["after_sha256"], revision.payload_sha256.as_str());
        assert_eq!(leaf["payload"]["plan_sha256"], revision.plan_sha256.as_str());
        assert_eq!(leaf["epoch"], epoch);
        assert_eq!(leaf["before_sha256"], Value::Null, "nothing was declared before");
    }

    let mut expected = vec![Did::ProposeChange, Did::ApproveChange, Did::ClaimChange];
    expected.extend(plan.actions.iter().flat_map(|_| [Did::IntendOperation, Did::FinishOperation]));
    expected.push(Did::FinishChange);
    assert_eq!(actions(control, id).await, expected);
    assert_chain(control).await;

    let backend = control.store.get_pool("dev", "backend-pool").await.unwrap().unwrap();
    assert_eq!((backend.generation, backend.observed_generation), (1, 1));
    assert!(backend.conditions.len() == 4, "{:?}", backend.conditions);
    assert!(backend.conditions.iter().all(|condition| condition.status == ConditionStatus::True));
    let instances = control.store.list_instances("dev", Some("backend-pool")).await.unwrap();
    assert_eq!(instances.len(), 2);
    assert!(instances.iter().all(|row| row.instance.status == InstanceStatus::Running));
    assert_eq!(fixture.operations(PROJECT).await.len(), plan.actions.len());

    // Proposed once more, there is nothing to do.
    let again = propose(control, &operator(), basic(&[])).await.unwrap_err();
    assert!(matches!(&again, Error::Conflict(why) if why.contains("nothing to change")), "{again}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_second_change_moves_the_pool_alone(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let mut worker = Worker::start(control).await;
    let fixed = ("enable_autoscaling = true", "enable_autoscaling = false");
    let first = propose(control, &operator(), basic(&[fixed])).await.unwrap();
    worker.finish(first).await;
    let four = ("target_size   = 2", "target_size   = 4");
    let second = propose(control, &operator(), basic(&[fixed, four])).await.unwrap();
    let plan = change(control, second).await.revision.plan;
    assert_eq!(plan.actions.len(), 1, "{:?}", plan.actions);
    let applied = worker.finish(second).await;
    assert_eq!(applied.state, ChangeState::Applied, "{:?}", applied.outcome);
    assert_eq!(fixture.vms(PROJECT).await.len(), 4);
    let view = pools::load_pool(control, &operator(), "dev", "backend-pool").await.unwrap();
    assert_eq!((view.row.generation, view.row.observed_generation), (2, 2));
    assert_eq!(view.changes.iter().map(|row| row.id).collect::<Vec<_>>(), [second, first]);
    assert_eq!(
        view.changes.iter().map(|row| row.title.as_str()).collect::<Vec<_>>(),
        ["dev: resize backend-pool from 2 to 4", "Import 2 templates and 1 pool into dev"]
    );
    let said = events(control, second).await;
    let claimed = said.iter().find(|event| event.action == Did::ClaimChange).expect("a claim");
    let before = change(control, first).await.revision.payload_sha256;
    assert_eq!(claimed.before_sha256.as_ref(), Some(&before), "the declaration that was in force");
    assert_eq!(claimed.after_sha256.as_ref(), Some(&applied.revision.payload_sha256));
    let resized = said.iter().find(|event| event.action == Did::FinishOperation).expect("an operation");
    let page = audit::load_audit_event(control, &operator(), resized.seq).await.unwrap();
    let pool = Subject::Pool { environment: "dev", name: "backend-pool" };
    assert_eq!(page.event.subject(page.prefix.as_deref()), Some(pool));
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_two_proposals_from_one_base_the_second_is_superseded_when_it_is_claimed(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let first = propose(control, &operator(), basic(&[])).await.unwrap();
    let second =
        propose(control, &operator(), basic(&[("max_replicas  = 5", "max_replicas  = 6")])).await.unwrap();
    let mut worker = Worker::start(control).await;
    let superseded = worker.finish(second).await;
    assert_eq!(superseded.state, ChangeState::Superseded);
    assert!(superseded.outcome.unwrap().contains("generation"));
    assert_eq!(change(control, first).await.state, ChangeState::Applied);
    assert_eq!(
        actions(control, second).await,
        [Did::ProposeChange, Did::ApproveChange, Did::SupersedeChange]
    );
    assert_eq!(control.store.get_environment("dev").await.unwrap().unwrap().generation, 1);
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_change_that_was_cancelled_first_is_not_claimed(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let id = propose(control, &operator(), basic(&[])).await.unwrap();
    changes::cancel_change(control, &operator(), id).await.unwrap();
    let mut worker = Worker::start(control).await;
    worker.round().await.unwrap();
    assert_eq!(change(control, id).await.state, ChangeState::Cancelled);
    assert!(fixture.operations(PROJECT).await.is_empty());
    let log = audit::list_audit(control, &operator(), Default::default()).await.unwrap();
    assert_eq!(log.events[0].action, Did::CancelChange);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_step_that_is_refused_for_good_fails_the_change_and_says_which(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let id = propose(control, &operator(), basic(&[])).await.unwrap();
    // Somebody else takes the name of the health check after the plan was made.
    let plan = change(control, id).await.revision.plan;
    let name = plan.actions[0].step.name();
    let other = serde_json::json!({"name": name, "type": "TCP", "tcpHealthCheck": {"port": 1}});
    fixture.post(PROJECT, "global/healthChecks", &other).await;
    let mut worker = Worker::start(control).await;
    let failed = worker.finish(id).await;
    assert_eq!(failed.state, ChangeState::Failed);
    assert!(failed.outcome.as_deref().unwrap().contains(name), "{:?}", failed.outcome);
    assert_eq!(
        actions(control, id).await[2..],
        [Did::ClaimChange, Did::IntendOperation, Did::FailOperation, Did::FailChange]
    );
    assert_eq!(fixture.operations(PROJECT).await.len(), 1);
    let call = refused(control, id).await.expect("a refused call");
    assert_eq!((call.state, call.cause()), (OperationState::Failed, Some(Cause::AlreadyExists)), "{call:?}");
    assert_chain(control).await;
}

/// The change's first call that has a cause, as its page shows it.
async fn refused(control: &Control, id: ChangeId) -> Option<Operation> {
    let view = changes::load_change(control, &operator(), id).await.unwrap();
    view.operations.into_iter().find(|call| call.cause().is_some())
}

/// Groups are made in vain.
async fn fail_groups(fixture: &Fixture, code: &str) {
    let path = "/instanceGroupManagers";
    let fault =
        json!({"kind": "operation", "method": "POST", "path": path, "code": code, "message": "It is so."});
    fixture.fault(&fault).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_call_that_compute_engine_took_and_failed_has_a_cause(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    fail_groups(&fixture, "QUOTA_EXCEEDED").await;
    let id = propose(control, &operator(), basic(&[])).await.unwrap();
    let mut worker = Worker::start(control).await;
    assert_eq!(worker.finish(id).await.state, ChangeState::Failed);
    let call = refused(control, id).await.expect("a refused call");
    assert_eq!((call.state, call.cause()), (OperationState::Failed, Some(Cause::QuotaExceeded)));
    assert_eq!(call.error.as_deref(), Some("the operation failed with QUOTA_EXCEEDED: It is so."));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_call_that_is_tried_again_has_a_cause_until_it_is_done(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    fail_groups(&fixture, "ZONE_RESOURCE_POOL_EXHAUSTED").await;
    let id = propose(control, &operator(), basic(&[])).await.unwrap();
    let mut worker = Worker::start(control).await;
    let begun = Instant::now();
    let call = loop {
        worker.round().await.unwrap();
        if let Some(call) = refused(control, id).await {
            break call;
        }
        assert!(begun.elapsed() < PATIENCE, "no call is refused");
        sleep(Duration::from_millis(30)).await;
    };
    assert_eq!((call.finished_at, call.cause()), (None, Some(Cause::StockOut)), "{call:?}");
    fixture.end_faults().await;
    let applied = worker.finish(id).await;
    assert_eq!(applied.state, ChangeState::Applied, "{:?}", applied.outcome);
    assert_eq!(refused(control, id).await, None);
}

/// What the environment and its pool say of the last declaration.
async fn carried_out(control: &Control) -> (Option<Condition>, Option<Condition>) {
    let applied = |conditions: Vec<Condition>| {
        conditions.into_iter().find(|condition| condition.kind == ConditionType::Applied)
    };
    let environment = control.store.get_environment("dev").await.unwrap().unwrap();
    let pool = control.store.get_pool("dev", "backend-pool").await.unwrap().unwrap();
    (applied(environment.conditions), applied(pool.conditions))
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_a_failed_change_left_undone_is_a_condition_until_it_is_there(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let control = &fixture.control;
    let id = propose(control, &operator(), basic(&[])).await.unwrap();
    let plan = change(control, id).await.revision.plan;
    let name = plan.actions[0].step.name();
    let other = serde_json::json!({"name": name, "type": "TCP", "tcpHealthCheck": {"port": 1}});
    fixture.post(PROJECT, "global/healthChecks", &other).await;
    let mut worker = Worker::start(control).await;
    assert_eq!(worker.finish(id).await.state, ChangeState::Failed);
    worker.round().await.unwrap();
    let (environment, of_pool) = carried_out(control).await;
    let said = environment.expect("a word on the declaration");
    assert_eq!((said.status, said.reason.as_str()), (ConditionStatus::False, "ChangeFailed"));
    assert!(said.message.starts_with(&format!("{id} failed: ")), "{said:?}");
    assert!(plan.actions.iter().any(|action| said.message.contains(&action.title())), "{said:?}");
    assert!(said.message.ends_with("Propose it again, or import again."), "{said:?}");
    assert_eq!(of_pool.as_ref(), Some(&said));
    let view = fleet::load_fleet(control, &operator(), Some("dev")).await.unwrap();
    assert_eq!(view.half_applied, Some((said.since, said.message.clone())));
    let rules = firewall::load_firewall(control, &operator(), Some("dev"), None).await.unwrap().rules;
    assert!(rules.iter().all(|row| row.drift == Drift::Missing && !row.moving), "{rules:?}");

    let path = format!("global/healthChecks/{name}");
    fixture.delete(PROJECT, &path).await;
    eventually("the other's health check to go", || async {
        fixture.get(PROJECT, &path).await.get("error").is_some().then_some(())
    })
    .await;
    let again = propose(control, &operator(), basic(&[])).await.unwrap();
    let applied = worker.finish(again).await;
    assert_eq!(applied.state, ChangeState::Applied, "{:?}", applied.outcome);
    let (environment, of_pool) = carried_out(control).await;
    let said = environment.expect("a word on the declaration");
    assert_eq!((said.status, said.reason.as_str()), (ConditionStatus::True, "CarriedOut"));
    assert_eq!(of_pool, None);
    let view = fleet::load_fleet(control, &operator(), Some("dev")).await.unwrap();
    assert_eq!(view.half_applied, None);
}
