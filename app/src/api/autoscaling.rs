//! Autoscaling.

use domain::{
    pool::PoolSpec,
    view::autoscaling::{AutoscalingForm, AutoscalingList, AutoscalingView, ReplayView},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{ApiError, codec::Json};
use crate::components::plot::Plot;

/// A pool's sizes with their plot, which is drawn here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AutoscalingPage {
    pub view: AutoscalingView,
    pub sizes: Option<Plot>,
}

/// None: the pools of all environments.
#[server(prefix = "/fn", endpoint = "list_autoscaling", output = Json)]
pub async fn list_autoscaling(environment: Option<String>) -> Result<AutoscalingList, ApiError> {
    let request = super::request()?;
    request.answer(
        control::autoscaling::list_autoscaling(&request.control, &request.actor, environment.as_deref())
            .await,
    )
}

/// `window` in seconds.
#[server(prefix = "/fn", endpoint = "load_autoscaling", output = Json)]
pub async fn load_autoscaling(
    environment: String,
    pool: String,
    window: i64,
) -> Result<AutoscalingPage, ApiError> {
    let request = super::request()?;
    let view =
        control::autoscaling::load_autoscaling(&request.control, &request.actor, &environment, &pool, window)
            .await;
    request.answer(view).map(|view| AutoscalingPage { sizes: crate::plots::size::plot(&view), view })
}

#[server(prefix = "/fn", endpoint = "load_autoscaling_form", output = Json)]
pub async fn load_autoscaling_form(environment: String, pool: String) -> Result<AutoscalingForm, ApiError> {
    let request = super::request()?;
    request.answer(
        control::autoscaling::load_autoscaling_form(&request.control, &request.actor, &environment, &pool)
            .await,
    )
}

/// A draft on the load of the last day with its plot, which is drawn here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReplayPage {
    pub view: ReplayView,
    pub sizes: Option<Plot>,
}

#[server(prefix = "/fn", endpoint = "replay_autoscaling", input = Json, output = Json)]
pub async fn replay_autoscaling(environment: String, draft: PoolSpec) -> Result<ReplayPage, ApiError> {
    let request = super::request()?;
    let view =
        control::autoscaling::replay_autoscaling(&request.control, &request.actor, &environment, &draft)
            .await;
    request.answer(view).map(|view| ReplayPage { sizes: crate::plots::replay::plot(&view), view })
}
