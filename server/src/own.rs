//! The server's own routes, beside the app's pages, forms and functions and the operations of `/api/v1`: a line each.
//! None of them is mounted without its line, and `server/tests/verdicts/own.txt` says who is let in at each.

use std::sync::Arc;

use app::AUDIT_NAMES;
use axum::{
    Router,
    handler::Handler,
    middleware,
    routing::{MethodFilter, on},
};
use rest_api::Method;

use crate::{AppState, query};

/// Style and scripts.
pub const FILES: &str = "/pkg";
/// What browsers ask for by themselves, signed in or not.
pub const FAVICON: &str = "/favicon.svg";

/// What a route asks for before its handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Nothing,
    /// A person's session.
    Session,
    /// The same, or an API token.
    SessionOrToken,
    /// What an agent shows; its handler looks at it.
    Agent,
}

#[derive(Clone, Copy, Debug)]
pub struct Own {
    pub method: Method,
    pub path: &'static str,
    pub key: Key,
    /// The names that its query may have. None: any, for others write it, or nothing is read of it.
    pub query: Option<&'static [&'static str]>,
}

impl Own {
    const fn takes(self, names: &'static [&'static str]) -> Self {
        Self { query: Some(names), ..self }
    }
}

const fn get(path: &'static str, key: Key) -> Own {
    Own { method: Method::Get, path, key, query: None }
}

const fn post(path: &'static str, key: Key) -> Own {
    Own { method: Method::Post, path, key, query: None }
}

/// By path.
pub const OWN: [Own; 15] = [
    post("/agent/v1/enroll", Key::Agent),
    post("/agent/v1/heartbeats", Key::Agent),
    get("/audit.jsonl", Key::SessionOrToken).takes(&AUDIT_NAMES),
    get("/costs.csv", Key::Session).takes(&["environment", "month"]),
    get("/docs/errors.md", Key::Nothing),
    get("/docs/webhook.md", Key::Nothing),
    get(FAVICON, Key::Nothing),
    get("/live", Key::Session).takes(&["environment", "rows", "after"]),
    get("/livez", Key::Nothing),
    get("/metrics", Key::SessionOrToken),
    get(FILES, Key::Nothing),
    get("/readyz", Key::Nothing),
    get("/sign-in/callback", Key::Nothing),
    get("/sign-in/start", Key::Nothing),
    post("/sign-out", Key::Session),
];

/// What the path asks for; None where it is no route of the server's own.
pub fn key_of(path: &str) -> Option<Key> {
    OWN.iter().find(|own| own.path == path).map(|own| own.key)
}

/// Takes routes by their path: one that the table does not have is not mounted.
#[derive(Debug, Default)]
pub(crate) struct Routes(Router<AppState>);

impl Routes {
    pub(crate) fn on<H, T>(mut self, path: &str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        let Some(own) = OWN.iter().find(|own| own.path == path) else {
            tracing::error!(path, "a route without a line in the table");
            return self;
        };
        let filter = match own.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
        };
        let mut route = on(filter, handler);
        if let Some(names) = own.query {
            let names: Arc<[&'static str]> = Arc::from(names);
            route = route.layer(middleware::from_fn_with_state(names, query::known));
        }
        self.0 = self.0.route(own.path, route);
        self
    }

    pub(crate) fn router(self) -> Router<AppState> {
        self.0
    }
}
