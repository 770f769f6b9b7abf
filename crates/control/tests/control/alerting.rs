//! Alerts on what really failed: fired once, told, and ended when it is over.

use std::sync::Arc;

use chrono::TimeDelta;
use control::{
    Clock, Control, alerts,
    health::Watch,
    identity::{IdentityError, Verifier},
    reconcile::watch,
    webhook::Target,
};
use domain::{
    ChangeState,
    alert::{AlertKind, AlertState, Share},
    incident::{Cause, Incident},
    view::health::CLOSED_INCIDENTS,
};
use serde_json::json;
use sqlx::PgPool;
use store::{NewIncident, ProcessFigures};

use crate::{
    fixture::{AUDIENCE, Fixture, Worker, basic, operator, propose, viewer, with_agents, without_agents},
    proxy::Proxy,
};

/// How the rate of failures stands.
#[derive(Debug)]
struct Standing {
    state: AlertState,
    open: Vec<Incident>,
    closed: Vec<Incident>,
    /// What was queued to be told of its incidents, the oldest first.
    queued: Vec<String>,
}

async fn provisioning(control: &Control) -> Standing {
    const KIND: AlertKind = AlertKind::ProvisioningFailureRate;
    let view = alerts::list_alerts(control, &viewer(), None).await.unwrap();
    let own = |all: &[Incident]| -> Vec<Incident> {
        all.iter().filter(|incident| incident.cause == Cause::Alert(KIND)).cloned().collect()
    };
    let (open, closed) = (own(&view.open), own(&view.closed));
    let is_own = |name: &str| open.iter().chain(&closed).any(|incident| incident.name() == name);
    let mut queued: Vec<String> =
        view.deliveries.iter().filter(|row| is_own(&row.incident)).map(|row| row.event.clone()).collect();
    queued.reverse();
    let judged = view.alerts.iter().find(|alert| alert.kind == KIND).expect("a judgement");
    Standing { state: judged.state, open, closed, queued }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn operations_that_fail_fire_once_are_told_and_the_alert_ends_once_an_hour_was_well(pool: PgPool) {
    let mut fixture = Fixture::with(pool, with_agents(), Clock::manual(Clock::System.now())).await;
    let target = Target::new("http://127.0.0.1:9/hook", &[7; 32]).unwrap();
    fixture.control.watch = Arc::new(Watch { webhook: Some(target), ..Watch::default() });
    let control = &fixture.control;
    let fault = json!({"kind": "operation", "path": "/healthChecks", "code": "CONDITION_NOT_MET",
                       "status": 412, "message": "because"});
    fixture.fault(&fault).await;
    let input = || basic(&[("enable_autoscaling = true", "enable_autoscaling = false")]);
    let id = propose(control, &operator(), input()).await.unwrap();
    let mut worker = Worker::start(control).await;
    let failed = worker.finish(id).await;
    assert_eq!(failed.state, ChangeState::Failed, "{:?}", failed.outcome);
    assert!(failed.outcome.unwrap().contains("CONDITION_NOT_MET"));

    let mut pace = watch::Pace::default();
    for _ in 0..2 {
        watch::reconcile(control, &worker.leader, &mut pace).await.unwrap();
        let fires = provisioning(control).await;
        assert_eq!(
            (fires.state, fires.open.len(), fires.closed.len()),
            (AlertState::Firing, 1, 0),
            "{fires:?}"
        );
        assert_eq!(fires.open[0].title, "Provisioning fails");
        assert!(fires.open[0].why.starts_with("When it opened: 1 of 1 attempts failed."), "{fires:?}");
        assert_eq!(fires.queued, ["incident.opened"]);
        control.clock.advance(TimeDelta::seconds(6));
    }

    fixture.end_faults().await;
    let again = propose(control, &operator(), input()).await.unwrap();
    let applied = worker.finish(again).await;
    assert_eq!(applied.state, ChangeState::Applied, "{:?}", applied.outcome);
    control.clock.advance(TimeDelta::minutes(61));
    watch::reconcile(control, &worker.leader, &mut pace).await.unwrap();
    let over = provisioning(control).await;
    assert_eq!((over.state, over.open.len(), over.closed.len()), (AlertState::Ok, 0, 1), "{over:?}");
    assert_eq!(over.queued, ["incident.opened", "incident.closed"]);
    assert!(over.closed[0].closed_because.is_some(), "{over:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_receiver_that_never_answers_is_given_up_after_a_day_and_the_page_is_told_why(pool: PgPool) {
    let mut fixture = Fixture::with(pool, without_agents(), Clock::manual(Clock::System.now())).await;
    // Nothing listens there.
    let target = Target::new("http://127.0.0.1:9/hook", &[7; 32]).unwrap();
    fixture.control.watch = Arc::new(Watch { webhook: Some(target), ..Watch::default() });
    let control = &fixture.control;
    let (cause, at) = (Cause::Alert(AlertKind::MissedHeartbeats), control.clock.now());
    let new = NewIncident { environment: None, cause: &cause, title: "t", why: "w", at };
    let mut tx = control.store.begin().await.unwrap();
    let incident = tx.open_incident(&new).await.unwrap().unwrap();
    tx.queue_delivery(incident, "incident.opened", b"{}", at).await.unwrap();
    tx.commit().await.unwrap();

    let worker = Worker::start(control).await;
    let mut tries = 0;
    let ended = loop {
        assert_eq!(watch::deliver(control, &worker.leader).await.unwrap(), 0);
        tries += 1;
        let row = alerts::list_alerts(control, &viewer(), None).await.unwrap().deliveries.remove(0);
        assert_eq!(row.attempts, tries, "{row:?}");
        if row.state != "pending" {
            break row;
        }
        control.clock.advance(TimeDelta::minutes(61));
    };
    assert_eq!((ended.state.as_str(), ended.attempts), ("given_up", 33));
    assert_eq!((ended.last_status, ended.delivered_at), (None, None));
    let why = ended.last_error.expect("why it was not taken");
    assert!(!why.contains("hook"), "an address may be a secret: {why}");
    control.clock.advance(TimeDelta::minutes(61));
    assert_eq!(watch::deliver(control, &worker.leader).await.unwrap(), 0);
    let left = alerts::list_alerts(control, &viewer(), None).await.unwrap();
    assert_eq!((left.deliveries[0].attempts, left.open.len()), (33, 1), "the incident itself stays");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_incident_that_ended_long_ago_is_listed_where_it_is_asked_for(pool: PgPool) {
    let fixture = Fixture::with(pool, without_agents(), Clock::manual(Clock::System.now())).await;
    let control = &fixture.control;
    let cause = Cause::Alert(AlertKind::MissedHeartbeats);
    let mut ids = Vec::new();
    for _ in 0..=CLOSED_INCIDENTS {
        let at = control.clock.now();
        let new = NewIncident { environment: None, cause: &cause, title: "t", why: "w", at };
        let mut tx = control.store.begin().await.unwrap();
        let id = tx.open_incident(&new).await.unwrap().unwrap();
        assert!(tx.close_incident(id, "it is over", at).await.unwrap());
        tx.commit().await.unwrap();
        control.clock.advance(TimeDelta::seconds(1));
        ids.push(id);
    }
    ids.reverse();
    let listed = async |asked| -> Vec<i64> {
        let view = alerts::list_alerts(control, &viewer(), asked).await.unwrap();
        view.closed.iter().map(|one| one.id).collect()
    };
    let (recent, oldest) = (&ids[..ids.len() - 1], ids[ids.len() - 1]);
    assert_eq!(listed(None).await, recent);
    assert_eq!(listed(Some(oldest)).await, ids);
    // What is among them, or is no incident, adds none.
    assert_eq!(listed(Some(ids[0])).await, recent);
    assert_eq!(listed(Some(-1)).await, recent);
}

/// How the condition is judged, and whether an incident of it is open.
async fn judged(control: &Control, kind: AlertKind) -> (AlertState, bool) {
    let view = alerts::list_alerts(control, &viewer(), None).await.unwrap();
    let judged = view.alerts.iter().find(|alert| alert.kind == kind).expect("a judgement");
    (judged.state, view.open.iter().any(|incident| incident.cause == Cause::Alert(kind)))
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn keys_that_cannot_be_fetched_three_times_fire_until_they_can(pool: PgPool) {
    let mut fixture = Fixture::with(pool, without_agents(), Clock::manual(Clock::System.now())).await;
    let (proxy, endpoint) = Proxy::start(&fixture.emulator.endpoint(), &fixture.control.tasks).await;
    let keys = fixture.emulator.jwks_url().replace(&fixture.emulator.endpoint(), &endpoint);
    fixture.control.verifier = Arc::new(Verifier::new(&keys, AUDIENCE).unwrap());
    let control = &fixture.control;
    let worker = Worker::start(control).await;
    let mut pace = watch::Pace::default();
    let mut round = async || {
        // Signed by a key that nobody has, so that each round asks for the keys anew.
        let token = "eyJhbGciOiJSUzI1NiIsImtpZCI6InVua25vd24ifQ.e30.AA";
        let refused = control.verifier.verify(token, control.clock.now()).await.unwrap_err();
        control.clock.advance(TimeDelta::seconds(11));
        watch::reconcile(control, &worker.leader, &mut pace).await.unwrap();
        (matches!(refused, IdentityError::Invalid(_)), judged(control, AlertKind::KeyRotationFailures).await)
    };
    proxy.set_away(true);
    assert_eq!(round().await, (false, (AlertState::Ok, false)));
    assert_eq!(round().await, (false, (AlertState::Ok, false)));
    assert_eq!(round().await, (false, (AlertState::Firing, true)));
    proxy.set_away(false);
    assert_eq!(round().await, (true, (AlertState::Ok, false)));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_process_whose_connections_are_all_in_use_fires_for_all(pool: PgPool) {
    let fixture = Fixture::with(pool, without_agents(), Clock::manual(Clock::System.now())).await;
    let control = &fixture.control;
    let full = ProcessFigures {
        process: "another".into(),
        connections: Share { part: 16, of: 16 },
        key_failures: None,
        at: control.clock.now(),
    };
    control.store.write_process_figures(&full).await.unwrap();
    let worker = Worker::start(control).await;
    watch::reconcile(control, &worker.leader, &mut watch::Pace::default()).await.unwrap();
    assert_eq!(judged(control, AlertKind::DatabaseConnections).await, (AlertState::Firing, true));
}
