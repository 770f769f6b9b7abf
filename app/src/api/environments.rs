//! Environments.

use domain::view::environment::EnvironmentList;
use leptos::prelude::*;

use super::ApiError;

#[server(prefix = "/fn", endpoint = "list_environments")]
pub async fn list_environments() -> Result<EnvironmentList, ApiError> {
    let request = super::request()?;
    request.answer(control::environments::list_environments(&request.control, &request.actor).await)
}
