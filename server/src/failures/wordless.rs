//! Refusals that a layer or the router gives without a word: nobody would know what to do instead.

use app::api::Code;
use axum::{
    extract::{MatchedPath, Request},
    http::{Method, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use tower_http::csrf::ProtectionError;

use super::{Asked, Reader, SCRIPTLESS, told_to_page};
use crate::problem::Problem;

/// The page behind all others, which says that there is nothing: it takes every address.
const ANYWHERE: &str = "/{*any}";

/// What the words need of a request.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    method: Method,
    /// No page, form or function has the address.
    anywhere: bool,
}

impl Sent {
    pub(super) fn of(request: &Request) -> Self {
        let matched = request.extensions().get::<MatchedPath>();
        Self {
            method: request.method().clone(),
            anywhere: matched.is_some_and(|matched| matched.as_str() == ANYWHERE),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    CrossSite,
    NothingHere,
    OtherMethods,
}

impl Refusal {
    fn of(answer: &Response, sent: &Sent) -> Option<Self> {
        match answer.status() {
            StatusCode::FORBIDDEN => {
                answer.extensions().get::<ProtectionError>().is_some().then_some(Self::CrossSite)
            }
            StatusCode::NOT_FOUND => Some(Self::NothingHere),
            StatusCode::METHOD_NOT_ALLOWED if sent.anywhere => Some(Self::NothingHere),
            StatusCode::METHOD_NOT_ALLOWED => Some(Self::OtherMethods),
            _ => None,
        }
    }

    /// As docs/errors.md explains it.
    fn problem(self, detail: String, request_id: &str) -> Problem {
        match self {
            Self::CrossSite => Problem::new(StatusCode::FORBIDDEN, "cross_site", detail, request_id),
            Self::NothingHere => Problem::new(StatusCode::NOT_FOUND, "not_found", detail, request_id),
            Self::OtherMethods => {
                Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail, request_id)
            }
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::NothingHere => StatusCode::NOT_FOUND,
            Self::OtherMethods => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    /// What an open page is told. It asks for functions alone, and those that the server does not have are another version's.
    const fn code(self) -> Code {
        match self {
            Self::CrossSite => Code::Forbidden,
            Self::NothingHere | Self::OtherMethods => Code::NotFound,
        }
    }

    /// What it is, a sentence without its full stop, and what to do.
    fn words(self, sent: &Sent) -> (String, &'static str) {
        match self {
            Self::CrossSite => (
                "The request came from a page of another site".to_owned(),
                "Nothing was done. Forms are taken from this site's own pages: open the page here and send it again.",
            ),
            Self::NothingHere => (
                "There is nothing at this address".to_owned(),
                "Nothing was done. The page that led here may be of another version: load it again.",
            ),
            Self::OtherMethods => (
                format!("{} is not among the methods of this address", sent.method),
                "Nothing was done. The page that led here may be of another version: load it again.",
            ),
        }
    }
}

/// The answer in the place of one that says nothing; None where that one is no refusal that is known here.
pub(super) fn refused(answer: &Response, asked: &Asked, sent: &Sent, request_id: &str) -> Option<Response> {
    let refusal = Refusal::of(answer, sent)?;
    let (what, advice) = refusal.words(sent);
    let mut told = match asked.reader {
        Reader::Person => {
            let headers = [(header::CONTENT_SECURITY_POLICY, SCRIPTLESS)];
            let page = app::refused_page(&what, advice, request_id);
            (refusal.status(), headers, Html(page)).into_response()
        }
        Reader::OpenPage => {
            told_to_page(refusal.status(), refusal.code(), &format!("{what}. {advice}"), request_id)
        }
        Reader::Program => refusal.problem(what, request_id).into_response(),
    };
    if let Some(methods) = answer.headers().get(header::ALLOW)
        && refusal == Refusal::OtherMethods
    {
        told.headers_mut().insert(header::ALLOW, methods.clone());
    }
    Some(told)
}
