//! Instances.

use domain::view::{
    health::{AgentStatus, CloudErrors, InstanceHistory, SerialPage},
    instance::{InstanceList, InstancePlace, InstanceView},
};
use leptos::prelude::*;

use super::{ApiError, codec::Json};

/// None: the first environment; any instance; from the list's beginning on. Not both `after` and `before`.
#[server(prefix = "/fn", endpoint = "load_instances", output = Json)]
pub async fn load_instances(
    environment: Option<String>,
    words: Option<String>,
    after: Option<InstancePlace>,
    before: Option<InstancePlace>,
) -> Result<InstanceList, ApiError> {
    use control::instances::Page;

    let request = super::request()?;
    let page = match (&after, &before) {
        (Some(place), _) => Page::After(place),
        (None, Some(place)) => Page::Before(place),
        (None, None) => Page::First,
    };
    request.answer(
        control::instances::load_instances(
            &request.control,
            &request.actor,
            environment.as_deref(),
            words.as_deref().unwrap_or_default(),
            page,
        )
        .await,
    )
}

#[server(prefix = "/fn", endpoint = "load_instance", output = Json)]
pub async fn load_instance(zone: String, name: String) -> Result<InstanceView, ApiError> {
    let request = super::request()?;
    request.answer(control::instances::load_instance(&request.control, &request.actor, &zone, &name).await)
}

#[server(prefix = "/fn", endpoint = "load_instance_history", output = Json)]
pub async fn load_instance_history(
    zone: String,
    name: String,
    all: Option<bool>,
) -> Result<InstanceHistory, ApiError> {
    let request = super::request()?;
    let all = all.unwrap_or_default();
    request.answer(
        control::health::load_instance_history(&request.control, &request.actor, &zone, &name, all).await,
    )
}

/// None: the last page.
#[server(prefix = "/fn", endpoint = "load_serial_page", output = Json)]
pub async fn load_serial_page(
    zone: String,
    name: String,
    start: Option<u64>,
) -> Result<SerialPage, ApiError> {
    let request = super::request()?;
    request.answer(
        control::instances::load_serial_page(&request.control, &request.actor, &zone, &name, start).await,
    )
}

/// The last lines; None: as many as the last page has.
#[server(prefix = "/fn", endpoint = "load_serial_end", output = Json)]
pub async fn load_serial_end(
    zone: String,
    name: String,
    lines: Option<usize>,
) -> Result<SerialPage, ApiError> {
    let request = super::request()?;
    let lines = lines.unwrap_or(usize::MAX);
    request.answer(
        control::instances::load_serial_end(&request.control, &request.actor, &zone, &name, lines).await,
    )
}

#[server(prefix = "/fn", endpoint = "load_cloud_errors", output = Json)]
pub async fn load_cloud_errors(zone: String, name: String) -> Result<CloudErrors, ApiError> {
    let request = super::request()?;
    request
        .answer(control::instances::load_cloud_errors(&request.control, &request.actor, &zone, &name).await)
}

#[server(prefix = "/fn", endpoint = "load_agent_status", output = Json)]
pub async fn load_agent_status(zone: String, name: String) -> Result<AgentStatus, ApiError> {
    let request = super::request()?;
    request
        .answer(control::instances::load_agent_status(&request.control, &request.actor, &zone, &name).await)
}

#[server(prefix = "/fn", endpoint = "restart_agent", output = Json)]
pub async fn restart_agent(zone: String, name: String) -> Result<i64, ApiError> {
    let request = super::request()?;
    request.answer(control::commands::restart_agent(&request.control, &request.actor, &zone, &name).await)
}

#[server(prefix = "/fn", endpoint = "stop_agent", output = Json)]
pub async fn stop_agent(zone: String, name: String) -> Result<i64, ApiError> {
    let request = super::request()?;
    request.answer(control::commands::stop_agent(&request.control, &request.actor, &zone, &name).await)
}

#[server(prefix = "/fn", endpoint = "start_agent", output = Json)]
pub async fn start_agent(zone: String, name: String) -> Result<i64, ApiError> {
    let request = super::request()?;
    request.answer(control::commands::start_agent(&request.control, &request.actor, &zone, &name).await)
}
