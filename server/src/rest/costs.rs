//! A month's costs, and the same as a file.

use axum::{
    Extension, Json, Router,
    extract::{Path, Query, RawQuery, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use chrono::NaiveDate;
use control::{Control, Error, costs};
use domain::Actor;
use rest_api::Costs;
use serde::Deserialize;

use super::v1::{self, Asked};
use crate::{AppState, headers::RequestId, own::Routes, problem::Problem};

pub fn router() -> Router<AppState> {
    Routes::default().on("/costs.csv", export_costs).router()
}

pub(super) fn routes(routes: v1::Routes) -> v1::Routes {
    routes.on("load_costs", load_costs)
}

async fn load_costs(
    asked: Asked,
    Path(environment): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<Costs>, Problem> {
    let query = v1::Query::read(&asked, query.as_deref())?;
    let month = asked.done(query.get("month").map(read_month).transpose())?;
    let view = costs::load_costs(&asked.control, &asked.actor, Some(&environment), month).await;
    Ok(Json(Costs::of(&environment, &asked.done(view)?)))
}

/// The first day of `2026-11`.
fn read_month(text: &str) -> Result<NaiveDate, Error> {
    format!("{text}-01").parse().map_err(|_| Error::invalid("month", "name a month, like 2026-11"))
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    environment: String,
    /// `2026-11`.
    #[serde(default)]
    month: String,
}

async fn export_costs(
    State(control): State<Control>,
    Extension(actor): Extension<Actor>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let month = match read_month(&wanted.month) {
        Ok(month) => month,
        Err(error) => return Problem::from_error(&error, &request_id).into_response(),
    };
    match costs::export_costs(&control, &actor, &wanted.environment, month).await {
        Ok(text) => {
            let name = format!("attachment; filename=\"costs-{}.csv\"", wanted.month);
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
                (header::CONTENT_DISPOSITION, name),
            ];
            (headers, text).into_response()
        }
        Err(error) => Problem::from_error(&error, &request_id).into_response(),
    }
}
