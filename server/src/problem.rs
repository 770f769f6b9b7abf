//! Refusals as RFC 9457 problem documents. What happened inside never crosses the wire; the request id always does.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use control::{agents::AgentRefused, error::Error};
use rest_api::{Declaration, FieldProblem};

/// After how many seconds it is worth to ask again, where nothing better is known: the database is back, or a place is free.
pub const RETRY_AFTER_SECONDS: &str = "5";

#[derive(Debug)]
pub struct Problem(rest_api::Problem);

impl Problem {
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>, request_id: &str) -> Self {
        Self(rest_api::Problem {
            r#type: app::error_code(code),
            title: status.canonical_reason().unwrap_or("Refused").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            request_id: request_id.to_owned(),
            errors: Vec::new(),
            current: None,
        })
    }

    /// With what is declared now in the place of what the caller had read; its ETag goes along.
    pub fn with_current(mut self, declaration: Declaration) -> Self {
        self.0.current = Some(Box::new(declaration));
        self
    }

    /// With the field that it is about.
    pub fn with_field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.0.errors.push(FieldProblem { field: field.into(), message: message.into() });
        self
    }

    pub fn from_error(error: &Error, request_id: &str) -> Self {
        if error.is_fault() {
            tracing::error!(request_id, error = ?error, "a request failed");
        }
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut problem = Self::new(status, error.code(), error.to_string(), request_id);
        if let Error::Invalid(fields) = error {
            let field = |error: &control::error::FieldError| FieldProblem {
                field: error.field.clone(),
                message: error.message.clone(),
            };
            problem.0.errors = fields.iter().map(field).collect();
        }
        problem
    }

    pub fn from_refusal(refused: &AgentRefused, request_id: &str) -> Self {
        let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(status, refused.code, refused.message.clone(), request_id)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let tag = self.0.current.as_ref().map(|current| current.tag());
        let mut response = (status, Json(self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(tag) = tag.and_then(|tag| HeaderValue::try_from(tag).ok()) {
            headers.insert(header::ETAG, tag);
        }
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_to_come_again_is_told_when() {
        let told = |status| {
            let answer = Problem::new(status, "code", "detail", "request-1").into_response();
            answer.headers().get(header::RETRY_AFTER).cloned()
        };
        for status in [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE] {
            assert_eq!(told(status).unwrap(), RETRY_AFTER_SECONDS);
        }
        assert_eq!(told(StatusCode::BAD_REQUEST), None);
    }
}
