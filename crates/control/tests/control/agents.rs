//! Enrolment with tokens of a running VM's own metadata server, and heartbeats, each refusal with its code.

use std::time::Duration;

use chrono::TimeDelta;
use control::{
    Clock, Control,
    agents::{AgentRefused, Enrolled, Enrolment, LARGEST_BODY, enroll_agent, receive_heartbeat},
    live_sync,
};
use domain::{ChangeState, agent::AgentState, audit::AuditAction as Did, instance::Instance};
use serde_json::{Value, json};
use sqlx::{PgPool, postgres::PgPoolOptions};
use store::Store;
use tokio::time::{Instant, sleep};

use crate::fixture::{
    AUDIENCE, Fixture, PROJECT, REGION, Worker, assert_chain, basic, eventually, operator, propose,
    restarted, stop, sync_live, with_agents,
};

/// An applied pool whose two VMs run agents that know of no control plane: the tests speak for them.
async fn fleet(pool: PgPool, clock: Clock) -> (Fixture, Worker) {
    let fixture = Fixture::with(pool, with_agents(), clock).await;
    let id = propose(&fixture.control, &operator(), basic(&[])).await.unwrap();
    let mut worker = Worker::start(&fixture.control).await;
    assert_eq!(worker.finish(id).await.state, ChangeState::Applied);
    sync_live(&fixture.control, "dev").await;
    (fixture, worker)
}

fn instance(control: &Control, number: usize) -> Instance {
    control.live.rows("dev").remove(number).instance
}

/// What the VM's metadata server signs for it.
async fn token(fixture: &Fixture, vm: &Instance, audience: &str) -> String {
    let seen = fixture.get(PROJECT, &format!("zones/{}/instances/{}", vm.zone, vm.name)).await;
    let address = seen["networkInterfaces"][0]["networkIP"].as_str().expect("an address").to_owned();
    let url = format!(
        "http://{address}:9254/computeMetadata/v1/instance/service-accounts/default/identity?audience={audience}&format=full"
    );
    let request = fixture.http.get(url).header("Metadata-Flavor", "Google");
    request.send().await.expect("a metadata server").text().await.expect("a token")
}

async fn enroll(control: &Control, identity_token: &str) -> Result<Enrolled, AgentRefused> {
    let enrolment = Enrolment {
        identity_token: identity_token.to_owned(),
        boot_id: "boot-1".to_owned(),
        version: "0.1.0".to_owned(),
    };
    enroll_agent(control, enrolment, "request-1").await
}

async fn credential(fixture: &Fixture, vm: &Instance) -> String {
    enroll(&fixture.control, &token(fixture, vm, AUDIENCE).await).await.unwrap().credential
}

fn beat(boot: &str, sequence: u64) -> Value {
    json!({
        "boot_id": boot, "sequence": sequence, "uptime_seconds": 10, "version": "0.1.0", "status": "healthy",
        "agent_type": "backend-developer", "environment": "dev",
        "metrics": {"tasks_completed_total": 1, "cpu_utilization_percent": 1.5, "memory_usage_bytes": 2, "disk_usage_percent": 3.0},
    })
}

fn hear(control: &Control, credential: &str, heartbeat: &Value) -> Result<(), AgentRefused> {
    receive_heartbeat(control, credential, heartbeat.to_string().as_bytes()).map(drop)
}

