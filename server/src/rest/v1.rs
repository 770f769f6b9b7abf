//! `/api/v1`: the routes of `rest_api`'s table, and what holds for all of them.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequestParts, Request, rejection::BytesRejection},
    handler::Handler,
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodFilter, any, on},
};
use control::{Control, Error, tokens::Bearer};
use domain::Actor;
use rest_api::{Method, operation};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::{
    alerts, audit, autoscaling, changes, commands, costs, environments, firewall_rules, idempotency,
    instances, me, outputs, plan, pools, templates,
};
use crate::{AppState, auth, headers::RequestId, problem::Problem, query};

const ROOT: &str = "/api/v1";
/// Terraform texts, at most, with JSON's escapes.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

pub fn router(state: &AppState) -> Router<AppState> {
    let routes = routes(state);
    let api = routes
        .router
        // A route, for a nested router's fallback loses to the pages' own when the two are merged.
        .route("/", any(not_found))
        .route("/{*elsewhere}", any(not_found))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn(acceptable))
        .layer(middleware::from_fn_with_state(state.clone(), auth::require_token));
    Router::new().nest(ROOT, api)
}

fn routes(state: &AppState) -> Routes {
    let routes = Routes { router: Router::new(), state: state.clone() };
    [
        me::routes,
        environments::routes,
        pools::routes,
        autoscaling::routes,
        instances::routes,
        commands::routes,
        templates::routes,
        firewall_rules::routes,
        outputs::routes,
        costs::routes,
        alerts::routes,
        changes::routes,
        plan::routes,
        audit::routes,
    ]
    .into_iter()
    .fold(routes, |routes, noun| noun(routes))
}

/// Takes routes by the name of their operation: one that the table does not have is not mounted.
pub(super) struct Routes {
    router: Router<AppState>,
    state: AppState,
}

impl Routes {
    pub(super) fn on<H, T>(mut self, id: &str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        let Some(operation) = operation(id) else {
            tracing::error!(id, "an operation without a line in the table");
            return self;
        };
        let filter = match operation.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
        };
        let mut route = on(filter, handler);
        if operation.once {
            route = route.layer(middleware::from_fn_with_state(self.state.clone(), idempotency::once));
        }
        // Asked before anything is done or remembered.
        let names: Arc<[&'static str]> = operation.query.iter().map(|parameter| parameter.name).collect();
        route = route.layer(middleware::from_fn_with_state(names, query::known));
        let path = operation.path.strip_prefix(ROOT).unwrap_or(operation.path);
        self.router = self.router.route(path, route);
        self
    }
}

/// The request's token and id.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) control: Control,
    pub(super) actor: Actor,
    request_id: String,
}

impl FromRequestParts<AppState> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let request_id = id(&parts.extensions);
        match parts.extensions.get::<Bearer>() {
            Some(bearer) => {
                Ok(Self { control: state.control.clone(), actor: bearer.actor.clone(), request_id })
            }
            None => {
                Err(Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "send an API token", &request_id))
            }
        }
    }
}

fn id(extensions: &http::Extensions) -> String {
    extensions.get::<RequestId>().map(|RequestId(id)| id.clone()).unwrap_or_default()
}

impl Asked {
    /// A refusal of the request itself.
    pub(super) fn problem(&self, status: StatusCode, code: &str, detail: impl Into<String>) -> Problem {
        Problem::new(status, code, detail, &self.request_id)
    }

    pub(super) fn refused(&self, error: &Error) -> Problem {
        Problem::from_error(error, &self.request_id)
    }

    /// What a use-case answered, or its refusal.
    pub(super) fn done<T>(&self, result: Result<T, Error>) -> Result<T, Problem> {
        result.map_err(|error| self.refused(&error))
    }

    /// The value that a name of the path or of the query must have.
    pub(super) fn parse<T: std::str::FromStr>(&self, name: &str, text: &str) -> Result<T, Problem>
    where
        T::Err: ToString,
    {
        text.parse().map_err(|error: T::Err| self.refused(&Error::invalid(name, error.to_string())))
    }

    /// The body's JSON; nothing that the schema does not know is let in.
    pub(super) fn json<T: DeserializeOwned>(
        &self,
        headers: &HeaderMap,
        body: Result<Bytes, BytesRejection>,
    ) -> Result<T, Problem> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            return Err(self.problem(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "send JSON, with `Content-Type: application/json`",
            ));
        }
        let body = body.map_err(|_| {
            let detail = format!("at most {} MiB", LARGEST_BODY >> 20);
            self.problem(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
        })?;
        serde_json::from_slice(&body).map_err(|error| {
            self.problem(StatusCode::BAD_REQUEST, "malformed", format!("the body cannot be read: {error}"))
        })
    }
}

/// The query's pairs. Names that the operation does not know were refused before.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn read(asked: &Asked, raw: Option<&str>) -> Result<Self, Problem> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(raw.unwrap_or_default().as_bytes()) {
            let (name, value) = (name.into_owned(), value.into_owned());
            if pairs.iter().any(|(other, _)| *other == name) {
                return Err(asked.refused(&Error::invalid(name, "is given twice")));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }
}

pub(super) async fn not_found(request: Request) -> Response {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this address",
        &id(request.extensions()),
    )
    .into_response()
}

async fn method_not_allowed(request: Request) -> Response {
    let detail = format!("{} is not among the methods of this address", request.method());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail, &id(request.extensions()))
        .into_response()
}

/// Answers are JSON: who takes none is told so before anything is done.
async fn acceptable(request: Request, next: Next) -> Response {
    let takes =
        request.headers().get_all(header::ACCEPT).iter().map(|accept| accept.to_str().unwrap_or_default());
    if takes_json(takes) {
        return next.run(request).await;
    }
    Problem::new(
        StatusCode::NOT_ACCEPTABLE,
        "not_acceptable",
        "answers are application/json: accept that",
        &id(request.extensions()),
    )
    .into_response()
}

fn takes_json<'a>(accepts: impl Iterator<Item = &'a str>) -> bool {
    let mut ranges = accepts
        .flat_map(|accept| accept.split(','))
        .map(str::trim)
        .filter(|range| !range.is_empty())
        .peekable();
    ranges.peek().is_none()
        || ranges.any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
            !refused && matches!(kind.as_str(), "*/*" | "application/*" | "application/json")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_what_is_answered() {
        for accept in ["", "*/*", "application/json", "text/html, application/*;q=0.5", "Application/JSON"] {
            assert!(takes_json([accept].into_iter()), "{accept}");
        }
        for accept in ["text/html", "application/json;q=0", "application/xml, text/*"] {
            assert!(!takes_json([accept].into_iter()), "{accept}");
        }
    }
}
