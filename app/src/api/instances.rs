//! Instances.

use domain::view::instance::InstanceView;
use leptos::prelude::*;

use super::ApiError;

#[server(prefix = "/fn", endpoint = "load_instance")]
pub async fn load_instance(zone: String, name: String) -> Result<InstanceView, ApiError> {
    let request = super::request()?;
    request.answer(control::instances::load_instance(&request.control, &request.actor, &zone, &name).await)
}
