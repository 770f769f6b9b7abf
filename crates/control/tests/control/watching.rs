//! The brake, commands and the webhook, against the emulator's groups and a real receiver.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, http::StatusCode, routing::post};
use chrono::TimeDelta;
use control::{
    Clock, Control, Error, commands, diagnosis,
    health::Watch,
    incidents,
    reconcile::{Checkpoints, Stopped, brake, changes, watch},
    timeline,
    webhook::Target,
};
use domain::{
    ChangeState, Role,
    agent::AgentState,
    alert::AlertKind,
    audit::AuditAction as Did,
    command::{Acknowledgement, CommandState, Outcome},
    heartbeat::{Heartbeat, HeartbeatMetrics, HeartbeatStatus},
    incident::Cause,
    queue::Held,
    view::diagnosis::HealthStatus,
};
use serde_json::Value;
use sqlx::PgPool;
use store::{Delivery, HealthTransition};

use crate::fixture::{
    Fixture, PROJECT, REGION, Worker, assert_chain, basic, change, operator, person, propose, stop,
    sync_live, viewer, with_agents, without_agents,
};

/// An applied pool of four VMs, and a worker that leads.
async fn fleet(pool: PgPool) -> (Fixture, Worker) {
    let fixture = Fixture::with(pool, with_agents(), Clock::manual(Clock::System.now())).await;
    let four = basic(&[("target_size   = 2", "target_size   = 4")]);
    let id = propose(&fixture.control, &operator(), four).await.unwrap();
    let mut worker = Worker::start(&fixture.control).await;
    assert_eq!(worker.finish(id).await.state, ChangeState::Applied);
    sync_live(&fixture.control, "dev").await;
    (fixture, worker)
}

/// As the live fleet tells the store.
async fn all_are(control: &Control, state: AgentState) {
    let rows = control.live.rows("dev");
    let passed: Vec<HealthTransition> = rows
        .into_iter()
        .map(|row| HealthTransition {
            environment: "dev".into(),
            zone: row.instance.zone,
            name: row.instance.name,
            instance_id: row.instance.id,
            pool: row.pool,
            before: None,
            after: state,
            at: control.clock.now(),
        })
        .collect();
    assert_eq!(passed.len(), 4);
    let mut tx = control.store.begin().await.unwrap();
    tx.record_health(&passed).await.unwrap();
    tx.commit().await.unwrap();
}

async fn healing(fixture: &Fixture) -> (String, String) {
    let group = fixture
        .get(PROJECT, &format!("regions/{REGION}/instanceGroupManagers/genesis-pool-backend-pool"))
        .await;
    let policy = &group["instanceLifecyclePolicy"];
    let text = |key: &str| policy[key].as_str().unwrap_or_default().to_owned();
    (text("defaultActionOnFailure"), text("onFailedHealthCheck"))
}

