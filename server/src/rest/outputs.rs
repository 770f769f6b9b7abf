//! The module's outputs.

use axum::{Json, extract::Path};
use control::{Error, outputs};
use rest_api::OutputList;

use super::v1::{Asked, Routes};
use crate::problem::Problem;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.on("load_outputs", load_outputs)
}

async fn load_outputs(asked: Asked, Path(environment): Path<String>) -> Result<Json<OutputList>, Problem> {
    let found = asked.done(outputs::load_outputs(&asked.control, &asked.actor, &environment).await)?;
    let list = OutputList::of(&environment, found.generation, &found.outputs).map_err(Error::internal);
    asked.done(list).map(Json)
}
