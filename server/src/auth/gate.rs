//! The gate: every path but the public ones needs a person.

use app::api::Code;
use axum::{
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse as _, Redirect, Response},
};
use tower_sessions::Session;

use super::{PERSON, Person, bearer, session_store::digest};
use crate::{
    AppState,
    failures::{Asked, Reader, SCRIPTLESS, told_to_page, unavailable},
    headers::RequestId,
    own::{self, Key},
    problem::Problem,
};

const SIGN_OUT: &str = "/sign-out";

/// Reached without a session: signing in, the documents that answers point to. Agents, probes and the files of the face are not even
/// behind this gate.
fn is_public(path: &str) -> bool {
    path == "/sign-in" || own::key_of(path) == Some(Key::Nothing)
}

/// For machines, which show a token and have no session. People who have one read it as well.
fn takes_token(path: &str) -> bool {
    own::key_of(path) == Some(Key::SessionOrToken)
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
    if takes_token(request.uri().path()) && bearer::is_shown(request.headers()) {
        return bearer::require_token(State(state.control), request, next).await;
    }
    let person = match session.get::<Person>(PERSON).await {
        Ok(person) => person,
        Err(error) => {
            tracing::warn!(%error, request_id, "sessions cannot be read");
            // The database is away, so nobody can be recognised.
            return unavailable(&Asked::of(&request), "The database does not answer", &request_id);
        }
    };
    match person {
        Some(person) => {
            request.extensions_mut().insert(person.actor(&request_id));
            request.extensions_mut().insert(person);
            if let Some(id) = session.id() {
                request.extensions_mut().insert(app::CurrentSession(digest(&id).to_string()));
            }
            next.run(request).await
        }
        None if is_public(request.uri().path()) => next.run(request).await,
        None => refuse(request, &request_id).await,
    }
}

/// Where to go on after signing in: a page.
fn way_back(request: &Request) -> Option<&str> {
    let here = request.uri().path_and_query()?.as_str();
    (request.method() == Method::GET && here != "/").then_some(here)
}

/// Whether something was filled in, which a way to the sign-in page would lose. Who signs out twice has lost nothing.
fn is_form(request: &Request) -> bool {
    !matches!(*request.method(), Method::GET | Method::HEAD) && request.uri().path() != SIGN_OUT
}

async fn refuse(request: Request, request_id: &str) -> Response {
    match Reader::of(&request) {
        Reader::Person if is_form(&request) => {
            let page = app::session_ended_page(request, request_id).await;
            let headers =
                [(header::CONTENT_SECURITY_POLICY, SCRIPTLESS), (header::CACHE_CONTROL, "no-store")];
            (StatusCode::UNAUTHORIZED, headers, Html(page)).into_response()
        }
        Reader::Person => {
            let next = way_back(&request)
                .map(|here| format!("?next={}", super::routes::encode(here)))
                .unwrap_or_default();
            Redirect::to(&format!("/sign-in{next}")).into_response()
        }
        Reader::OpenPage => told_to_page(
            StatusCode::UNAUTHORIZED,
            Code::Unauthenticated,
            "Your session has ended, or you have not signed in yet.",
            request_id,
        ),
        Reader::Program if takes_token(request.uri().path()) => bearer::ask(request_id),
        Reader::Program => {
            Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "sign in first", request_id)
                .into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(method: Method, path: &str, accept: &str) -> Request {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, accept)
            .body(Body::empty())
            .unwrap()
    }

    #[test]
    fn one_comes_back_to_pages_only() {
        let back = |method, path| way_back(&request(method, path, "text/html")).map(str::to_owned);
        assert_eq!(back(Method::GET, "/pools?environment=dev").as_deref(), Some("/pools?environment=dev"));
        assert_eq!(back(Method::POST, "/import"), None);
        assert_eq!(back(Method::POST, "/fn/set_theme"), None);
        assert_eq!(back(Method::GET, "/"), None);
    }

    #[test]
    fn a_form_is_what_somebody_filled_in() {
        let form = |method, path| is_form(&request(method, path, "text/html"));
        assert!(form(Method::POST, "/import") && form(Method::POST, "/fn/set_theme"));
        assert!(!form(Method::GET, "/import") && !form(Method::POST, "/sign-out"));
    }
}
