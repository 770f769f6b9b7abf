//! What an agent says to its control plane on an ordinary day.

use std::time::Duration;

use agent_cage::Agent;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use tokio::time::sleep;

use super::control_plane::ControlPlane;
use super::metadata::Metadata;
use super::{Running, config, eventually, stage};

#[tokio::test]
async fn it_enrols_once_and_then_counts_its_heartbeats() {
    let (control_plane, _metadata, agent) = stage().await;
    eventually("five heartbeats", async || (control_plane.heartbeats() >= 5).then_some(())).await;

    let (enrolments, heartbeats) =
        control_plane.with(|ledger| (ledger.enrolments.clone(), ledger.heartbeats.clone()));
    assert_eq!(enrolments.len(), 1);
    assert_eq!(enrolments[0]["boot_id"], json!(agent.boot_id));
    assert_eq!(enrolments[0]["version"], env!("CARGO_PKG_VERSION"));
    let token = enrolments[0]["identity_token"].as_str().unwrap();
    let asked = String::from_utf8(URL_SAFE_NO_PAD.decode(token).unwrap()).unwrap();
    let audience = format!("{}/agent/v1/enroll", control_plane.url()).replace(':', "%3A").replace('/', "%2F");
    assert_eq!(asked, format!("audience={audience}&format=full#1"));

    for (index, heartbeat) in heartbeats.iter().enumerate() {
        assert_eq!(heartbeat["sequence"], index + 1);
        assert_eq!(heartbeat["boot_id"], json!(agent.boot_id));
    }
    let mut first = heartbeats[0].clone();
    let metrics = first["metrics"].take();
    let uptime = first["uptime_seconds"].take().as_u64().unwrap();
    assert!(uptime < 20, "{uptime}");
    assert_eq!(
        first,
        json!({
            "boot_id": agent.boot_id, "sequence": 1, "uptime_seconds": null, "version": env!("CARGO_PKG_VERSION"),
            "status": "healthy", "agent_type": "backend-developer", "environment": "dev", "metrics": null,
        })
    );
    assert!(metrics["tasks_completed_total"].is_u64(), "{metrics}");
    assert!(metrics["memory_usage_bytes"].is_u64(), "{metrics}");
    assert!(metrics["cpu_utilization_percent"].is_f64(), "{metrics}");
    assert!(metrics["disk_usage_percent"].is_f64(), "{metrics}");
    agent.stop().await;
}

#[tokio::test]
async fn the_control_plane_decides_the_interval() {
    let control_plane = ControlPlane::start().await;
    control_plane.with(|ledger| ledger.interval_seconds = 250.0);
    let metadata = Metadata::start(Some(control_plane.url())).await;
    let agent = Running::start(&metadata).await;
    eventually("a heartbeat", async || (control_plane.heartbeats() == 1).then_some(())).await;
    // Its own configuration would have sent ten by now.
    sleep(Duration::from_millis(300)).await;
    assert_eq!(control_plane.heartbeats(), 1);
    assert_eq!(agent.status().await["configuration"]["heartbeat_interval_seconds"], 250.0);
    agent.stop().await;
}

#[tokio::test]
async fn a_credential_is_renewed_before_it_ends() {
    let control_plane = ControlPlane::start().await;
    control_plane.with(|ledger| ledger.credential_life = Duration::from_secs(4));
    let metadata = Metadata::start(Some(control_plane.url())).await;
    let agent = Running::start(&metadata).await;
    let enrolments = || control_plane.with(|ledger| ledger.enrolments.len());
    eventually("a third enrolment", async || (enrolments() >= 3).then_some(())).await;

    control_plane.with(|ledger| {
        assert!(ledger.answers.iter().all(|answer| *answer == 200), "{:?}", ledger.answers);
    });
    agent.stop().await;
}

#[tokio::test]
async fn a_control_plane_declared_later_is_found() {
    let control_plane = ControlPlane::start().await;
    let metadata = Metadata::start(None).await;
    let agent = Running::start(&metadata).await;
    eventually("the message", async || (agent.message().await == "no control plane declared").then_some(()))
        .await;
    assert_eq!(agent.get("/health").await.status(), 200);

    metadata.declare_for_the_project(format!("{}/", control_plane.url()));
    eventually("a heartbeat", async || (control_plane.heartbeats() > 0).then_some(())).await;
    assert_eq!(agent.status().await["control_plane"]["url"], control_plane.url());
    agent.stop().await;
}

#[tokio::test]
async fn a_hundred_agents_live_in_one_process_and_share_a_client() {
    const AGENTS: usize = 100;
    let control_plane = ControlPlane::start().await;
    control_plane.with(|ledger| ledger.interval_seconds = 0.5);
    let metadata = Metadata::start(Some(control_plane.url())).await;
    let client = agent_cage::http_client().unwrap();
    let mut agents = Vec::new();
    for seed in 0..AGENTS as u64 {
        let mut config = config(metadata.url());
        config.seed = seed;
        agents.push(Running::from(Agent::bind(config).await.unwrap().with_client(client.clone())));
    }
    let all_beat_twice = || {
        control_plane
            .with(|ledger| ledger.heartbeats.iter().filter(|beat| beat["sequence"] == 2).count() == AGENTS)
    };
    eventually("two heartbeats of each", async || all_beat_twice().then_some(())).await;
    let memories = control_plane.with(|ledger| {
        ledger
            .heartbeats
            .iter()
            .map(|beat| beat["metrics"]["memory_usage_bytes"].as_u64().unwrap())
            .collect::<std::collections::HashSet<_>>()
    });
    assert!(memories.len() > AGENTS / 2, "each seed has a load of its own");
    for agent in agents {
        agent.stop().await;
    }
}
