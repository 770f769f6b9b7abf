//! The control plane's own health.

use domain::view::diagnosis::HealthView;
use leptos::prelude::*;

use super::{ApiError, codec::Json};

#[server(prefix = "/fn", endpoint = "load_health", output = Json)]
pub async fn load_health() -> Result<HealthView, ApiError> {
    let request = super::request()?;
    request.answer(control::diagnosis::diagnose(&request.control, &request.actor).await)
}
