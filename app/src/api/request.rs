//! The request that a server function or a page is part of: who asks, and through what.

use control::Control;
use domain::Actor;
use http::{Method, StatusCode, header::ACCEPT, request::Parts};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::{ApiError, Code, FieldProblem};
use crate::{RequestId, form::Posted, words};

pub(crate) struct Request {
    pub(crate) control: Control,
    pub(crate) actor: Actor,
}

/// What the server provides for pages and server functions alike.
pub(crate) fn request() -> Result<Request, ApiError> {
    let control = use_context::<Control>();
    let actor = use_context::<Actor>();
    match (control, actor) {
        (Some(control), Some(actor)) => Ok(Request { control, actor }),
        (None, _) => {
            set_status(500);
            Err(ApiError {
                request_id: request_id(),
                ..ApiError::new(Code::Internal, "Something went wrong inside.")
            })
        }
        (_, None) => {
            set_status(401);
            Err(ApiError {
                request_id: request_id(),
                ..ApiError::new(
                    Code::Unauthenticated,
                    "Your session has ended, or you have not signed in yet.",
                )
            })
        }
    }
}

fn request_id() -> Option<String> {
    use_context::<RequestId>().map(|RequestId(id)| id)
}

impl Request {
    /// Turns a refusal or a fault into what the page may know, and sets the answer's status by it.
    pub(crate) fn answer<T>(&self, result: Result<T, control::Error>) -> Result<T, ApiError> {
        result.map_err(|error| {
            if error.is_fault() {
                let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                tracing::error!(request_id = %self.actor.request_id, %error, source, "a page's use-case failed");
            }
            if let Some(gone) = self.gone(&error) {
                return gone;
            }
            set_status(error.status());
            ApiError {
                code: code(&error),
                message: format!("{}.", words::sentence(error.to_string().trim_end_matches('.'))),
                request_id: Some(self.actor.request_id.clone()),
                fields: fields(&error),
            }
        })
    }

    /// A form was sent that had been begun on a declaration, and what its page is about is not there: it went meanwhile. The page
    /// cannot draw the form again and says so in its place, as a proposal would.
    fn gone(&self, error: &control::Error) -> Option<ApiError> {
        let control::Error::NotFound(what) = error else { return None };
        let begun = use_context::<Posted>()?.begun()?;
        set_status(StatusCode::PRECONDITION_FAILED.as_u16());
        let message = format!(
            "{} is gone: it was deleted after you began with generation {begun}. Nothing was proposed.",
            words::sentence(what)
        );
        Some(ApiError {
            request_id: Some(self.actor.request_id.clone()),
            ..ApiError::new(Code::PreconditionFailed, message)
        })
    }
}

fn fields(error: &control::Error) -> Vec<FieldProblem> {
    let control::Error::Invalid(errors) = error else { return Vec::new() };
    errors
        .iter()
        .map(|error| FieldProblem { field: error.field.clone(), message: error.message.clone() })
        .collect()
}

fn code(error: &control::Error) -> Code {
    match error {
        control::Error::NotFound(_) => Code::NotFound,
        control::Error::Conflict(_) => Code::Conflict,
        control::Error::Forbidden(_) | control::Error::BeyondToken(_) => Code::Forbidden,
        control::Error::Invalid(_) => Code::Invalid,
        control::Error::Precondition(_) | control::Error::Moved { .. } => Code::PreconditionFailed,
        control::Error::Unavailable { .. } => Code::Unavailable,
        control::Error::Internal(_) => Code::Internal,
    }
}

/// The HTTP status that says the same.
pub(crate) const fn status(code: Code) -> StatusCode {
    match code {
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Conflict => StatusCode::CONFLICT,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Code::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Code::Unavailable | Code::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A form that was sent without scripts is answered by a redirect back, which carries the error: its status stays.
pub(super) fn set_status(status: u16) {
    let plain_form = use_context::<Parts>().is_some_and(|parts| {
        parts.method == Method::POST
            && parts.uri.path().starts_with("/fn/")
            && parts
                .headers
                .get(ACCEPT)
                .and_then(|value| value.to_str().ok())
                .is_some_and(|accept| accept.contains("text/html"))
    });
    if plain_form {
        return;
    }
    if let (Some(options), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(status)) {
        options.set_status(status);
    }
}
