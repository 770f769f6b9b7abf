//! Costs.

use chrono::NaiveDate;
use domain::view::costs::{CostsView, PoolCosts};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{ApiError, codec::Json};
use crate::components::plot::Plot;

/// A month with its plot, which is drawn here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostsPage {
    pub view: CostsView,
    pub by_day: Option<Plot>,
}

/// None: the first environment, and the present month.
#[server(prefix = "/fn", endpoint = "load_costs", output = Json)]
pub async fn load_costs(
    environment: Option<String>,
    month: Option<NaiveDate>,
) -> Result<CostsPage, ApiError> {
    let request = super::request()?;
    let view =
        control::costs::load_costs(&request.control, &request.actor, environment.as_deref(), month).await;
    request.answer(view).map(|view| CostsPage { by_day: crate::plots::spend::plot(&view), view })
}

/// One pool's part of a month with its plot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoolCostsPage {
    pub costs: PoolCosts,
    pub by_day: Option<Plot>,
}

/// None: the present month.
#[server(prefix = "/fn", endpoint = "load_pool_costs", output = Json)]
pub async fn load_pool_costs(
    environment: String,
    pool: String,
    month: Option<NaiveDate>,
) -> Result<PoolCostsPage, ApiError> {
    let request = super::request()?;
    let costs =
        control::costs::load_pool_costs(&request.control, &request.actor, &environment, &pool, month).await;
    request.answer(costs).map(|costs| PoolCostsPage { by_day: crate::plots::spend::plot(&costs.view), costs })
}

/// An empty amount takes the budget away.
#[server(prefix = "/fn", endpoint = "set_budget", output = Json)]
pub async fn set_budget(environment: String, revision: i32, monthly: String) -> Result<(), ApiError> {
    let request = super::request()?;
    request.answer(
        control::costs::set_budget(&request.control, &request.actor, &environment, revision, &monthly).await,
    )
}
