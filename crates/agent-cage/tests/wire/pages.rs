//! What an agent shows on its health port.

use std::collections::BTreeMap;
use std::time::Duration;

use agent_cage::{Agent, Load, LoadSource};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::control_plane::ControlPlane;
use super::metadata::Metadata;
use super::{Running, config, eventually, stage};

/// A reader of Prometheus text, strict about what an agent may say: each value has its type declared before it.
fn parse(text: &str) -> BTreeMap<String, (String, f64)> {
    let mut kinds = BTreeMap::new();
    let mut values = BTreeMap::new();
    assert!(text.ends_with('\n'), "the format demands a newline at the end");
    for line in text.lines() {
        if let Some(declaration) = line.strip_prefix("# TYPE ") {
            let (name, kind) = declaration.split_once(' ').unwrap();
            assert!(kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} is declared twice");
        } else if !line.starts_with("# HELP ") {
            let (name, value) = line.split_once(' ').unwrap();
            let kind = kinds.get(name).unwrap_or_else(|| panic!("{name} has no type")).clone();
            assert!(values.insert(name.to_owned(), (kind, value.parse().unwrap())).is_none());
        }
    }
    values
}

#[tokio::test]
async fn health_names_the_agent() {
    let (control_plane, _metadata, agent) = stage().await;
    eventually("a heartbeat", async || (control_plane.heartbeats() > 0).then_some(())).await;
    let response = agent.get("/health").await;
    assert_eq!(response.status(), 200);
    let body: Value = response.json().await.unwrap();
    let fields: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields.len(), 6, "{fields:?}");
    assert_eq!(body["status"], "healthy");
    assert_eq!(body["agent_type"], "backend-developer");
    assert_eq!(body["environment"], "dev");
    assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));
    assert!(body["uptime"].is_u64(), "{body}");
    assert!(chrono::DateTime::parse_from_rfc3339(body["timestamp"].as_str().unwrap()).is_ok(), "{body}");
    agent.stop().await;
}

#[tokio::test]
async fn a_full_disk_fails_the_health_check_and_is_reported() {
    for (disk_usage_percent, code, word) in [(91.0, 200, "degraded"), (99.0, 503, "unhealthy")] {
        let control_plane = ControlPlane::start().await;
        let metadata = Metadata::start(Some(control_plane.url())).await;
        let load = Load { disk_usage_percent, tasks_completed_total: 17, ..Load::default() };
        let agent = Agent::bind(config(metadata.url())).await.unwrap().with_load(LoadSource::Fixed(load));
        let agent = Running::from(agent);
        let response = agent.get("/health").await;
        assert_eq!(response.status(), code);
        assert_eq!(response.json::<Value>().await.unwrap()["status"], word);
        eventually("a heartbeat", async || (control_plane.heartbeats() > 0).then_some(())).await;
        let heartbeat = control_plane.with(|ledger| ledger.heartbeats[0].clone());
        assert_eq!(heartbeat["status"], word);
        assert_eq!(heartbeat["metrics"], serde_json::to_value(load).unwrap());
        agent.stop().await;
    }
}

#[tokio::test]
async fn metrics_are_prometheus_text() {
    let (control_plane, _metadata, agent) = stage().await;
    eventually("heartbeats", async || (control_plane.heartbeats() > 2).then_some(())).await;
    let response = agent.get("/metrics").await;
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    let metrics = parse(&response.text().await.unwrap());

    let kinds: Vec<(&str, &str)> =
        metrics.iter().map(|(name, (kind, _))| (name.as_str(), kind.as_str())).collect();
    assert_eq!(
        kinds,
        [
            ("agent_cpu_utilization_percent", "gauge"),
            ("agent_disk_usage_percent", "gauge"),
            ("agent_heartbeat_failures_total", "counter"),
            ("agent_heartbeats_sent_total", "counter"),
            ("agent_memory_usage_bytes", "gauge"),
            ("agent_tasks_completed_total", "counter"),
            ("agent_uptime_seconds", "gauge"),
        ]
    );
    assert!(metrics["agent_heartbeats_sent_total"].1 >= 2.0, "{metrics:?}");
    assert_eq!(metrics["agent_heartbeat_failures_total"].1, 0.0);
    assert!(metrics["agent_uptime_seconds"].1 > 0.0);
    agent.stop().await;
}

#[tokio::test]
async fn status_tells_how_it_stands_but_never_the_credential() {
    let (control_plane, metadata, agent) = stage().await;
    eventually("a heartbeat in the status", async || {
        (agent.status().await["last_heartbeat"]["accepted"] == true).then_some(())
    })
    .await;
    let text = agent.get("/status").await.text().await.unwrap();
    assert!(!text.contains("amc1."), "{text}");
    let status: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(status["instance"]["name"], "backend-dev-x1y2");
    assert_eq!(status["instance"]["id"], "4711");
    assert_eq!(status["instance"]["zone"], "europe-west1-b");
    assert_eq!(status["boot_id"], agent.boot_id.to_string());
    assert_eq!(status["configuration"]["declared_version"], "latest");
    assert_eq!(status["configuration"]["metadata"], metadata.url());
    assert_eq!(status["control_plane"]["url"], control_plane.url());
    assert!(status["control_plane"]["credential_expires_at"].is_string(), "{status}");
    agent.stop().await;
}

#[tokio::test]
async fn health_is_served_while_there_is_no_metadata_server() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let agent = Running::from(Agent::bind(config(format!("http://{nobody}"))).await.unwrap());
    eventually("the reason in words", async || {
        agent.message().await.starts_with("reading the metadata failed: no answer").then_some(())
    })
    .await;
    let response = agent.get("/health").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.json::<Value>().await.unwrap()["agent_type"], "unknown");
    agent.stop().await;
}

#[tokio::test]
async fn a_machine_can_be_measured_instead_of_modelled() {
    let metadata = Metadata::start(None).await;
    let agent = Agent::bind(config(metadata.url())).await.unwrap();
    let agent = Running::from(agent.with_load(LoadSource::System { tasks: "/nonexistent/tasks".into() }));
    let metrics = parse(&agent.get("/metrics").await.text().await.unwrap());
    assert_eq!(metrics["agent_tasks_completed_total"].1, 0.0);
    assert!(metrics["agent_memory_usage_bytes"].1 > 0.0, "{metrics:?}");
    agent.stop().await;
}

#[tokio::test]
async fn a_stopped_agent_frees_its_port_even_with_a_caller_who_stays() {
    let (_control_plane, _metadata, agent) = stage().await;
    let address = agent.address;
    let silent = TcpStream::connect(address).await.unwrap();
    timeout(Duration::from_secs(5), agent.stop()).await.expect("stopped in time");
    TcpListener::bind(address).await.expect("the port is free");
    drop(silent);
}

#[tokio::test]
async fn a_taken_port_is_told_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let mut config = config("http://127.0.0.1:1".into());
    config.listen = address;
    let error = Agent::bind(config.clone()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {address} for health checks"));
    config.metadata = "metadata.google.internal".into();
    let error = Agent::bind(config).await.unwrap_err();
    assert!(error.to_string().starts_with("the metadata server's address"), "{error}");
}
