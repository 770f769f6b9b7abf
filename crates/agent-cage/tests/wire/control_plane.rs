//! A control plane that keeps what it was sent, refuses like the real one, and can be told to misbehave.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Json, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::post};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{Served, any_port};

/// What stands in for the ordinary answer.
#[derive(Clone, Copy)]
pub(crate) enum Reply {
    Ordinary,
    Refuse(u16, &'static str),
    Huge,
    Hang,
    RedirectToSelf,
}

pub(crate) struct Ledger {
    pub(crate) enrolments: Vec<Value>,
    /// Accepted ones, in order of arrival.
    pub(crate) heartbeats: Vec<Value>,
    /// All that arrived, whatever the answer was, with the code of the answer.
    pub(crate) answers: Vec<u16>,
    pub(crate) to_enrolments: Reply,
    pub(crate) to_heartbeats: Reply,
    pub(crate) credential_life: Duration,
    pub(crate) interval_seconds: f64,
    credentials: HashMap<String, Instant>,
}

impl Ledger {
    pub(crate) fn forget_credentials(&mut self) {
        self.credentials.clear();
    }
}

pub(crate) struct ControlPlane {
    served: Served,
    ledger: Arc<Mutex<Ledger>>,
}

impl ControlPlane {
    pub(crate) async fn start() -> ControlPlane {
        let ledger = Ledger {
            enrolments: Vec::new(),
            heartbeats: Vec::new(),
            answers: Vec::new(),
            to_enrolments: Reply::Ordinary,
            to_heartbeats: Reply::Ordinary,
            credential_life: Duration::from_secs(3600),
            interval_seconds: 0.03,
            credentials: HashMap::new(),
        };
        ControlPlane::open(any_port(), Arc::new(Mutex::new(ledger))).await
    }

    async fn open(listen: SocketAddr, ledger: Arc<Mutex<Ledger>>) -> ControlPlane {
        let router = Router::new()
            .route("/agent/v1/enroll", post(enrol))
            .route("/agent/v1/heartbeats", post(beat))
            .with_state(Arc::clone(&ledger));
        ControlPlane { served: Served::start(listen, router).await, ledger }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.served.address)
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Ledger) -> T) -> T {
        look(&mut self.ledger.lock().unwrap())
    }

    pub(crate) fn heartbeats(&self) -> usize {
        self.with(|ledger| ledger.heartbeats.len())
    }

    /// Goes away as a process does; what it had accepted survives.
    pub(crate) async fn close(self) -> Closed {
        let closed = Closed { address: self.served.address, ledger: self.ledger };
        self.served.stop().await;
        closed
    }
}

pub(crate) struct Closed {
    address: SocketAddr,
    ledger: Arc<Mutex<Ledger>>,
}

impl Closed {
    pub(crate) async fn open_again(self) -> ControlPlane {
        ControlPlane::open(self.address, self.ledger).await
    }
}

async fn enrol(State(ledger): State<Arc<Mutex<Ledger>>>, Json(body): Json<Value>) -> Response {
    let reply = ledger.lock().unwrap().to_enrolments;
    if let Some(response) = instead(reply, "/agent/v1/enroll").await {
        return response;
    }
    let mut ledger = ledger.lock().unwrap();
    if ledger.enrolments.iter().any(|known| known["identity_token"] == body["identity_token"]) {
        return problem(401, "identity_token_invalid");
    }
    ledger.enrolments.push(body);
    let credential = format!("amc1.{}", ledger.enrolments.len());
    let life = ledger.credential_life;
    ledger.credentials.insert(credential.clone(), Instant::now() + life);
    let answer = json!({
        "credential": credential,
        "expires_at": now() + life,
        "heartbeat_interval_seconds": ledger.interval_seconds,
    });
    Json(answer).into_response()
}

async fn beat(
    State(ledger): State<Arc<Mutex<Ledger>>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let reply = ledger.lock().unwrap().to_heartbeats;
    let response = match instead(reply, "/agent/v1/heartbeats").await {
        Some(response) => response,
        None => judge(&mut ledger.lock().unwrap(), &headers, body),
    };
    ledger.lock().unwrap().answers.push(response.status().as_u16());
    response
}

fn judge(ledger: &mut Ledger, headers: &HeaderMap, body: Value) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match ledger.credentials.get(bearer.trim_start_matches("Bearer ")) {
        None => return problem(401, "credential_invalid"),
        Some(end) if *end <= Instant::now() => return problem(401, "credential_expired"),
        Some(_) => {}
    }
    let last = ledger.heartbeats.iter().rev().find(|known| known["boot_id"] == body["boot_id"]);
    if last.is_some_and(|last| body["sequence"].as_u64() <= last["sequence"].as_u64()) {
        return problem(409, "heartbeat_replayed");
    }
    ledger.heartbeats.push(body);
    Json(json!({"accepted": true})).into_response()
}

async fn instead(reply: Reply, path: &str) -> Option<Response> {
    match reply {
        Reply::Ordinary => None,
        Reply::Refuse(status, code) => Some(problem(status, code)),
        Reply::Huge => {
            let text = format!(r#"{{"accepted":true,"padding":"{}"}}"#, "x".repeat(1 << 20));
            Some(([(header::CONTENT_TYPE, "application/json")], text).into_response())
        }
        Reply::Hang => {
            sleep(Duration::from_secs(3600)).await;
            None
        }
        Reply::RedirectToSelf => {
            Some((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, path.to_owned())]).into_response())
        }
    }
}

fn problem(status: u16, code: &str) -> Response {
    let body = json!({"type": "about:blank", "title": "Refused", "status": status, "code": code, "detail": "said the double"});
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    (StatusCode::from_u16(status).unwrap(), kind, body.to_string()).into_response()
}

#[expect(clippy::disallowed_methods, reason = "the agent's own clock is the machine's here too")]
fn now() -> DateTime<Utc> {
    Utc::now()
}
