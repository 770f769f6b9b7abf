//! The answers to forms that post to their own page (`form`). What only asks for a review or a replay, or is refused, is
//! answered with the page; what was done leads to where it shows. [`FORMS`] lists them all.

mod audit;
mod autoscaling;
mod firewall;
mod pools;
mod sessions;
mod templates;
mod tokens;

use std::{collections::HashMap, pin::Pin};

use axum::{
    body::{Body, to_bytes},
    extract::{FromRequestParts as _, RawPathParams, Request},
    response::{IntoResponse as _, Redirect, Response},
};
use control::{Control, Error, edits};
use domain::{Actor, edit::Edit};
use http::{StatusCode, header::CONTENT_TYPE, request::Parts};
use leptos::{config::LeptosOptions, prelude::*};
use leptos_axum::render_app_async_with_context;

use crate::{
    CurrentSession,
    api::{self, ApiError, Code, FieldProblem, request},
    form::{BASE_GENERATION, DIGEST, INTENT, Posted, REASON, REPLAY, REVIEW},
    routes,
    shell::shell,
    url_state::Query,
};

/// Bytes of a form, at most.
const LARGEST: usize = 1024 * 1024;

/// Where the browser goes when the form's verb was done.
pub type Done = Pin<Box<dyn Future<Output = Result<String, Error>> + Send>>;

/// A form's address, as Axum writes it and the same as its page's, and its verb.
#[derive(Clone, Copy, Debug)]
pub struct FormRoute {
    pub path: &'static str,
    pub act: fn(Submitted) -> Done,
}

pub const FORMS: &[FormRoute] = &[
    audit::VERIFY,
    autoscaling::EDIT,
    firewall::CREATE,
    firewall::UPDATE,
    firewall::DELETE,
    templates::CREATE,
    templates::UPDATE,
    templates::RETIRE,
    pools::CREATE,
    pools::UPDATE,
    pools::RESIZE,
    pools::VERSION,
    pools::PROMOTE,
    pools::ROLL_BACK,
    pools::DELETE,
    pools::ACT,
    tokens::REVOKE,
    sessions::END_SESSIONS,
];

/// One press of a form's button.
#[derive(Clone, Debug)]
pub struct Submitted {
    pub control: Control,
    pub actor: Actor,
    /// The parts of the path that have names.
    params: HashMap<String, String>,
    pub values: Query,
    /// The session that asks.
    session: Option<CurrentSession>,
}

impl Submitted {
    /// A named part of the path; a form whose address lacks it finds nothing of that name.
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// The text of a field; what was not sent is empty.
    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).unwrap_or_default()
    }

    /// Proposes the edit as it was reviewed, and leads to its change.
    pub async fn propose_edit(&self, environment: &str, edit: &Edit) -> Result<String, Error> {
        let (Some(digest), Ok(base_generation)) =
            (self.values.get(DIGEST), self.value(BASE_GENERATION).parse())
        else {
            return Err(Error::invalid(DIGEST, "review it first: a proposal names the plan that was seen"));
        };
        let seen = edits::Seen { base_generation, digest: Some(digest) };
        let reason = self.value(REASON);
        let id = edits::propose_edit(&self.control, &self.actor, environment, edit, seen, reason).await?;
        Ok(routes::change(id))
    }
}

/// Text that could not be read as what a field should be, as a refusal.
pub fn refused(fields: Vec<FieldProblem>) -> Error {
    Error::Invalid(
        fields
            .into_iter()
            .map(|problem| control::error::FieldError { field: problem.field, message: problem.message })
            .collect(),
    )
}

/// The answer to a form's POST. `context` is what the server provides for every page.
pub async fn answer(
    form: FormRoute,
    options: LeptosOptions,
    context: impl Fn() + Clone + Send + Sync + 'static,
    request: Request,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let posted = match read(&parts, body).await {
        Ok(values) => {
            let acts = !matches!(values.get(INTENT), Some(REVIEW | REPLAY));
            let problem = if acts {
                match act(form, &mut parts, context.clone(), values.clone()).await {
                    Ok(path) => return Redirect::to(&path).into_response(),
                    Err(error) => Some(error),
                }
            } else {
                None
            };
            Posted { posted: true, values, problem }
        }
        Err(message) => Posted { problem: Some(ApiError::new(Code::Invalid, message)), ..Posted::default() },
    };
    let status = posted.problem.as_ref().map(|problem| api::status(problem.code));
    drawn_with(posted, status, options, context, parts).await
}

/// The page of the address, with what its form is told.
pub(crate) async fn drawn_with<T: Clone + Send + Sync + 'static>(
    told: T,
    status: Option<StatusCode>,
    options: LeptosOptions,
    context: impl Fn() + Clone + Send + Sync + 'static,
    parts: Parts,
) -> Response {
    let context = move || {
        context();
        provide_context(told.clone());
    };
    let request = Request::from_parts(parts, Body::empty());
    let mut page = render_app_async_with_context(context, move || shell(options.clone()))(request).await;
    // What was tried decides, whatever the page then fails to find.
    if let Some(status) = status {
        *page.status_mut() = status;
    }
    page
}

async fn act(
    form: FormRoute,
    parts: &mut Parts,
    context: impl Fn() + Clone + Send + Sync + 'static,
    values: Query,
) -> Result<String, ApiError> {
    let params = match RawPathParams::from_request_parts(parts, &()).await {
        Ok(params) => params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        Err(_) => HashMap::new(),
    };
    let parts = parts.clone();
    let (asked, session) = Owner::new().with(|| {
        provide_context(parts);
        context();
        (request(), use_context::<CurrentSession>())
    });
    let asked = asked?;
    let submitted =
        Submitted { control: asked.control.clone(), actor: asked.actor.clone(), params, values, session };
    asked.answer((form.act)(submitted).await)
}

/// The pairs of the form, with line breaks as they are everywhere else.
pub(crate) async fn read(parts: &Parts, body: Body) -> Result<Query, String> {
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err("The form was sent in a way that is not read here. Load the page again.".to_owned());
    }
    let bytes = to_bytes(body, LARGEST)
        .await
        .map_err(|_| format!("The form holds more than {} KiB. Shorten its texts.", LARGEST / 1024))?;
    let text = String::from_utf8(bytes.to_vec()).map_err(|_| "The form is not UTF-8 text.".to_owned())?;
    Ok(Query::parse_form(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(kind: &str) -> Parts {
        http::Request::post("/x").header(CONTENT_TYPE, kind).body(()).unwrap().into_parts().0
    }

    #[tokio::test]
    async fn a_form_is_read_with_plain_line_breaks() {
        let parts = parts("application/x-www-form-urlencoded");
        let values = read(&parts, Body::from("a=1%0D%0A2&b=x+y")).await.unwrap();
        assert_eq!((values.get("a"), values.get("b")), (Some("1\n2"), Some("x y")));
        assert!(read(&parts, Body::from(vec![b'a'; LARGEST + 1])).await.unwrap_err().contains("1024 KiB"));
    }

    #[tokio::test]
    async fn what_is_no_form_is_said_so() {
        assert!(read(&parts("application/json"), Body::from("{}")).await.is_err());
    }

    #[test]
    fn each_form_has_an_address_of_its_own() {
        let paths: std::collections::BTreeSet<_> = FORMS.iter().map(|form| form.path).collect();
        assert_eq!(paths.len(), FORMS.len());
    }
}
