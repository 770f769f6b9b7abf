//! Refusals as RFC 9457 problem documents. What happened inside never crosses the wire; the request id always does.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use control::{agents::AgentRefused, error::Error};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub struct Problem {
    /// Stable word that docs/errors.md explains.
    pub code: String,
    pub title: String,
    pub status: u16,
    pub request_id: String,
}

impl Problem {
    pub fn new(status: StatusCode, code: &str, title: impl Into<String>, request_id: &str) -> Self {
        Self {
            code: code.to_owned(),
            title: title.into(),
            status: status.as_u16(),
            request_id: request_id.to_owned(),
        }
    }

    pub fn from_error(error: &Error, request_id: &str) -> Self {
        if error.is_fault() {
            tracing::error!(request_id, error = ?error, "a request failed");
        }
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(status, error.code(), error.to_string(), request_id)
    }

    pub fn from_refusal(refused: &AgentRefused, request_id: &str) -> Self {
        let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(status, refused.code, refused.message.clone(), request_id)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}
