//! Refusals in the service's own shape: `{"error": {"code", "message", "errors": [{"message", "domain", "reason"}]}}`.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::group::Attempt;

#[derive(Debug)]
pub(crate) struct Error {
    status: StatusCode,
    reason: &'static str,
    messages: Vec<String>,
    /// `error.status`: only the front end, which checks a body before Compute Engine sees it, fills it.
    canonical: Option<&'static str>,
    location: bool,
}

impl Error {
    fn new(status: StatusCode, reason: &'static str, message: String) -> Self {
        Self { status, reason, messages: vec![message], canonical: None, location: false }
    }

    /// A value that Compute Engine refuses. `why` is a whole sentence with its full stop.
    pub(crate) fn invalid(field: &str, value: impl std::fmt::Display, why: &str) -> Self {
        let message = format!("Invalid value for field '{field}': '{value}'. {why}");
        Self::new(StatusCode::BAD_REQUEST, "invalid", message.trim_end().to_owned())
    }

    /// A refusal whose text names no single field.
    pub(crate) fn refused(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message.to_owned())
    }

    /// Each missing field is one entry of `errors`.
    pub(crate) fn required(fields: &[&str]) -> Self {
        let messages = fields.iter().map(|f| format!("Required field '{f}' not specified")).collect();
        Self { messages, ..Self::new(StatusCode::BAD_REQUEST, "required", String::new()) }
    }

    /// A body that does not fit its schema: refused by the front end.
    pub(crate) fn malformed(message: String) -> Self {
        Self {
            canonical: Some("INVALID_ARGUMENT"),
            ..Self::new(StatusCode::BAD_REQUEST, "badRequest", message)
        }
    }

    pub(crate) fn in_use(noun: &str, path: &str, user: &str) -> Self {
        let message = format!("The {noun} resource '{path}' is already being used by '{user}'");
        Self::new(StatusCode::BAD_REQUEST, "resourceInUseByAnotherResource", message)
    }

    pub(crate) fn not_ready(path: &str) -> Self {
        let message = format!("The resource '{path}' is not ready");
        Self::new(StatusCode::BAD_REQUEST, "resourceNotReady", message)
    }

    pub(crate) fn not_found(path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "notFound", format!("The resource '{path}' was not found"))
    }

    pub(crate) fn already_exists(path: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "alreadyExists", format!("The resource '{path}' already exists"))
    }

    /// What makes a group try again is refused where a client asks for it itself.
    pub(crate) fn attempt(attempt: &Attempt) -> Self {
        let (status, reason) = match attempt.code.as_str() {
            "QUOTA_EXCEEDED" => (StatusCode::FORBIDDEN, "quotaExceeded"),
            "PERMISSIONS_ERROR" => (StatusCode::FORBIDDEN, "forbidden"),
            "RESOURCE_NOT_FOUND" => (StatusCode::NOT_FOUND, "notFound"),
            _ => (StatusCode::SERVICE_UNAVAILABLE, "resourcePoolExhausted"),
        };
        Self::new(status, reason, attempt.message.clone())
    }

    /// What a switch answers instead of the service. `canonical` has `error.status` besides, as front ends do.
    pub(crate) fn switched(status: StatusCode, canonical: bool) -> Self {
        let (reason, message) = match status.as_u16() {
            401 => ("authError", "Invalid Credentials"),
            403 => ("forbidden", "Forbidden"),
            404 => ("notFound", "Not Found"),
            429 => ("rateLimitExceeded", "Rate Limit Exceeded"),
            400..=499 => ("invalid", "Bad Request"),
            _ => ("backendError", "Backend Error"),
        };
        let canonical = canonical.then(|| match status.as_u16() {
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            404 => "NOT_FOUND",
            429 => "RESOURCE_EXHAUSTED",
            400..=499 => "INVALID_ARGUMENT",
            503 => "UNAVAILABLE",
            504 => "DEADLINE_EXCEEDED",
            _ => "INTERNAL",
        });
        Self { canonical, ..Self::new(status, reason, message.to_owned()) }
    }

    /// A change that is made and not in the state file. Asked for again by the same request id, it is not made twice.
    pub(crate) fn unsaved() -> Self {
        let message = "The state could not be saved.".to_owned();
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "backendError", message)
    }

    pub(crate) fn stale_fingerprint() -> Self {
        let error =
            Self::new(StatusCode::PRECONDITION_FAILED, "conditionNotMet", "Invalid fingerprint.".into());
        Self { location: true, ..error }
    }

    fn body(&self) -> Value {
        let errors: Vec<Value> = self
            .messages
            .iter()
            .map(|message| {
                let mut entry = json!({"message": message, "domain": "global", "reason": self.reason});
                if self.location {
                    entry["locationType"] = "header".into();
                    entry["location"] = "If-Match".into();
                }
                entry
            })
            .collect();
        let mut error =
            json!({"code": self.status.as_u16(), "message": self.messages.first(), "errors": errors});
        if let Some(canonical) = self.canonical {
            error["status"] = canonical.into();
        }
        json!({ "error": error })
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_fingerprint_points_at_the_header() {
        assert_eq!(
            Error::stale_fingerprint().body(),
            json!({"error": {"code": 412, "message": "Invalid fingerprint.", "errors": [{
                "message": "Invalid fingerprint.", "domain": "global", "reason": "conditionNotMet",
                "locationType": "header", "location": "If-Match"}]}})
        );
    }

    #[test]
    fn missing_fields_come_together() {
        let body = Error::required(&["resource.name", "resource.targetSize"]).body();
        assert_eq!(body["error"]["errors"].as_array().map(Vec::len), Some(2));
        assert_eq!(body["error"]["message"], "Required field 'resource.name' not specified");
    }
}
