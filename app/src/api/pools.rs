//! Pools.

use domain::view::{
    pool::{PoolForm, PoolOverview, PoolRollout, PoolRow, PoolView},
    timeline::PoolTimeline,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{ApiError, codec::Json};
use crate::components::plot::Plot;

/// A pool's first tab with the plot of its sizes, which is drawn here. The samples stay here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolPage {
    pub overview: PoolOverview,
    pub sizes: Option<Plot>,
}

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

#[server(prefix = "/fn", endpoint = "load_pool_overview", output = Json)]
pub async fn load_pool_overview(environment: String, name: String) -> Result<PoolPage, ApiError> {
    let request = super::request()?;
    let overview =
        control::pools::load_pool_overview(&request.control, &request.actor, &environment, &name).await;
    request.answer(overview).map(|mut overview| {
        let sizes = overview.autoscaling.as_mut().and_then(|view| {
            let plot = crate::plots::size::plot(view);
            view.samples = Vec::new();
            plot
        });
        PoolPage { overview, sizes }
    })
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
