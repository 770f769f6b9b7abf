//! The gate: every path but the public ones needs a person.

use app::api::{ApiError, Code};
use axum::{
    Json,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use tower_sessions::Session;

use super::{PERSON, Person, bearer, session_store::digest};
use crate::{
    AppState,
    headers::RequestId,
    own::{self, Key},
    problem::{Problem, RETRY_AFTER_SECONDS},
};

/// Reached without a session: signing in, the files of the face, the documents that answers point to, agents (they prove themselves
/// otherwise), probes.
fn is_public(path: &str) -> bool {
    path == "/sign-in" || path.starts_with("/agent/v1/") || own::key_of(path) == Some(Key::Nothing)
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
            return unavailable(&request, &request_id);
        }
    };
    let lifetime = i64::from(state.config.sign_in.session_hours) * 3600;
    let now = state.control.clock.now().timestamp();
    match person.filter(|person| now - person.signed_in_at < lifetime) {
        Some(person) => {
            request.extensions_mut().insert(person.actor(&request_id));
            request.extensions_mut().insert(person);
            if let Some(id) = session.id() {
                request.extensions_mut().insert(app::CurrentSession(digest(&id).to_string()));
            }
            next.run(request).await
        }
        None if is_public(request.uri().path()) => next.run(request).await,
        None => refuse(&request, &request_id),
    }
}

/// Who reads the answer to a request that is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// A person: a page or a form of theirs was asked for.
    Person,
    /// A page that is open already: it knows the errors of its functions and no others.
    OpenPage,
    Program,
}

fn reader(request: &Request) -> Reader {
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("text/html")) {
        return Reader::Person;
    }
    if request.uri().path().starts_with("/fn/") { Reader::OpenPage } else { Reader::Program }
}

/// Where to go on after signing in: a page. The address of most forms is none.
fn way_back(request: &Request) -> Option<&str> {
    let here = request.uri().path_and_query()?.as_str();
    let is_page = request.method() == Method::GET || here == "/import";
    (is_page && here != "/").then_some(here)
}

fn refuse(request: &Request, request_id: &str) -> Response {
    match reader(request) {
        Reader::Person => {
            let next = way_back(request)
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

/// The policy of a page that has our style and nothing else.
const SCRIPTLESS: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The database is away, so nobody can be recognised. A page says so in words and without our scripts.
fn unavailable(request: &Request, request_id: &str) -> Response {
    const STATUS: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
    match reader(request) {
        Reader::Person => {
            let page = app::unavailable_page("The database does not answer", request_id);
            let headers =
                [(header::RETRY_AFTER, RETRY_AFTER_SECONDS), (header::CONTENT_SECURITY_POLICY, SCRIPTLESS)];
            (STATUS, headers, axum::response::Html(page)).into_response()
        }
        Reader::OpenPage => told_to_page(
            STATUS,
            Code::Unavailable,
            "The database does not answer. Agents go on working, and nothing that was applied is lost.",
            request_id,
        ),
        Reader::Program => {
            Problem::new(STATUS, "unavailable", "the database does not answer", request_id).into_response()
        }
    }
}

/// As a function of the page would answer.
fn told_to_page(status: StatusCode, code: Code, message: &str, request_id: &str) -> Response {
    let error = ApiError { request_id: Some(request_id.to_owned()), ..ApiError::new(code, message) };
    (status, Json(error)).into_response()
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
    fn a_form_is_read_by_a_person_and_a_function_s_answer_by_its_page() {
        assert_eq!(reader(&request(Method::POST, "/import", "text/html,*/*;q=0.8")), Reader::Person);
        assert_eq!(reader(&request(Method::POST, "/fn/set_theme", "text/html,*/*;q=0.8")), Reader::Person);
        assert_eq!(reader(&request(Method::POST, "/fn/list_pools", "application/json")), Reader::OpenPage);
        assert_eq!(reader(&request(Method::GET, "/live", "text/event-stream")), Reader::Program);
    }

    #[test]
    fn one_comes_back_to_pages_only() {
        let back = |method, path| way_back(&request(method, path, "text/html")).map(str::to_owned);
        assert_eq!(back(Method::GET, "/pools?environment=dev").as_deref(), Some("/pools?environment=dev"));
        assert_eq!(back(Method::POST, "/import").as_deref(), Some("/import"));
        assert_eq!(back(Method::POST, "/fn/set_theme"), None);
        assert_eq!(back(Method::GET, "/"), None);
    }
}
