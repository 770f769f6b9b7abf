//! Firewall rules as declared.

use axum::{Json, extract::Path};
use control::environments;
use rest_api::FirewallRuleList;

use super::v1::{Asked, Routes};
use crate::problem::Problem;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.on("list_firewall_rules", list_firewall_rules)
}

async fn list_firewall_rules(
    asked: Asked,
    Path(environment): Path<String>,
) -> Result<Json<FirewallRuleList>, Problem> {
    let view =
        asked.done(environments::load_environment(&asked.control, &asked.actor, &environment).await)?;
    Ok(Json(FirewallRuleList::from(&view)))
}
