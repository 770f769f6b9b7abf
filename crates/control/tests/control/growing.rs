//! What keeps a pool from growing is said as a condition while it lasts, and no longer.

use control::Clock;
use domain::{
    ChangeState,
    condition::{Condition, ConditionStatus, ConditionType},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::time::{Duration, Instant, sleep};
use uuid::Uuid;

use crate::fixture::{
    Fixture, PATIENCE, PROJECT, REGION, Worker, basic, operator, propose, with_agents, without_agents,
};

const GROUP: &str = "genesis-pool-backend-pool";

async fn condition(fixture: &Fixture, kind: ConditionType) -> Option<Condition> {
    let pool = fixture.control.store.get_pool("dev", "backend-pool").await.expect("a database")?;
    pool.conditions.into_iter().find(|condition| condition.kind == kind)
}

/// Rounds until the condition is as wanted.
async fn until(
    fixture: &Fixture,
    worker: &mut Worker,
    kind: ConditionType,
    reached: impl Fn(Option<&Condition>) -> bool,
) -> Option<Condition> {
    let begun = Instant::now();
    loop {
        let now = condition(fixture, kind).await;
        if reached(now.as_ref()) {
            return now;
        }
        assert!(begun.elapsed() < PATIENCE, "{kind:?} stays {now:?}");
        worker.round().await.expect("nobody kills it");
        sleep(Duration::from_millis(30)).await;
    }
}

/// The condition that a fault brings about, after which the fault ends and the condition with it.
async fn suffer(pool: PgPool, fault: Value, kind: ConditionType) -> Condition {
    let fixture = Fixture::with(pool, without_agents(), Clock::System).await;
    fixture.fault(&fault).await;
    propose(&fixture.control, &operator(), basic(&[])).await.expect("a change");
    let mut worker = Worker::start(&fixture.control).await;
    let broken = until(&fixture, &mut worker, kind, |found| found.is_some()).await.expect("a condition");
    assert_eq!(broken.status, ConditionStatus::False);
    fixture.end_faults().await;
    until(&fixture, &mut worker, kind, |found| found.is_none()).await;
    broken
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_short_quota_is_named_with_its_limit(pool: PgPool) {
    let fault = json!({"kind": "quota", "region": "us-central1", "metric": "CPUS", "limit": 1});
    let broken = suffer(pool, fault, ConditionType::WithinQuota).await;
    assert_eq!(broken.reason, "QuotaExceeded");
    assert!(
        broken.message.contains("Quota 'CPUS' exceeded. Limit: 1.0 in region us-central1."),
        "{broken:?}"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_zone_without_capacity_is_named(pool: PgPool) {
    let fault = json!({"kind": "stockout", "zone": "us-central1-a"});
    let broken = suffer(pool, fault, ConditionType::CapacityAvailable).await;
    assert_eq!(broken.reason, "StockOut");
    assert!(broken.message.starts_with("1 VM waits in us-central1-a: The zone "), "{broken:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_missing_image_is_named(pool: PgPool) {
    let fault = json!({"kind": "image", "image": "ubuntu-2204-lts"});
    let broken = suffer(pool, fault, ConditionType::ImageFound).await;
    assert_eq!(broken.reason, "ImageNotFound");
    assert!(broken.message.contains("/images/family/ubuntu-2204-lts' was not found"), "{broken:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_missing_permission_is_named(pool: PgPool) {
    let fault = json!({"kind": "permission", "permission": "compute.instances.create"});
    let broken = suffer(pool, fault, ConditionType::Permitted).await;
    assert_eq!(broken.reason, "PermissionMissing");
    assert!(broken.message.contains("Required 'compute.instances.create' permission"), "{broken:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_full_subnetwork_is_named(pool: PgPool) {
    let broken =
        suffer(pool, json!({"kind": "ip_space", "subnetwork": "genesis"}), ConditionType::AddressesAvailable)
            .await;
    assert_eq!(broken.reason, "AddressesExhausted");
    assert!(broken.message.contains("is exhausted"), "{broken:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn agents_that_are_ill_keep_a_pool_from_being_healthy(pool: PgPool) {
    let fixture = Fixture::with(pool, with_agents(), Clock::System).await;
    fixture.fault(&json!({"kind": "agent", "state": "ill", "group": GROUP})).await;
    propose(&fixture.control, &operator(), basic(&[])).await.expect("a change");
    let mut worker = Worker::start(&fixture.control).await;
    let kind = ConditionType::Healthy;
    let found = until(&fixture, &mut worker, kind, |found| found.is_some()).await.expect("a condition");
    // They never were healthy: at first they count as starting.
    assert_eq!((found.status, found.reason.as_str()), (ConditionStatus::Unknown, "Starting"));
    fixture.end_faults().await;
    until(&fixture, &mut worker, kind, |found| found.is_none()).await;
}

/// An applied pool of two healthy VMs.
async fn healthy(fixture: &Fixture, replaced: &[(&str, &str)]) -> Worker {
    let id = propose(&fixture.control, &operator(), basic(replaced)).await.expect("a change");
    let mut worker = Worker::start(&fixture.control).await;
    assert_eq!(worker.finish(id).await.state, ChangeState::Applied);
    worker
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn agents_that_fall_ill_are_told_at_once(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let mut worker = healthy(&fixture, &[]).await;
    // Healing would make them anew before anybody sees them ill.
    let (compute, scope) = (&fixture.control.compute, compute::Scope::new(PROJECT, REGION));
    let held = compute.set_healing(&scope, GROUP, true, Uuid::from_u128(1)).await.expect("a call");
    compute.wait(&scope, held.operation().expect("an operation")).await.expect("no failure");
    fixture.fault(&json!({"kind": "agent", "state": "ill", "group": GROUP})).await;
    let kind = ConditionType::Healthy;
    let fails = |found: Option<&Condition>| found.is_some_and(|one| one.status == ConditionStatus::False);
    let found = until(&fixture, &mut worker, kind, fails).await.expect("a condition");
    assert_eq!(found.reason, "Unhealthy");
    assert!(found.message.contains("of 2 VMs fail their health check: agent-"), "{found:?}");
    assert!(found.message.ends_with("is UNHEALTHY"), "{found:?}");
    fixture.end_faults().await;
    until(&fixture, &mut worker, kind, |found| found.is_none()).await;
}

/// What each of the group's agents shows of its processor.
async fn load(fixture: &Fixture, cpu: f64) {
    let url = format!("{}/emulator/loads/{PROJECT}/{REGION}/{GROUP}", fixture.emulator.endpoint());
    let answer = fixture.http.put(url).json(&json!({"cpu": cpu})).send().await.expect("an answer");
    answer.error_for_status().expect("a load");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_load_above_the_maximum_is_named_with_it(pool: PgPool) {
    let fixture = Fixture::start(pool).await;
    let mut worker = healthy(&fixture, &[("max_replicas  = 5", "max_replicas  = 2")]).await;
    load(&fixture, 1.0).await;
    let kind = ConditionType::WithinLimits;
    let found = until(&fixture, &mut worker, kind, |found| found.is_some()).await.expect("a condition");
    assert_eq!((found.status, found.reason.as_str()), (ConditionStatus::False, "CappedByAutoscaler"));
    assert_eq!(found.message, "the load asks for more than the 2 VMs that max_replicas allows");
    load(&fixture, 0.0).await;
    until(&fixture, &mut worker, kind, |found| found.is_none()).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_vm_that_is_made_anew_again_and_again_is_named(pool: PgPool) {
    let fixture = Fixture::start(pool.clone()).await;
    let mut worker = healthy(&fixture, &[]).await;
    let kind = ConditionType::Lasting;
    assert_eq!(condition(&fixture, kind).await, None);
    // Under the name of one there were three before it, within half an hour.
    let former = "INSERT INTO run_intervals
                      (environment, zone, name, instance_id, pool, agent_type, began_at, ended_at)
                  SELECT i.environment, i.zone, i.name, 'former-' || turn, i.pool, 'backend-developer',
                         date_trunc('second', now()) - turn * interval '8 minutes',
                         date_trunc('second', now()) - turn * interval '8 minutes' + interval '7 minutes'
                  FROM (SELECT * FROM instances ORDER BY name LIMIT 1) i, generate_series(1, 3) turn
                  RETURNING name";
    let names: Vec<String> = sqlx::query_scalar(former).fetch_all(&pool).await.expect("VMs before it");
    // Whoever leads anew knows nothing by heart.
    worker.pace = Default::default();
    let found = until(&fixture, &mut worker, kind, |found| found.is_some()).await.expect("a condition");
    assert_eq!((found.status, found.reason.as_str()), (ConditionStatus::False, "CrashLoop"));
    assert!(found.message.starts_with(&names[0]), "{found:?}");
    assert!(found.message.contains(" was made anew 3 times since "), "{found:?}");
    let view = control::pools::load_pool(&fixture.control, &operator(), "dev", "backend-pool").await;
    let view = view.expect("a pool");
    assert!(view.row.goes_round());
    assert_eq!(view.agents.all, view.row.vms());

    // Somebody ordered another one: what comes of that is another matter.
    let order = "INSERT INTO operations
                     (change_id, step, request_id, kind, state, name, intended_at, finished_at)
                 SELECT max(id), 'recreate instance ' || $1, gen_random_uuid(), 'instance', 'done', 'operation-1', now(), now()
                 FROM changes";
    sqlx::query(order).bind(&names[0]).execute(&pool).await.expect("an order");
    worker.pace = Default::default();
    until(&fixture, &mut worker, kind, |found| found.is_none()).await;
}
