//! Pools.

use axum::{Json, extract::Path};
use control::pools;
use rest_api::{Pool, PoolList, PoolRollout};

use super::v1::{Asked, Routes};
use crate::problem::Problem;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.on("list_pools", list_pools).on("load_pool", load_pool).on("load_pool_rollout", load_pool_rollout)
}

async fn list_pools(asked: Asked, Path(environment): Path<String>) -> Result<Json<PoolList>, Problem> {
    let rows = asked.done(pools::list_pools(&asked.control, &asked.actor, Some(&environment)).await)?;
    Ok(Json(PoolList { pools: rows.iter().map(Pool::from).collect() }))
}

async fn load_pool(
    asked: Asked,
    Path((environment, pool)): Path<(String, String)>,
) -> Result<Json<Pool>, Problem> {
    let view = asked.done(pools::load_pool(&asked.control, &asked.actor, &environment, &pool).await)?;
    Ok(Json(Pool::from(&view.row)))
}

async fn load_pool_rollout(
    asked: Asked,
    Path((environment, pool)): Path<(String, String)>,
) -> Result<Json<PoolRollout>, Problem> {
    let view = pools::load_pool_rollout(&asked.control, &asked.actor, &environment, &pool).await;
    Ok(Json(PoolRollout::from(&asked.done(view)?)))
}
