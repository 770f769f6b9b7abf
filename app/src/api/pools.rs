//! Pools.

use domain::view::{
    pool::{PoolForm, PoolRollout, PoolRow, PoolView},
    timeline::PoolTimeline,
};
use leptos::prelude::*;

use super::{ApiError, codec::Json};

/// None: the pools of all environments. `sort` is as an address writes it.
#[server(prefix = "/fn", endpoint = "list_pools", output = Json)]
pub async fn list_pools(environment: Option<String>, sort: Option<String>) -> Result<Vec<PoolRow>, ApiError> {
    let request = super::request()?;
    let rows = control::pools::list_pools(&request.control, &request.actor, environment.as_deref()).await;
    request.answer(
        rows.map(|rows| domain::list_order::ordered(rows, sort.as_deref(), domain::list_order::POOL_COLUMNS)),
    )
}

#[server(prefix = "/fn", endpoint = "load_pool", output = Json)]
pub async fn load_pool(environment: String, name: String) -> Result<PoolView, ApiError> {
    let request = super::request()?;
    request.answer(control::pools::load_pool(&request.control, &request.actor, &environment, &name).await)
}

#[server(prefix = "/fn", endpoint = "load_pool_rollout", output = Json)]
pub async fn load_pool_rollout(environment: String, name: String) -> Result<PoolRollout, ApiError> {
    let request = super::request()?;
    request.answer(
        control::pools::load_pool_rollout(&request.control, &request.actor, &environment, &name).await,
    )
}

/// Without a name: of a pool that is yet to be.
#[server(prefix = "/fn", endpoint = "load_pool_form", output = Json)]
pub async fn load_pool_form(environment: Option<String>, name: Option<String>) -> Result<PoolForm, ApiError> {
    let request = super::request()?;
    let (environment, name) = (environment.as_deref(), name.as_deref());
    request.answer(control::pools::load_pool_form(&request.control, &request.actor, environment, name).await)
}

/// `before` is the number of an event; None: the newest.
#[server(prefix = "/fn", endpoint = "load_pool_timeline", output = Json)]
pub async fn load_pool_timeline(
    environment: String,
    pool: String,
    before: Option<i64>,
) -> Result<PoolTimeline, ApiError> {
    let request = super::request()?;
    let timeline =
        control::timeline::load_pool_timeline(&request.control, &request.actor, &environment, &pool, before)
            .await;
    request.answer(timeline)
}
