//! Failures told to whoever reads them: in words and with the request's id, also where nothing could make an answer any more.

mod wordless;

use app::api::{ApiError, Code};
use axum::{
    Json,
    body::HttpBody as _,
    extract::Request,
    http::{Method, StatusCode, Uri, header},
    middleware::Next,
    response::{Html, IntoResponse as _, Response},
};

use crate::{
    headers::RequestId,
    problem::{Problem, RETRY_AFTER_SECONDS},
};

/// The policy of a page that has our style and nothing else.
pub const SCRIPTLESS: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Who reads the answer to a request that is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A person: a page or a form of theirs was asked for.
    Person,
    /// A page that is open already: it knows the errors of its functions and no others.
    OpenPage,
    Program,
}

impl Reader {
    pub fn of(request: &Request) -> Self {
        // An agent is promised problem documents, whatever it says that it takes.
        if request.uri().path().starts_with("/agent/") {
            return Self::Program;
        }
        let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        if accept.is_some_and(|accept| accept.contains("text/html")) {
            return Self::Person;
        }
        if request.uri().path().starts_with("/fn/") { Self::OpenPage } else { Self::Program }
    }
}

/// What there is to know of a request for whoever turns it away.
#[derive(Clone, Debug)]
pub struct Asked {
    reader: Reader,
    /// It changes nothing, so that it may be asked again unasked.
    reads: bool,
    /// Where a person goes on from here; empty for the same address.
    back: String,
}

impl Asked {
    pub fn of(request: &Request) -> Self {
        // The issuer's code, which that one brings, is taken once.
        let reads = request.method() == Method::GET && request.uri().path() != CALLBACK;
        Self { reader: Reader::of(request), reads, back: back(request) }
    }
}

const CALLBACK: &str = "/sign-in/callback";

/// A form leads to an address that cannot be looked at where that is a function's.
fn back(request: &Request) -> String {
    match request.uri().path() {
        CALLBACK => "/sign-in".to_owned(),
        path if path.starts_with("/fn/") => form_of(request).unwrap_or_else(|| "/".to_owned()),
        _ => String::new(),
    }
}

/// The page of ours that the form is on. An address that begins with two slashes would be another host's.
fn form_of(request: &Request) -> Option<String> {
    let text = |name: header::HeaderName| request.headers().get(name)?.to_str().ok();
    let from: Uri = text(header::REFERER)?.parse().ok()?;
    let own = text(header::HOST).or_else(|| request.uri().authority().map(|own| own.as_str()))?;
    let beyond = from.path().strip_prefix('/')?;
    let looks = !beyond.starts_with(['/', '\\']) && !beyond.starts_with("fn/");
    if !looks || from.authority()?.as_str() != own {
        return None;
    }
    Some(match from.query() {
        Some(query) => format!("/{beyond}?{query}"),
        None => format!("/{beyond}"),
    })
}

/// Something that we need is away, and nothing was done. A page says so in words and without our scripts. `what`: a sentence without its
/// full stop.
pub fn unavailable(asked: &Asked, what: &str, request_id: &str) -> Response {
    const STATUS: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
    match asked.reader {
        Reader::Person => {
            let headers =
                [(header::RETRY_AFTER, RETRY_AFTER_SECONDS), (header::CONTENT_SECURITY_POLICY, SCRIPTLESS)];
            let page = app::unavailable_page(what, asked.reads, &asked.back, request_id);
            (STATUS, headers, Html(page)).into_response()
        }
        Reader::OpenPage => {
            let message = format!("{what}. Agents go on working, and nothing that was applied is lost.");
            told_to_page(STATUS, Code::Unavailable, &message, request_id)
        }
        Reader::Program => {
            Problem::new(STATUS, "unavailable", what.to_lowercase(), request_id).into_response()
        }
    }
}

/// Nobody waits for the answer any more; what was sent may be done all the same. So nothing here says when to ask again.
fn too_slow(asked: &Asked, request_id: &str) -> Response {
    const STATUS: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
    const WHAT: &str = "The server took too long to answer";
    if asked.reads {
        return unavailable(asked, WHAT, request_id);
    }
    match asked.reader {
        Reader::Person => {
            let headers = [(header::CONTENT_SECURITY_POLICY, SCRIPTLESS)];
            (STATUS, headers, Html(app::too_slow_page(WHAT, &asked.back, request_id))).into_response()
        }
        // Of a function nobody can tell from here whether it only reads.
        Reader::OpenPage => {
            let message = format!(
                "{WHAT}. If you sent something, it may have been done: look before you send it again."
            );
            told_to_page(STATUS, Code::Unavailable, &message, request_id)
        }
        Reader::Program => {
            let detail =
                format!("{}; it may have been done: look before you send it again", WHAT.to_lowercase());
            let mut answer = Problem::new(STATUS, "unavailable", detail, request_id).into_response();
            answer.headers_mut().remove(header::RETRY_AFTER);
            answer
        }
    }
}

/// A mistake of ours.
fn fault(asked: &Asked, request_id: &str) -> Response {
    const STATUS: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;
    const WHAT: &str = "Something went wrong inside";
    match asked.reader {
        Reader::Person => {
            let headers = [(header::CONTENT_SECURITY_POLICY, SCRIPTLESS)];
            let page = app::fault_page(WHAT, asked.reads, &asked.back, request_id);
            (STATUS, headers, Html(page)).into_response()
        }
        Reader::OpenPage => told_to_page(STATUS, Code::Internal, &format!("{WHAT}."), request_id),
        Reader::Program => Problem::new(STATUS, "internal", WHAT.to_lowercase(), request_id).into_response(),
    }
}

/// As a function of the page would answer.
pub fn told_to_page(status: StatusCode, code: Code, message: &str, request_id: &str) -> Response {
    let error = ApiError { request_id: Some(request_id.to_owned()), ..ApiError::new(code, message) };
    (status, Json(error)).into_response()
}

/// Fills the failures and refusals that come without a word: a page whose rendering stopped, an answer that took too long, a session
/// that could not be kept, a form of another site, an address or a method that is not there.
pub async fn tell(request: Request, next: Next) -> Response {
    // Of an answer to this one nobody sees the body, and it may well have had one.
    if request.method() == Method::HEAD {
        return next.run(request).await;
    }
    let (asked, sent) = (Asked::of(&request), wordless::Sent::of(&request));
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let answer = next.run(request).await;
    if answer.body().size_hint().exact() != Some(0) {
        return answer;
    }
    let mut told = if !answer.status().is_server_error() {
        let Some(told) = wordless::refused(&answer, &asked, &sent, &request_id) else { return answer };
        told
    } else if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
        tracing::warn!(request_id, "an answer took too long");
        too_slow(&asked, &request_id)
    } else {
        fault(&asked, &request_id)
    };
    // What else the empty answer said of itself is of no use to the one in its place.
    for cookie in answer.headers().get_all(header::SET_COOKIE) {
        told.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    told
}

#[cfg(test)]
mod tests;