fn code<T: std::fmt::Debug>(result: Result<T, AgentRefused>) -> (u16, &'static str) {
    let refused = result.expect_err("a refusal");
    (refused.status, refused.code)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_vm_enrols_once_for_each_token_of_its_own(pool: PgPool) {
    let (fixture, _worker) = fleet(pool, Clock::System).await;
    let control = &fixture.control;
    let vm = instance(control, 0);
    let good = token(&fixture, &vm, AUDIENCE).await;
    let enrolled = enroll(control, &good).await.unwrap();
    assert!(enrolled.credential.starts_with("amc1."));
    assert_eq!(enrolled.heartbeat_interval_seconds, 10);
    let life = (enrolled.expires_at - control.clock.now()).num_seconds();
    assert!((3500..=3600).contains(&life), "{life}");
    let log = control.store.list_audit(&Default::default(), 1).await.unwrap();
    assert_eq!((log[0].action, log[0].actor_id.as_str()), (Did::EnrollAgent, vm.name.as_str()));
    assert_eq!(log[0].object, "pool backend-pool");

    let invalid = (401, "identity_token_invalid");
    assert_eq!(code(enroll(control, &good).await), invalid, "used before");
    let elsewhere = token(&fixture, &vm, "https://elsewhere.test/agent/v1/enroll").await;
    assert_eq!(code(enroll(control, &elsewhere).await), invalid, "another audience");
    for garbage in ["", "x", "a.b.c", &"x".repeat(9000)] {
        assert_eq!(code(enroll(control, garbage).await), invalid);
    }
    assert_eq!(control.live.refusals()["identity_token_invalid"], 6);
    let enrolled = control.store.list_audit(&Default::default(), 500).await.unwrap();
    assert_eq!(enrolled.iter().filter(|event| event.action == Did::EnrollAgent).count(), 1);
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_enrolment_without_its_event_uses_up_no_token(pool: PgPool) {
    let (fixture, _worker) = fleet(pool.clone(), Clock::System).await;
    let control = &fixture.control;
    let good = token(&fixture, &instance(control, 0), AUDIENCE).await;
    let no_event = "ALTER TABLE audit_events ADD CONSTRAINT no_enrolment CHECK (action <> 'enroll_agent')";
    sqlx::query(no_event).execute(&pool).await.unwrap();
    assert_eq!(code(enroll(control, &good).await), (503, "unavailable"));
    let again = "ALTER TABLE audit_events DROP CONSTRAINT no_enrolment";
    sqlx::query(again).execute(&pool).await.unwrap();
    enroll(control, &good).await.unwrap();
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn time_ends_tokens_and_credentials(pool: PgPool) {
    let clock = Clock::manual(Clock::System.now());
    let (fixture, _worker) = fleet(pool, clock.clone()).await;
    let control = &fixture.control;
    let vm = instance(control, 0);
    let (early, late) =
        (token(&fixture, &vm, AUDIENCE).await, token(&fixture, &instance(control, 1), AUDIENCE).await);
    let credential = enroll(control, &early).await.unwrap().credential;
    hear(control, &credential, &beat("boot-1", 1)).unwrap();
    // Beyond the token's hour, its leeway, and what the test took in real time.
    clock.advance(TimeDelta::seconds(3600 + 31 + 300));
    assert_eq!(code(enroll(control, &late).await), (401, "identity_token_invalid"));
    assert_eq!(code(hear(control, &credential, &beat("boot-1", 2))), (401, "credential_expired"));
    // Read again, its silence shows.
    sync_live(control, "dev").await;
    assert_eq!(control.live.row(&vm.zone, &vm.name).unwrap().agent, AgentState::Silent);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_vm_that_is_gone_or_came_back_as_another_is_not_in_the_pool(pool: PgPool) {
    let (fixture, mut worker) = fleet(pool, Clock::System).await;
    let control = &fixture.control;
    let vm = instance(control, 0);
    let (unused, other) =
        (token(&fixture, &vm, AUDIENCE).await, token(&fixture, &instance(control, 1), AUDIENCE).await);
    let credential = credential(&fixture, &vm).await;
    hear(control, &credential, &beat("boot-1", 1)).unwrap();

    let url = format!("zones/{}/instances/{}", vm.zone, vm.name);
    let recreate = format!("regions/{REGION}/instanceGroupManagers/{}/recreateInstances", vm.group);
    fixture.post(PROJECT, &recreate, &json!({"instances": [url]})).await;
    let begun = Instant::now();
    let again = loop {
        worker.round().await.unwrap();
        sync_live(control, "dev").await;
        let row = control.live.row(&vm.zone, &vm.name);
        if let Some(row) = row.filter(|row| row.instance.id.is_some() && row.instance.id != vm.id) {
            break row;
        }
        assert!(begun.elapsed() < crate::fixture::PATIENCE, "it is not recreated");
        sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(again.instance.name, vm.name);
    assert_eq!(again.last_heartbeat, None, "another VM of the same name has said nothing yet");
    let not_in_pool = (403, "instance_not_in_pool");
    assert_eq!(code(enroll(control, &unused).await), not_in_pool);
    assert_eq!(code(hear(control, &credential, &beat("boot-1", 2))), not_in_pool);

    let anew = eventually("the new VM's metadata server", || async {
        enroll(control, &token_if_up(&fixture, &again.instance).await?).await.ok()
    })
    .await;
    hear(control, &anew.credential, &beat("boot-1", 1)).unwrap();

    // Nobody lists any VM.
    control.live.sync("dev", Vec::new(), control.clock.now());
    assert_eq!(code(enroll(control, &other).await), not_in_pool);
    assert_eq!(code(hear(control, &anew.credential, &beat("boot-1", 2))), not_in_pool);
    assert!(control.live.refusals()["instance_not_in_pool"] >= 4);
}

async fn token_if_up(fixture: &Fixture, vm: &Instance) -> Option<String> {
    let seen = fixture.get(PROJECT, &format!("zones/{}/instances/{}", vm.zone, vm.name)).await;
    let address = seen["networkInterfaces"][0]["networkIP"].as_str()?.to_owned();
    let probe = fixture.http.get(format!("http://{address}:9254/")).header("Metadata-Flavor", "Google");
    probe.send().await.ok()?;
    Some(token(fixture, vm, AUDIENCE).await)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_heartbeat_is_shown_at_once_and_stored_within_a_batch(pool: PgPool) {
    let (fixture, _worker) = fleet(pool, Clock::System).await;
    let control = &fixture.control;
    live_sync::start(control);
    let vm = instance(control, 0);
    let credential = credential(&fixture, &vm).await;
    hear(control, &credential, &beat("boot-1", 7)).unwrap();
    let row = control.live.row(&vm.zone, &vm.name).unwrap();
    assert_eq!(row.agent, AgentState::Healthy);
    assert_eq!(row.last_heartbeat.unwrap().heartbeat.sequence, 7);
    assert_eq!(control.live.accepted(), 1);
    let said = Instant::now();
    let stored =
        eventually("a stored heartbeat", || async { control.store.load_heartbeats().await.unwrap().pop() })
            .await;
    // A batch of one second at most, and what a busy machine adds: it is not the next poll or the stop that writes it.
    assert!(said.elapsed() < Duration::from_secs(5), "{:?}", said.elapsed());
    assert_eq!((stored.name.as_str(), stored.last.heartbeat.sequence), (vm.name.as_str(), 7));

    // What was said in the last moment is not lost by a stop.
    hear(control, &credential, &beat("boot-1", 8)).unwrap();
    stop(control).await;
    assert_eq!(control.store.load_heartbeats().await.unwrap()[0].last.heartbeat.sequence, 8);

    // A restart knows it, also to refuse it.
    let next = restarted(control);
    live_sync::start(&next);
    let row = eventually("the restored fleet", || async { next.live.row(&vm.zone, &vm.name) }).await;
    assert_eq!(row.last_heartbeat.unwrap().heartbeat.sequence, 8);
    assert_eq!(code(hear(&next, &credential, &beat("boot-1", 8))), (409, "heartbeat_replayed"));
    hear(&next, &credential, &beat("boot-1", 9)).unwrap();
    stop(&next).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn killed_it_loses_no_more_than_a_batch_even_while_other_writes_hang(pool: PgPool) {
    /// A batch is of one second at most; the rest is what its write may take on a busy machine.
    const LOST: Duration = Duration::from_millis(1500);
    let (fixture, _worker) = fleet(pool.clone(), Clock::System).await;
    let control = &fixture.control;
    let vm = instance(control, 0);
    let credential = credential(&fixture, &vm).await;
    // Closed, nothing more of it reaches the database, as if its process had been killed.
    let options = (*pool.connect_options()).clone();
    let own = PgPoolOptions::new().max_connections(6).connect_with(options).await.unwrap();
    let doomed = Control { store: Store::from(own), ..restarted(control) };
    let mut locked = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE health_transitions IN EXCLUSIVE MODE").execute(&mut *locked).await.unwrap();
    live_sync::start(&doomed);
    doomed.live.first_reading().await;

    let begun = Instant::now();
    let mut heard = Vec::new();
    for sequence in 1_u64.. {
        hear(&doomed, &credential, &beat("boot-1", sequence)).unwrap();
        heard.push((Instant::now(), sequence));
        if begun.elapsed() > LOST * 2 {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    let killed = Instant::now();
    // What hung may end, so that the pool can close.
    locked.rollback().await.unwrap();
    doomed.store.close().await;

    let next = restarted(control);
    live_sync::start(&next);
    let row = eventually("the restored fleet", || async { next.live.row(&vm.zone, &vm.name) }).await;
    let known = row.last_heartbeat.expect("a stored heartbeat").heartbeat.sequence;
    let due = heard.iter().filter(|(at, _)| killed.duration_since(*at) > LOST).map(|(_, sequence)| *sequence);
    assert!(due.clone().count() > 10, "{heard:?}");
    assert!(due.max().is_some_and(|due| known >= due), "{known} of {heard:?}");
    stop(&next).await;
    stop(&doomed).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn that_a_vm_speaks_in_vain_is_told_until_it_is_heard(pool: PgPool) {
    let (fixture, _worker) = fleet(pool, Clock::System).await;
    let control = &fixture.control;
    let vm = instance(control, 0);
    let told = || control.live.row(&vm.zone, &vm.name).unwrap().refused.map(|refused| refused.code);
    let first = credential(&fixture, &vm).await;
    hear(control, &first, &beat("boot-1", 5)).unwrap();
    assert_eq!(told(), None);
    assert_eq!(code(hear(control, &first, &beat("boot-1", 5))), (409, "heartbeat_replayed"));
    assert_eq!(told().as_deref(), Some("heartbeat_replayed"));
    assert_eq!(code(hear(control, &first, &beat("boot-2", 6))), (401, "credential_invalid"));
    assert_eq!(told().as_deref(), Some("credential_invalid"));
    hear(control, &first, &beat("boot-1", 6)).unwrap();
    assert_eq!(told(), None);
    // Whose this is nobody knows.
    hear(control, &format!("{first}x"), &beat("boot-1", 6)).unwrap_err();
    assert_eq!(told(), None);

    // The other VM of the pool is not spoken of, and one that came back under the name has not spoken.
    assert_eq!(code(hear(control, &first, &beat("boot-1", 1))), (409, "heartbeat_replayed"));
    assert!(control.live.rows("dev").iter().filter(|row| row.refused.is_some()).count() == 1);
    let again = Instance { id: Some("1".to_owned()), ..vm.clone() };
    control.live.sync("dev", vec![("backend-pool".to_owned(), again)], control.clock.now());
    assert_eq!(told(), None);
    assert_eq!(code(hear(control, &first, &beat("boot-1", 7))), (403, "instance_not_in_pool"));
    assert_eq!(told(), None);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn wrong_heartbeats_are_refused_with_their_reason_and_counted(pool: PgPool) {
    let (fixture, _worker) = fleet(pool, Clock::System).await;
    let control = &fixture.control;
    let credential = credential(&fixture, &instance(control, 0)).await;
    hear(control, &credential, &beat("boot-1", 5)).unwrap();
    for sequence in [5, 4, 1] {
        assert_eq!(code(hear(control, &credential, &beat("boot-1", sequence))), (409, "heartbeat_replayed"));
    }
    let large = vec![b' '; LARGEST_BODY + 1];
    assert_eq!(code(receive_heartbeat(control, &credential, &large)), (413, "body_too_large"));

    let mut wrong = vec![json!({}), json!([]), Value::Null];
    for (field, value) in [
        ("sequence", json!(0)),
        ("sequence", json!(-1)),
        ("sequence", json!(u64::MAX)),
        ("status", json!("dead")),
        ("boot_id", json!("")),
        ("boot_id", json!("a\u{0}b")),
        ("version", json!("x".repeat(65))),
        ("environment", json!("d\nev")),
    ] {
        let mut heartbeat = beat("boot-1", 6);
        heartbeat[field] = value;
        wrong.push(heartbeat);
    }
    for heartbeat in &wrong {
        assert_eq!(code(hear(control, &credential, heartbeat)), (422, "heartbeat_invalid"), "{heartbeat}");
    }
    for unknown in
        ["", "amc1.", "amc1.e30.AAAA", &format!("{credential}x"), &credential.replace("amc1", "amc2")]
    {
        assert_eq!(code(hear(control, unknown, &beat("boot-1", 6))), (401, "credential_invalid"));
    }
    let refusals = control.live.refusals();
    let counted = |code: &str| refusals.get(code).copied().unwrap_or_default();
    assert_eq!(counted("heartbeat_replayed"), 3);
    assert_eq!(counted("body_too_large"), 1);
    assert_eq!(counted("heartbeat_invalid"), u64::try_from(wrong.len()).unwrap());
    assert_eq!(counted("credential_invalid"), 5);
    assert_eq!(control.live.accepted(), 1);
    hear(control, &credential, &beat("boot-1", 6)).unwrap();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_agent_is_told_to_come_back_while_the_database_is_away(pool: PgPool) {
    let (fixture, _worker) = fleet(pool, Clock::System).await;
    let control = &fixture.control;
    let vm = instance(control, 0);
    let credential = credential(&fixture, &vm).await;
    let unused = token(&fixture, &vm, AUDIENCE).await;
    control.store.close().await;
    assert_eq!(code(enroll(control, &unused).await), (503, "unavailable"));
    // Who is enrolled already goes on being heard.
    hear(control, &credential, &beat("boot-1", 1)).unwrap();
    assert_eq!(control.live.row(&vm.zone, &vm.name).unwrap().agent, AgentState::Healthy);
}
