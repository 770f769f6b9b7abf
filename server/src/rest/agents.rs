//! Enrolment and heartbeats (docs/agent-protocol.md).

use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
    routing::any,
};
use control::{
    Control,
    agents::{AgentRefused, Enrolment, LARGEST_BODY, enroll_agent, receive_heartbeat},
};
use serde_json::json;

use super::v1::not_found;
use crate::{AppState, headers::RequestId, own::Routes, problem::Problem};

pub fn router() -> Router<AppState> {
    Routes::default()
        .on("/agent/v1/enroll", enroll)
        .on("/agent/v1/heartbeats", heartbeats)
        .router()
        // An agent of another version is told so as agents are told: the pages' own route would draw it a page.
        .route("/agent/v1/{*elsewhere}", any(not_found))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

/// Counts what is refused here, before a use case sees it; those count what they refuse themselves.
fn counted(control: &Control, refused: AgentRefused) -> AgentRefused {
    control.live.count_refusal(refused.code);
    refused
}

fn read(control: &Control, body: Result<Bytes, BytesRejection>) -> Result<Bytes, AgentRefused> {
    body.map_err(|_| counted(control, AgentRefused::body_too_large()))
}

async fn enroll(
    State(control): State<Control>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let enrolled = async {
        let body = read(&control, body)?;
        let enrolment: Enrolment = serde_json::from_slice(&body)
            .map_err(|why| counted(&control, AgentRefused::unreadable_enrolment(why)))?;
        enroll_agent(&control, enrolment, &request_id).await
    };
    match enrolled.await {
        Ok(enrolled) => Json(enrolled).into_response(),
        Err(refused) => Problem::from_refusal(&refused, &request_id).into_response(),
    }
}

async fn heartbeats(
    State(control): State<Control>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let credential = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    let received = read(&control, body).and_then(|body| receive_heartbeat(&control, credential, &body));
    match received {
        Ok(orders) if orders.is_empty() => Json(json!({ "accepted": true })).into_response(),
        Ok(orders) => Json(json!({ "accepted": true, "commands": orders })).into_response(),
        Err(refused) => Problem::from_refusal(&refused, &request_id).into_response(),
    }
}
