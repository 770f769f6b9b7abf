//! The audit log.

use domain::view::audit::AuditList;
use leptos::prelude::*;

use super::ApiError;

#[server(prefix = "/fn", endpoint = "list_audit")]
pub async fn list_audit(environment: Option<String>, before: Option<i64>) -> Result<AuditList, ApiError> {
    let request = super::request()?;
    let query = control::audit::AuditQuery { environment, before, ..Default::default() };
    request.answer(control::audit::list_audit(&request.control, &request.actor, query).await)
}
