//! Instances with their agents.

use axum::{
    Json,
    extract::{Path, RawQuery},
};
use control::{
    Error,
    instances::{self, InstanceFilter},
};
use rest_api::{Instance, InstanceList};

use super::v1::{Asked, Query, Routes};
use crate::problem::Problem;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.on("list_instances", list_instances).on("load_instance", load_instance)
}

/// The cursor is the last row's `zone/name`.
async fn list_instances(
    asked: Asked,
    Path(environment): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<InstanceList>, Problem> {
    let query = Query::read(&asked, query.as_deref())?;
    let after = match query.get("cursor") {
        Some(cursor) => Some(
            cursor
                .split_once('/')
                .ok_or_else(|| asked.refused(&Error::invalid("cursor", "give `next` of the page before")))?,
        ),
        None => None,
    };
    let filter = InstanceFilter { pool: query.get("pool"), name: query.get("name") };
    let page = instances::list_instances(&asked.control, &asked.actor, &environment, filter, after).await;
    let page = asked.done(page)?;
    Ok(Json(InstanceList {
        next: page.next.map(|(zone, name)| format!("{zone}/{name}")),
        instances: page.instances.iter().map(Instance::from).collect(),
    }))
}

async fn load_instance(
    asked: Asked,
    Path((zone, name)): Path<(String, String)>,
) -> Result<Json<Instance>, Problem> {
    let view = asked.done(instances::load_instance(&asked.control, &asked.actor, &zone, &name).await)?;
    Ok(Json(Instance::from(&view.row)))
}
