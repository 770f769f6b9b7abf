//! The log as a file, with the filters of its page: a line an event, with the bytes that are chained (docs/audit-export.md).

use axum::{
    Extension, Router,
    body::Body,
    extract::{RawQuery, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use control::{
    Control, Error,
    audit::{self, AuditExport},
};
use domain::Actor;
use futures_util::{TryStreamExt as _, stream};

use crate::{AppState, headers::RequestId, own::Routes, problem::Problem};

pub fn router() -> Router<AppState> {
    Routes::default().on("/audit.jsonl", export_audit).router()
}

async fn export_audit(
    State(control): State<Control>,
    Extension(actor): Extension<Actor>,
    Extension(RequestId(request_id)): Extension<RequestId>,
    RawQuery(query): RawQuery,
) -> Response {
    let wanted = match app::audit_query(query.as_deref().unwrap_or_default()) {
        Ok(wanted) => wanted,
        Err(problems) => {
            let error = app::form_post::refused(problems);
            return Problem::from_error(&error, &request_id).into_response();
        }
    };
    let of = wanted.environment.clone().unwrap_or_else(|| "all".to_owned());
    let export = match audit::export_audit(&control, &actor, wanted).await {
        Ok(export) => export,
        Err(error) => return Problem::from_error(&error, &request_id).into_response(),
    };
    let lines = stream::try_unfold(export, |mut export: AuditExport| async move {
        let lines = export.lines().await?;
        Ok::<_, Error>(lines.map(|lines| (lines, export)))
    });
    // The answer has begun: whoever takes it sees that it breaks off, and here stands why.
    let lines = lines.inspect_err(move |error| tracing::error!(request_id, ?error, "an export broke off"));
    let at = control.clock.now().format("%Y%m%dT%H%M%SZ");
    let headers = [
        (header::CONTENT_TYPE, "application/jsonl; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"audit-{of}-{at}.jsonl\"")),
    ];
    (headers, Body::from_stream(lines)).into_response()
}
