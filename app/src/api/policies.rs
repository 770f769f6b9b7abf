//! The policy of approvals.

use domain::view::policy::PolicyView;
use leptos::prelude::*;

use super::{ApiError, codec::Json};

#[server(prefix = "/fn", endpoint = "load_policy", output = Json)]
pub async fn load_policy() -> Result<PolicyView, ApiError> {
    let request = super::request()?;
    request.answer(control::policies::load_policy(&request.control, &request.actor).await)
}
