//! Environments.

use domain::view::environment::EnvironmentList;
use leptos::prelude::*;

use super::{ApiError, codec::Json};

#[server(prefix = "/fn", endpoint = "list_environments", output = Json)]
pub async fn list_environments() -> Result<EnvironmentList, ApiError> {
    let request = super::request()?;
    request.answer(control::environments::list_environments(&request.control, &request.actor).await)
}
