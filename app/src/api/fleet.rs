//! The fleet.

use domain::view::fleet::FleetView;
use leptos::prelude::*;

use super::{ApiError, codec::Json};

/// None: the first environment.
#[server(prefix = "/fn", endpoint = "load_fleet", output = Json)]
pub async fn load_fleet(environment: Option<String>) -> Result<FleetView, ApiError> {
    let request = super::request()?;
    request.answer(control::fleet::load_fleet(&request.control, &request.actor, environment.as_deref()).await)
}
