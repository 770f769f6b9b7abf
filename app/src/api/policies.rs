//! The policy of approvals.

use domain::view::policy::PolicyView;
use leptos::prelude::*;

use super::ApiError;

#[server(prefix = "/fn", endpoint = "load_policy")]
pub async fn load_policy() -> Result<PolicyView, ApiError> {
    let request = super::request()?;
    request.answer(control::policies::load_policy(&request.control, &request.actor).await)
}
