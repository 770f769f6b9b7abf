//! `/metrics` in Prometheus' text format, for a session or a token of read scope (docs/metrics.md).

use std::fmt::Write as _;

use axum::{
    Extension, Router,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use control::{Control, error::authorize};
use domain::{Actor, Permission, agent::AgentState, view::diagnosis::HealthCheck};

use crate::{AppState, headers::RequestId, own::Routes, problem::Problem};

pub fn router() -> Router<AppState> {
    Routes::default().on("/metrics", metrics).router()
}

async fn metrics(
    State(control): State<Control>,
    Extension(actor): Extension<Actor>,
    Extension(RequestId(request_id)): Extension<RequestId>,
) -> Response {
    if let Err(error) = authorize(&actor, Permission::ReadFleet) {
        return Problem::from_error(&error, &request_id).into_response();
    }
    let health = control::diagnosis::look(&control).await;
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], render(&control, &health)).into_response()
}

fn render(control: &Control, health: &[HealthCheck]) -> String {
    let mut text = String::new();
    text.push_str(
        "# HELP agent_manager_health Parts of the control plane: 0 well, 1 to be looked at, 2 not working.\n",
    );
    text.push_str("# TYPE agent_manager_health gauge\n");
    for check in health {
        let part = check.part.to_lowercase().replace(' ', "_");
        let _ = writeln!(
            text,
            "agent_manager_health{{part=\"{part}\",cause=\"{}\"}} {}",
            check.cause, check.status as u8
        );
    }
    text.push_str("# HELP agent_manager_agents Agents by state.\n# TYPE agent_manager_agents gauge\n");
    let counts = control.live.count_agents();
    for state in AgentState::ALL {
        let count = counts.iter().find(|one| one.state == state).map_or(0, |one| one.count);
        let _ = writeln!(text, "agent_manager_agents{{state=\"{}\"}} {count}", state.as_str());
    }
    text.push_str("# HELP agent_manager_streams Pages that follow the fleet live.\n# TYPE agent_manager_streams gauge\n");
    let _ = writeln!(text, "agent_manager_streams {}", control.live.listeners());
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
