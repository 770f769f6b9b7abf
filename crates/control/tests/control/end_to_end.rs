//! Everything at once, as in the demo: real agents enrol over HTTP while the reconcilers run by themselves.

use std::net::SocketAddr;

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::post,
};
use compute_emulator::Config;
use control::{
    Clock, Control,
    agents::{AgentRefused, Enrolled, enroll_agent, receive_heartbeat},
    identity::Verifier,
    live::{Backlog, EventId, News},
    live_sync, reconcile,
};
use domain::{agent::AgentState, audit::AuditAction as Did};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::net::TcpListener;

use crate::fixture::{Fixture, assert_chain, basic, eventually, operator, propose, stop, with_agents};

type Refusal = (StatusCode, Json<Value>);

fn refusal(refused: AgentRefused) -> Refusal {
    let status = StatusCode::from_u16(refused.status).expect("a status");
    (status, Json(json!({"code": refused.code, "detail": refused.message})))
}

async fn enroll(State(control): State<Control>, body: Bytes) -> Result<Json<Enrolled>, Refusal> {
    let enrolment = serde_json::from_slice(&body).expect("an enrolment");
    enroll_agent(&control, enrolment, "request").await.map(Json).map_err(refusal)
}

async fn heartbeats(
    State(control): State<Control>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credential = value.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    receive_heartbeat(&control, credential, &body).map_err(refusal)?;
    Ok(Json(json!({"accepted": true})))
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_agents_of_a_new_pool_are_heard(pool: PgPool) {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let config =
        Config { project_metadata: [("agent-manager-url".to_owned(), url.clone())].into(), ..with_agents() };
    let mut fixture = Fixture::with(pool, config, Clock::System).await;
    let audience = format!("{url}/agent/v1/enroll");
    fixture.control.verifier = Verifier::new(&fixture.emulator.jwks_url(), &audience).unwrap().into();
    let control = fixture.control.clone();
    let app = Router::new()
        .route("/agent/v1/enroll", post(enroll))
        .route("/agent/v1/heartbeats", post(heartbeats))
        .with_state(control.clone());
    let ends = control.stop.clone().cancelled_owned();
    control.tasks.spawn(async move { axum::serve(listener, app).with_graceful_shutdown(ends).await });
    live_sync::start(&control);
    reconcile::start(&control);

    let id = propose(&control, &operator(), basic(&[])).await.unwrap();
    let rows = eventually("two healthy agents", || async {
        let rows = control.live.rows("dev");
        (rows.len() == 2 && rows.iter().all(|row| row.agent == AgentState::Healthy)).then_some(rows)
    })
    .await;
    for row in &rows {
        let heard = &row.last_heartbeat.as_ref().unwrap().heartbeat;
        assert_eq!((heard.agent_type.as_str(), heard.environment.as_str()), ("backend-developer", "dev"));
    }
    eventually("the change's end", || async {
        control.store.get_change(id).await.unwrap().filter(|change| change.state.is_terminal())
    })
    .await;
    eventually("both heartbeats in the store", || async {
        (control.store.load_heartbeats().await.unwrap().len() == 2).then_some(())
    })
    .await;
    let log = control.store.list_audit(&Default::default(), 500).await.unwrap();
    let enrolled: Vec<&str> = log
        .iter()
        .filter(|event| event.action == Did::EnrollAgent)
        .map(|event| event.object.as_str())
        .collect();
    assert_eq!(enrolled.len(), 2, "each agent enrols once: {enrolled:?}");
    // A tab hears of the agents, the pools and the change.
    let (Backlog::Events(told), _) = control.live.subscribe(Some(EventId { epoch: 1, number: 0 })) else {
        panic!("the log reaches back to the start")
    };
    assert!(told.iter().any(|event| matches!(&event.news, News::Change(change) if *change == id)));
    assert!(told.iter().any(|event| matches!(event.news, News::Pools)));
    assert!(told.iter().any(|event| matches!(&event.news, News::Instances(deltas)
        if deltas.iter().any(|delta| delta.after == Some(AgentState::Healthy)))));
    assert_chain(&control).await;
    stop(&control).await;
}
