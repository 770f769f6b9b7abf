//! `/livez`: the process answers. `/readyz`: it can do its work.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use control::Control;
use serde_json::json;

use crate::{AppState, own::Routes};

pub fn router() -> Router<AppState> {
    Routes::default().on("/livez", livez).on("/readyz", readyz).router()
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
