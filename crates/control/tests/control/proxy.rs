//! A proxy before the emulator that counts what passes, and can be away or lie.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::{
    Json, Router,
    body::to_bytes,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

/// Method, path and answer to the changed answer, or None to let it pass.
type Lie = Box<dyn Fn(&Method, &str, &Value) -> Option<Value> + Send>;

#[derive(Clone)]
pub(crate) struct Proxy {
    upstream: String,
    http: reqwest::Client,
    calls: Arc<AtomicUsize>,
    away: Arc<AtomicBool>,
    lie: Arc<Mutex<Option<Lie>>>,
}

impl Proxy {
    /// Answers with its endpoint.
    pub(crate) async fn start(upstream: &str, tasks: &TaskTracker) -> (Self, String) {
        let proxy = Self {
            upstream: upstream.to_owned(),
            http: reqwest::Client::builder().no_proxy().build().expect("a client"),
            calls: Arc::default(),
            away: Arc::default(),
            lie: Arc::default(),
        };
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let app = Router::new().fallback(forward).with_state(proxy.clone());
        tasks.spawn(async move { axum::serve(listener, app).await });
        (proxy, endpoint)
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    pub(crate) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    pub(crate) fn lie(&self, lie: impl Fn(&Method, &str, &Value) -> Option<Value> + Send + 'static) {
        *self.lie.lock().expect("no test panics with it") = Some(Box::new(lie));
    }
}

async fn forward(State(proxy): State<Proxy>, request: Request) -> Response {
    proxy.calls.fetch_add(1, Ordering::SeqCst);
    if proxy.away.load(Ordering::SeqCst) {
        let error =
            json!({"error": {"code": 503, "message": "away", "errors": [{"reason": "backendError"}]}});
        return (StatusCode::SERVICE_UNAVAILABLE, Json(error)).into_response();
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let mut forwarded =
        proxy.http.request(parts.method.clone(), format!("{}{path}", proxy.upstream)).body(body);
    if let Some(kind) = parts.headers.get(header::CONTENT_TYPE) {
        forwarded = forwarded.header(header::CONTENT_TYPE, kind);
    }
    let answer = forwarded.send().await.expect("the emulator answers");
    let status = answer.status();
    let answer: Value = answer.json().await.unwrap_or_default();
    let lie = proxy.lie.lock().expect("no test panics with it");
    let changed = lie.as_ref().and_then(|lie| lie(&parts.method, &path, &answer));
    (status, Json(changed.unwrap_or(answer))).into_response()
}
