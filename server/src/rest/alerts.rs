//! Alerts and incidents.

use axum::Json;
use control::alerts;
use rest_api::AlertList;

use super::v1::{Asked, Routes};
use crate::problem::Problem;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.on("list_alerts", list_alerts)
}

async fn list_alerts(asked: Asked) -> Result<Json<AlertList>, Problem> {
    let view = asked.done(alerts::list_alerts(&asked.control, &asked.actor, None).await)?;
    Ok(Json(AlertList::from(&view)))
}