pub(crate) async fn count(control: &Control, action: Did) -> usize {
    let events = control.store.list_audit(&Default::default(), 500).await.unwrap();
    events.iter().filter(|event| event.action == action).count()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn killed_anywhere_the_brake_still_holds_once_and_lets_go_once(pool: PgPool) {
    let (fixture, worker) = fleet(pool).await;
    let control = &fixture.control;
    worker.leader.release(control).await;
    drop(worker);
    all_are(control, AgentState::Silent).await;
    let round = async |dying: i64| {
        let worker = Worker::dying(control, Checkpoints::die_at(dying)).await;
        let ended = brake::reconcile(control, &worker.leader).await;
        worker.leader.release(control).await;
        control.clock.advance(TimeDelta::milliseconds(600));
        match ended {
            Ok(_) => true,
            Err(Stopped::Killed) => false,
            Err(other) => panic!("{other:?}"),
        }
    };
    let mut place = 0;
    while !round(place).await {
        place += 1;
    }
    assert!(place >= 3, "only {place} places were tried");
    round(1000).await;
    let held = ("DO_NOTHING".to_owned(), "DO_NOTHING".to_owned());
    assert_eq!(healing(&fixture).await, held);
    let open = control.store.list_open_incidents(Some("dev")).await.unwrap();
    assert_eq!(open.len(), 1, "{open:?}");
    assert!(
        open[0].title.starts_with("4 of 4 agents of pool backend-pool fail together"),
        "{}",
        open[0].title
    );
    assert!(open[0].holds_now() && open[0].holds.iter().all(|hold| hold.done), "{:?}", open[0].holds);
    assert_eq!((count(control, Did::OpenIncident).await, count(control, Did::HoldHealing).await), (1, 1));

    // They come back: nothing is let go before its time, and then once.
    all_are(control, AgentState::Healthy).await;
    round(1000).await;
    assert_eq!(healing(&fixture).await, held, "a moment below is no recovery");
    control.clock.advance(TimeDelta::seconds(61));
    let mut place = 0;
    while !round(place).await {
        place += 1;
    }
    round(1000).await;
    assert_eq!(healing(&fixture).await, ("REPAIR".to_owned(), "DEFAULT_ACTION".to_owned()));
    assert_eq!((count(control, Did::CloseIncident).await, count(control, Did::RestoreHealing).await), (1, 1));
    assert_eq!(control.store.list_open_incidents(None).await.unwrap(), []);
    assert_chain(control).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn changes_wait_for_the_brake_until_somebody_lets_it_go(pool: PgPool) {
    let (fixture, mut worker) = fleet(pool).await;
    let control = &fixture.control;
    all_are(control, AgentState::Silent).await;
    brake::reconcile(control, &worker.leader).await.unwrap();
    let more =
        basic(&[("target_size   = 2", "target_size   = 4"), ("max_replicas  = 5", "max_replicas  = 6")]);
    let id = propose(control, &operator(), more).await.unwrap();
    let status = changes::reconcile(control, &worker.leader).await.unwrap();
    assert_eq!((status.claimed, status.waiting), (0, 1));
    assert_eq!(change(control, id).await.state, ChangeState::Approved);
    let view = control::changes::load_change(control, &operator(), id).await.unwrap();
    assert!(view.waiting_for[0].contains("brake"), "{:?}", view.waiting_for);
    let brake = control.store.list_open_incidents(None).await.unwrap()[0].name();
    assert_eq!(view.held, Some(Held::Brake(brake.clone())));
    let listed = control::changes::list_changes(control, &viewer(), Some("dev"), "", None).await.unwrap();
    let row = listed.changes.iter().find(|row| row.id == id).unwrap();
    assert_eq!(row.held.as_ref().map(Held::words), Some(format!("held by {brake}")));

    let incident = control.store.list_open_incidents(None).await.unwrap().remove(0);
    let refused = incidents::overrule_brake(control, &viewer(), incident.id, "because").await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    let silent = incidents::overrule_brake(control, &operator(), incident.id, " ").await;
    assert!(matches!(silent, Err(Error::Invalid(_))), "{silent:?}");
    let by_hand =
        incidents::close_incident(control, &person("ada", &[Role::Admin]), incident.id, "it is over").await;
    assert!(matches!(by_hand, Err(Error::Conflict(_))), "{by_hand:?}");
    incidents::overrule_brake(control, &operator(), incident.id, "the template is being mended")
        .await
        .unwrap();
    let again = incidents::overrule_brake(control, &operator(), incident.id, "twice").await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    brake::reconcile(control, &worker.leader).await.unwrap();
    assert_eq!(healing(&fixture).await.0, "REPAIR");
    assert_eq!(control.store.list_open_incidents(None).await.unwrap().len(), 1, "it is not put on again");
    assert_eq!(worker.finish(id).await.state, ChangeState::Applied);

    // The pool's own story tells its incident.
    let told = timeline::load_pool_timeline(control, &viewer(), "dev", "backend-pool", None).await.unwrap();
    let of_incident = told.events.iter().filter(|event| event.object == incident.name());
    let did: Vec<Did> = of_incident.map(|event| event.action).collect();
    assert_eq!(did, [Did::OverruleBrake, Did::OpenIncident]);
}

pub(crate) fn heartbeat(boot: &str, sequence: u64) -> Heartbeat {
    Heartbeat {
        boot_id: boot.into(),
        sequence,
        uptime_seconds: 1,
        version: "0.1.0".into(),
        status: HeartbeatStatus::Healthy,
        agent_type: "backend-developer".into(),
        environment: "dev".into(),
        metrics: HeartbeatMetrics {
            tasks_completed_total: 0,
            cpu_utilization_percent: 1.0,
            memory_usage_bytes: 1,
            disk_usage_percent: 1.0,
        },
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_command_is_refused_to_viewers_delivered_acknowledged_and_runs_out(pool: PgPool) {
    let (fixture, worker) = fleet(pool).await;
    let control = &fixture.control;
    let vm = control.live.rows("dev").remove(0).instance;
    let (zone, name, vm_id) = (vm.zone.as_str(), vm.name.as_str(), vm.id.clone().unwrap());
    let mute = commands::restart_agent(control, &operator(), zone, name).await;
    assert!(matches!(mute, Err(Error::Conflict(_))), "{mute:?}");
    let now = || control.clock.now();
    control.live.beat("dev", name, &vm_id, heartbeat("b", 1), now()).unwrap();
    let refused = commands::restart_agent(control, &viewer(), zone, name).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    let pointless = commands::start_agent(control, &operator(), zone, name).await;
    assert!(matches!(pointless, Err(Error::Conflict(_))), "{pointless:?}");

    let id = commands::restart_agent(control, &operator(), zone, name).await.unwrap();
    let twice = commands::restart_agent(control, &operator(), zone, name).await;
    assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
    control.live.set_commands(control.store.list_pending_commands().await.unwrap());
    let orders = control.live.hear("dev", name, &vm_id, (heartbeat("b", 2), Vec::new()), now()).unwrap();
    assert_eq!((orders.len(), orders[0].boot_id.as_str()), (1, "b"));
    let done =
        Acknowledgement { id: format!("cmd-{id}"), outcome: Outcome::Done, detail: "runs as c".into() };
    control.live.hear("dev", name, &vm_id, (heartbeat("c", 1), vec![done]), now()).unwrap();
    control::live_sync::start(control);
    stop(control).await;
    let kept = control.store.list_commands("dev", name, 5).await.unwrap();
    assert_eq!((kept[0].state, kept[0].detail.as_str()), (CommandState::Done, "runs as c"));
    assert_eq!(
        (count(control, Did::RestartAgent).await, count(control, Did::AcknowledgeCommand).await),
        (1, 1)
    );
    let events = control.store.list_audit(&Default::default(), 500).await.unwrap();
    let answered = events.iter().find(|event| event.action == Did::AcknowledgeCommand).unwrap();
    assert_eq!(answered.object, format!("restart of {name} (cmd-{id})"));

    commands::stop_agent(control, &operator(), zone, name).await.unwrap();
    control.clock.advance(TimeDelta::seconds(301));
    watch::reconcile(control, &worker.leader, &mut watch::Pace::default()).await.unwrap();
    assert_eq!(control.store.list_commands("dev", name, 1).await.unwrap()[0].state, CommandState::Expired);
    assert_eq!(count(control, Did::ExpireCommand).await, 1);
}

/// Whether so many seconds later the alert of the audit log is told.
async fn told(worker: &Worker, pace: &mut watch::Pace, seconds: i64) -> bool {
    let control = &worker.control;
    control.clock.advance(TimeDelta::seconds(seconds));
    watch::reconcile(control, &worker.leader, pace).await.unwrap();
    let open = control.store.list_open_incidents(None).await.unwrap();
    open.iter().any(|incident| incident.cause == Cause::Alert(AlertKind::AuditPipelineLag))
}

/// How Health has the audit log, and by which cause.
async fn health_of_log(control: &Control) -> (HealthStatus, String) {
    let checks = diagnosis::look(control).await;
    let log = checks.into_iter().find(|check| check.part == "Audit log").unwrap();
    (log.status, log.cause)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_wrong_event_is_told_until_it_is_again_what_was_appended(pool: PgPool) {
    let clock = Clock::manual(Clock::System.now());
    let fixture = Fixture::with(pool.clone(), without_agents(), clock).await;
    propose(&fixture.control, &operator(), basic(&[])).await.unwrap();
    let worker = Worker::start(&fixture.control).await;
    let pace = &mut watch::Pace::default();
    // As one who owns the tables.
    let run = async |sql: &'static str| {
        sqlx::raw_sql(sql).execute(&pool).await.unwrap();
    };
    run("ALTER TABLE audit_events DISABLE TRIGGER USER").await;
    run("UPDATE audit_events SET detail = detail || '!' WHERE seq = 1").await;
    assert!(told(&worker, pace, 5).await);
    assert_eq!(fixture.control.store.audit_verified().await.unwrap().broken_at, Some(1));
    // What follows the wrong event is not even counted.
    run("ALTER TABLE audit_events RENAME TO elsewhere").await;
    assert_eq!(health_of_log(&fixture.control).await, (HealthStatus::Fail, "LogBroken".to_owned()));
    run("ALTER TABLE elsewhere RENAME TO audit_events").await;
    run("UPDATE audit_events SET detail = left(detail, -1) WHERE seq = 1").await;
    assert!(told(&worker, pace, 30).await, "it is read again once a minute");
    assert!(!told(&worker, pace, 30).await);
    assert_chain(&fixture.control).await;
    assert_eq!(health_of_log(&fixture.control).await, (HealthStatus::Ok, "Verified".to_owned()));
    // The event that ended the incident waits for a leader that does not look.
    fixture.control.clock.advance(TimeDelta::seconds(61));
    assert_eq!(health_of_log(&fixture.control).await, (HealthStatus::Warn, "LogUnverified".to_owned()));

    // The event that ended the incident is not verified yet. Once it is found wrong, to delete it is no end.
    run("UPDATE audit_events SET detail = detail || '!' WHERE seq = (SELECT max(seq) FROM audit_events)")
        .await;
    assert!(told(&worker, pace, 5).await);
    run("DELETE FROM audit_events WHERE seq > (SELECT seq FROM audit_verified)").await;
    assert!(told(&worker, pace, 61).await);
}

#[derive(Clone, Default)]
struct Received(Arc<Mutex<Vec<(HeaderMap, Bytes)>>>);

async fn receive(State(received): State<Received>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut all = received.0.lock().unwrap();
    all.push((headers, body));
    // The first attempt meets a receiver that is not well.
    if all.len() == 1 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NO_CONTENT }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_incident_is_told_to_a_real_receiver_signed_and_again_after_a_failure(pool: PgPool) {
    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    let received = Received::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let app = Router::new().route("/hook", post(receive)).with_state(received.clone());
    let tasks = tokio_util::task::TaskTracker::new();
    let serving = tasks.spawn(async move { axum::serve(listener, app).await });

    let (mut fixture, worker) = fleet(pool).await;
    let target = Target::new(&url, SECRET).unwrap();
    fixture.control.watch = Arc::new(Watch { webhook: Some(target), ..Watch::default() });
    let control = &fixture.control;
    all_are(control, AgentState::Silent).await;
    brake::reconcile(control, &worker.leader).await.unwrap();
    assert_eq!(watch::deliver(control, &worker.leader).await.unwrap(), 0, "refused with 503");
    assert_eq!(watch::deliver(control, &worker.leader).await.unwrap(), 0, "not before its pause");
    control.clock.advance(TimeDelta::seconds(5));
    assert_eq!(watch::deliver(control, &worker.leader).await.unwrap(), 1);
    let rows: Vec<Delivery> = control.store.list_deliveries(9).await.unwrap();
    assert_eq!((rows.len(), rows[0].state.as_str(), rows[0].attempts), (1, "delivered", 2));

    let all = received.0.lock().unwrap().clone();
    assert_eq!(all.len(), 2);
    let (headers, body) = &all[1];
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET);
    let signed = [header("x-agent-manager-timestamp").as_bytes(), b".", body].concat();
    let signature: Vec<u8> = header("x-agent-manager-signature")
        .strip_prefix("v1=")
        .unwrap()
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    aws_lc_rs::hmac::verify(&key, &signed, &signature).unwrap();
    let said: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(
        (said["event"].as_str(), said["incident"]["id"].as_str()),
        (Some("incident.opened"), Some("inc-1"))
    );
    serving.abort();
}
