//! A month's costs as a file.

use axum::{
    Extension, Router,
    extract::{Query, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use chrono::NaiveDate;
use control::{Control, Error, costs};
use domain::Actor;
use serde::Deserialize;

use crate::{AppState, headers::RequestId, own::Routes, problem::Problem};

pub fn router() -> Router<AppState> {
    Routes::default().on("/costs.csv", export_costs).router()
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
    let Ok(month) = format!("{}-01", wanted.month).parse::<NaiveDate>() else {
        let error = Error::invalid("month", "name a month, like 2026-11");
        return Problem::from_error(&error, &request_id).into_response();
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
