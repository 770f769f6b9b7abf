//! Firewall rules.

use domain::view::firewall::{FirewallRuleForm, FirewallRuleView, FirewallView, PoolFirewall, Question};
use leptos::prelude::*;

use super::{ApiError, codec::Json};

/// None: the first environment. With a question, also its answer.
#[server(prefix = "/fn", endpoint = "load_firewall", input = Json, output = Json)]
pub async fn load_firewall(
    environment: Option<String>,
    question: Option<Question>,
) -> Result<FirewallView, ApiError> {
    let request = super::request()?;
    let view = control::firewall::load_firewall(
        &request.control,
        &request.actor,
        environment.as_deref(),
        question.as_ref(),
    )
    .await;
    request.answer(view)
}

#[server(prefix = "/fn", endpoint = "load_firewall_rule", output = Json)]
pub async fn load_firewall_rule(environment: String, key: String) -> Result<FirewallRuleView, ApiError> {
    let request = super::request()?;
    let view =
        control::firewall::load_firewall_rule(&request.control, &request.actor, &environment, &key).await;
    request.answer(view)
}

#[server(prefix = "/fn", endpoint = "load_pool_firewall", output = Json)]
pub async fn load_pool_firewall(environment: String, pool: String) -> Result<PoolFirewall, ApiError> {
    let request = super::request()?;
    let view =
        control::firewall::load_pool_firewall(&request.control, &request.actor, &environment, &pool).await;
    request.answer(view)
}

/// Without a key, the form creates a rule; without an environment, in the first one.
#[server(prefix = "/fn", endpoint = "load_firewall_rule_form", output = Json)]
pub async fn load_firewall_rule_form(
    environment: Option<String>,
    key: Option<String>,
) -> Result<FirewallRuleForm, ApiError> {
    let request = super::request()?;
    let form = control::firewall::load_firewall_rule_form(
        &request.control,
        &request.actor,
        environment.as_deref(),
        key.as_deref(),
    )
    .await;
    request.answer(form)
}
