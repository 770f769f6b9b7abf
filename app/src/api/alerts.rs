//! Alerts and incidents.

use domain::view::health::AlertsView;
use leptos::prelude::*;

use super::{ApiError, codec::Json};

#[server(prefix = "/fn", endpoint = "list_alerts", output = Json)]
pub async fn list_alerts(incident: Option<String>) -> Result<AlertsView, ApiError> {
    let request = super::request()?;
    let incident = incident.as_deref().and_then(domain::incident::Incident::id_of);
    request.answer(control::alerts::list_alerts(&request.control, &request.actor, incident).await)
}

#[server(prefix = "/fn", endpoint = "close_incident", output = Json)]
pub async fn close_incident(id: i64, reason: String) -> Result<(), ApiError> {
    let request = super::request()?;
    request.answer(control::incidents::close_incident(&request.control, &request.actor, id, &reason).await)
}

#[server(prefix = "/fn", endpoint = "overrule_brake", output = Json)]
pub async fn overrule_brake(id: i64, reason: String) -> Result<(), ApiError> {
    let request = super::request()?;
    request.answer(control::incidents::overrule_brake(&request.control, &request.actor, id, &reason).await)
}
