//! A pool's autoscaling.

use axum::{
    Json,
    extract::{Path, RawQuery},
};
use control::autoscaling;
use rest_api::Autoscaling;

use super::v1::{Asked, Query, Routes};
use crate::problem::Problem;

/// Seconds that the samples go back where nobody says how many.
const WINDOW: i64 = 3600;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.on("load_autoscaling", load_autoscaling)
}

async fn load_autoscaling(
    asked: Asked,
    Path((environment, pool)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Autoscaling>, Problem> {
    let query = Query::read(&asked, query.as_deref())?;
    let window: Option<i64> = query.get("window").map(|window| asked.parse("window", window)).transpose()?;
    let window = window.unwrap_or(WINDOW);
    let view = autoscaling::load_autoscaling(&asked.control, &asked.actor, &environment, &pool, window).await;
    Ok(Json(Autoscaling::from(&asked.done(view)?)))
}
