//! Templates as declared.

use axum::{Json, extract::Path};
use control::{Error, environments};
use rest_api::TemplateList;

use super::v1::{Asked, Routes};
use crate::problem::Problem;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.on("list_templates", list_templates)
}

async fn list_templates(
    asked: Asked,
    Path(environment): Path<String>,
) -> Result<Json<TemplateList>, Problem> {
    let view =
        asked.done(environments::load_environment(&asked.control, &asked.actor, &environment).await)?;
    asked.done(TemplateList::of(&view).map_err(Error::internal)).map(Json)
}
