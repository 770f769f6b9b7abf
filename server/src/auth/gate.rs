//! The gate: every path but the public ones needs a person.

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use tower_sessions::Session;

use super::{PERSON, Person};
use crate::{AppState, headers::RequestId, problem::Problem};

/// Reached without a session: signing in, the files of the face, agents (they prove themselves otherwise), probes.
fn is_public(path: &str) -> bool {
    matches!(
        path,
        "/sign-in" | "/sign-in/start" | "/sign-in/callback" | "/livez" | "/readyz" | "/favicon.svg"
    ) || path.starts_with("/pkg/")
        || path.starts_with("/agent/v1/")
}

pub async fn require_person(
    State(state): State<AppState>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    if is_public(request.uri().path()) && request.uri().path() != "/sign-in" {
        return next.run(request).await;
    }
    let person = match session.get::<Person>(PERSON).await {
        Ok(person) => person,
        Err(error) => {
            tracing::warn!(%error, request_id, "sessions cannot be read");
            return unavailable(&request, &request_id);
        }
    };
    let lifetime = i64::from(state.config.sign_in.session_hours) * 3600;
    let now = state.control.clock.now().timestamp();
    match person.filter(|person| now - person.signed_in_at < lifetime) {
        Some(person) => {
            request.extensions_mut().insert(person.actor(&request_id));
            request.extensions_mut().insert(person);
            next.run(request).await
        }
        None if is_public(request.uri().path()) => next.run(request).await,
        None => refuse(&request, &request_id),
    }
}

fn wants_page(request: &Request) -> bool {
    request.method() == Method::GET
        && request
            .headers()
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"))
}

fn refuse(request: &Request, request_id: &str) -> Response {
    if wants_page(request) {
        let here = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let next = if here == "/" { String::new() } else { format!("?next={}", super::routes::encode(here)) };
        return Redirect::to(&format!("/sign-in{next}")).into_response();
    }
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "sign in first", request_id).into_response()
}

/// The database is away, so nobody can be recognised. A page says so in words and without our scripts.
fn unavailable(request: &Request, request_id: &str) -> Response {
    if !wants_page(request) {
        return Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "the database does not answer",
            request_id,
        )
        .into_response();
    }
    let page = app::unavailable_page("The database does not answer", request_id);
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], axum::response::Html(page))
        .into_response()
}
