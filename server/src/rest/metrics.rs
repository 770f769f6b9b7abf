//! `/metrics` in Prometheus' text format.

use std::fmt::Write as _;

use axum::{
    Extension, Router,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
    routing::get,
};
use control::{Control, error::authorize};
use domain::{Actor, Permission};

use crate::{AppState, headers::RequestId, problem::Problem};

pub fn router() -> Router<AppState> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(
    State(control): State<Control>,
    Extension(actor): Extension<Actor>,
    Extension(RequestId(request_id)): Extension<RequestId>,
) -> Response {
    if let Err(error) = authorize(&actor, Permission::ReadFleet) {
        return Problem::from_error(&error, &request_id).into_response();
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], render(&control)).into_response()
}

fn render(control: &Control) -> String {
    let mut text = String::new();
    text.push_str(
        "# HELP agent_manager_heartbeats_accepted_total Heartbeats taken since the server started.\n",
    );
    text.push_str("# TYPE agent_manager_heartbeats_accepted_total counter\n");
    let _ = writeln!(text, "agent_manager_heartbeats_accepted_total {}", control.live.accepted());
    text.push_str(
        "# HELP agent_manager_agent_refusals_total Enrolments and heartbeats refused, by reason.\n",
    );
    text.push_str("# TYPE agent_manager_agent_refusals_total counter\n");
    for (code, count) in control.live.refusals() {
        let _ = writeln!(text, "agent_manager_agent_refusals_total{{code=\"{code}\"}} {count}");
    }
    text
}
