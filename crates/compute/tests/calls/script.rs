//! A server that gives the scripted answers in turn, the last one for ever, and remembers what it was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header::CONTENT_TYPE},
    response::IntoResponse,
};
use compute::{Compute, Config};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

#[derive(Clone)]
pub(crate) struct Answer {
    status: u16,
    content_type: &'static str,
    body: String,
    delay: Duration,
}

pub(crate) fn answer(status: u16, body: Value) -> Answer {
    Answer { status, content_type: "application/json", body: body.to_string(), delay: Duration::ZERO }
}

/// An error in the older shape, which most of Compute Engine uses: without `status`.
pub(crate) fn refusal(status: u16, reason: &str, message: &str) -> Answer {
    let error = json!({"message": message, "domain": "global", "reason": reason});
    answer(status, json!({"error": {"code": status, "message": message, "errors": [error]}}))
}

pub(crate) fn page(status: u16, html: &str) -> Answer {
    Answer { status, content_type: "text/html", body: html.to_owned(), delay: Duration::ZERO }
}

impl Answer {
    pub(crate) fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Seen {
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let query = self.uri.query().unwrap_or_default();
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
    }
}

#[derive(Clone)]
struct Shared {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

pub(crate) struct Script {
    pub(crate) endpoint: String,
    shared: Shared,
    /// Ends with the test.
    _tasks: JoinSet<()>,
}

impl Script {
    pub(crate) async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let shared =
            Shared { answers: Arc::new(Mutex::new(answers.into_iter().collect())), seen: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(give).with_state(shared.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.expect("a server") });
        Self { endpoint, shared, _tasks: tasks }
    }

    /// A client that gives up quickly.
    pub(crate) async fn client(&self) -> Compute {
        self.client_with(|_| {}).await
    }

    pub(crate) async fn client_with(&self, change: impl FnOnce(&mut Config)) -> Compute {
        let mut config = Config::emulator(&self.endpoint);
        config.initial_backoff = Duration::from_millis(1);
        config.maximum_backoff = Duration::from_millis(5);
        change(&mut config);
        Compute::connect(config).await.expect("a client")
    }

    /// Other answers from now on, and nothing seen yet.
    pub(crate) fn turn_to(&self, answers: impl IntoIterator<Item = Answer>) {
        *self.shared.answers.lock().expect("no panic") = answers.into_iter().collect();
        self.shared.seen.lock().expect("no panic").clear();
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().expect("no panic").clone()
    }
}

async fn give(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let body = serde_json::from_slice(&body).unwrap_or_default();
    shared.seen.lock().expect("no panic").push(Seen { method, uri, headers, body });
    let answer = {
        let mut answers = shared.answers.lock().expect("no panic");
        let answer = answers.front().cloned().expect("an answer");
        if answers.len() > 1 {
            answers.pop_front();
        }
        answer
    };
    tokio::time::sleep(answer.delay).await;
    let status = StatusCode::from_u16(answer.status).expect("a status");
    (status, [(CONTENT_TYPE, answer.content_type)], answer.body)
}
