//! The audit log.

use axum::{Json, extract::RawQuery};
use control::audit::{self, AuditQuery};
use rest_api::{AuditEvent, AuditEventList};

use super::v1::{Asked, Query, Routes};
use crate::problem::Problem;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.on("list_audit", list_audit)
}

/// The cursor is the last event's number.
async fn list_audit(asked: Asked, RawQuery(query): RawQuery) -> Result<Json<AuditEventList>, Problem> {
    let query = Query::read(&asked, query.as_deref())?;
    let wanted = AuditQuery {
        environment: query.get("environment").map(str::to_owned),
        change: query.get("change").map(|change| asked.parse("change", change)).transpose()?,
        before: query.get("cursor").map(|cursor| asked.parse("cursor", cursor)).transpose()?,
        ..AuditQuery::default()
    };
    let page = asked.done(audit::list_audit(&asked.control, &asked.actor, wanted).await)?;
    Ok(Json(AuditEventList {
        audit_events: page.events.iter().map(AuditEvent::from).collect(),
        next: page.next.map(|seq| seq.to_string()),
    }))
}
