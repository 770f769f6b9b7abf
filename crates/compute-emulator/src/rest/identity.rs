//! The keys that verify identity tokens, where Google has them at `www.googleapis.com/oauth2/v3/certs`.

use axum::{Json, extract::State};
use serde_json::Value;

use crate::app::App;

pub(crate) async fn keys(State(app): State<App>) -> Json<Value> {
    Json(app.issuer.keys())
}
