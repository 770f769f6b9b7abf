//! `/livez`: the process answers. `/readyz`: it can do its work.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use control::Control;
use serde_json::json;

use crate::AppState;

pub fn router() -> Router<AppState> {
    Router::new().route("/livez", get(livez)).route("/readyz", get(readyz))
}

async fn livez() -> Response {
    Json(json!({ "status": "ok" })).into_response()
}

async fn readyz(State(control): State<Control>) -> Response {
    match control.store.ping().await {
        Ok(()) => Json(json!({ "status": "ok", "database": "ok" })).into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            let body = Json(json!({ "status": "unavailable", "database": "does not answer" }));
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}
