//! The pages on the health port: `/health` for health checks, `/metrics` for Prometheus, `/status` for people.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::{Router, routing::get};
use chrono::SecondsFormat;
use serde_json::json;

use crate::control_plane::VERSION;
use crate::load::Status;
use crate::state::{Link, State};

/// Said before the metadata server has answered.
const NOT_KNOWN_YET: &str = "unknown";

pub(crate) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .route("/status", get(status))
        .with_state(state)
}

async fn health(Shared(state): Shared<Arc<State>>) -> Response {
    let (status, _) = state.condition();
    let code = if status == Status::Unhealthy { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let (agent_type, environment) = match &state.known().identity {
        Some(identity) => (identity.agent_type.clone(), identity.environment.clone()),
        None => (NOT_KNOWN_YET.to_owned(), NOT_KNOWN_YET.to_owned()),
    };
    let body = json!({
        "status": status,
        "timestamp": state.now().to_rfc3339_opts(SecondsFormat::Millis, true),
        "agent_type": agent_type,
        "environment": environment,
        "uptime": state.uptime().as_secs(),
        "version": VERSION,
    });
    (code, Json(body)).into_response()
}

async fn metrics(Shared(state): Shared<Arc<State>>) -> Response {
    let load = state.load();
    let (sent, failed) = {
        let known = state.known();
        (known.sent, known.failed)
    };
    let mut text = String::with_capacity(1024);
    let mut metric = |name: &str, kind: &str, help: &str, value: String| {
        // Writing into a String cannot fail.
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
    };
    let tasks = load.tasks_completed_total.to_string();
    metric("agent_tasks_completed_total", "counter", "Tasks completed since boot.", tasks);
    let cpu = load.cpu_utilization_percent.to_string();
    metric("agent_cpu_utilization_percent", "gauge", "Processor time in use, 0 to 100.", cpu);
    let memory = load.memory_usage_bytes.to_string();
    metric("agent_memory_usage_bytes", "gauge", "Memory in use.", memory);
    let disk = load.disk_usage_percent.to_string();
    metric("agent_disk_usage_percent", "gauge", "Disk space in use, 0 to 100.", disk);
    let uptime = state.uptime().as_secs_f64().to_string();
    metric("agent_uptime_seconds", "gauge", "Time since the agent started.", uptime);
    metric("agent_heartbeats_sent_total", "counter", "Heartbeats that were accepted.", sent.to_string());
    let failures = failed.to_string();
    metric("agent_heartbeat_failures_total", "counter", "Heartbeats refused or not delivered.", failures);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

async fn status(Shared(state): Shared<Arc<State>>) -> Response {
    let (condition, load) = state.condition();
    let uptime = state.uptime();
    let known = state.known();
    let (phase, message) = match &known.link {
        Link::ReadingMetadata => ("starting", "reading the metadata".to_owned()),
        Link::NoControlPlane => ("idle", "no control plane declared".to_owned()),
        Link::Enrolling => ("enrolling", "proving which VM this is".to_owned()),
        Link::Reporting => ("reporting", "heartbeats are accepted".to_owned()),
        Link::Failing(reason) => ("failing", reason.clone()),
    };
    let identity = known.identity.as_ref();
    let body = json!({
        "instance": identity,
        "agent_type": identity.map(|identity| &identity.agent_type),
        "environment": identity.map(|identity| &identity.environment),
        "version": VERSION,
        "status": condition,
        "boot_id": known.boot_id,
        "uptime_seconds": uptime.as_secs(),
        "sequence": known.sequence,
        "last_heartbeat": known.last_heartbeat,
        "control_plane": {
            "url": known.control_plane,
            "phase": phase,
            "message": message,
            "credential_expires_at": known.credential_expires_at,
        },
        "configuration": {
            "metadata": state.metadata_url(),
            "declared_version": identity.and_then(|identity| identity.declared_version.as_ref()),
            "heartbeat_interval_seconds": known.heartbeat_interval.as_secs_f64(),
        },
        "metrics": load,
    });
    Json(body).into_response()
}
