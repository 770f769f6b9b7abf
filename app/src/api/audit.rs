//! The audit log.

use domain::view::audit::{AuditEventView, AuditList, AuditProof, AuditQuery};
use leptos::prelude::*;

use super::{ApiError, codec::Json};

#[server(prefix = "/fn", endpoint = "list_audit", input = Json, output = Json)]
pub async fn list_audit(query: AuditQuery) -> Result<AuditList, ApiError> {
    let request = super::request()?;
    request.answer(control::audit::list_audit(&request.control, &request.actor, query).await)
}

#[server(prefix = "/fn", endpoint = "load_audit_event", output = Json)]
pub async fn load_audit_event(seq: i64) -> Result<AuditEventView, ApiError> {
    let request = super::request()?;
    request.answer(control::audit::load_audit_event(&request.control, &request.actor, seq).await)
}

#[server(prefix = "/fn", endpoint = "verify_audit", output = Json)]
pub async fn verify_audit() -> Result<AuditProof, ApiError> {
    let request = super::request()?;
    request.answer(control::audit::verify_audit(&request.control, &request.actor).await)
}
