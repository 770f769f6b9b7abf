//! What a declaration would do.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, rejection::BytesRejection},
    http::HeaderMap,
};
use control::{edits, import};
use rest_api::{MakePlan, PlanAnswer, PlanEdit};

use super::v1::{Asked, Routes};
use crate::problem::Problem;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.on("make_plan", make_plan).on("plan_edit", plan_edit)
}

async fn make_plan(
    asked: Asked,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<PlanAnswer>, Problem> {
    let wanted: MakePlan = asked.json(&headers, body)?;
    let preview = asked.done(import::preview_import(&asked.control, &asked.actor, wanted.into()).await)?;
    Ok(Json(PlanAnswer::from(&preview)))
}

async fn plan_edit(
    asked: Asked,
    Path(environment): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<PlanAnswer>, Problem> {
    let PlanEdit { edit } = asked.json(&headers, body)?;
    let preview = asked.done(edits::preview_edit(&asked.control, &asked.actor, &environment, &edit).await)?;
    Ok(Json(PlanAnswer::from(&preview)))
}
