//! An agent on the wire: a metadata server and a control plane, both real HTTP servers, stand on each side of it.
#![expect(clippy::unwrap_used, reason = "a double that fails fails the test")]

mod control_plane;
mod metadata;
mod pages;
mod recovery;
mod reporting;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use agent_cage::{Agent, Config};
use axum::Router;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use control_plane::ControlPlane;
use metadata::Metadata;

/// Long enough for a busy machine; a passing test waits for what it wants and no longer.
const PATIENCE: Duration = Duration::from_secs(20);

fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// A router being served until it is stopped; dropping it stops it too, without waiting.
struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinSet<()>,
}

impl Served {
    async fn start(listen: SocketAddr, router: Router) -> Served {
        let listener = TcpListener::bind(listen).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let mut task = JoinSet::new();
        let stopped = stop.clone().cancelled_owned();
        task.spawn(
            async move { axum::serve(listener, router).with_graceful_shutdown(stopped).await.unwrap() },
        );
        Served { address, stop, task }
    }

    /// Nothing listens any more when this returns.
    async fn stop(mut self) {
        self.stop.cancel();
        while self.task.join_next().await.is_some() {}
    }
}

/// An agent at work.
struct Running {
    address: SocketAddr,
    boot_id: Uuid,
    stop: CancellationToken,
    task: JoinSet<anyhow::Result<()>>,
}

impl Running {
    async fn start(metadata: &Metadata) -> Running {
        Running::from(Agent::bind(config(metadata.url())).await.unwrap())
    }

    fn from(agent: Agent) -> Running {
        let stop = CancellationToken::new();
        let (address, boot_id) = (agent.address(), agent.boot_id());
        let mut task = JoinSet::new();
        task.spawn(agent.run(stop.clone()));
        Running { address, boot_id, stop, task }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let client = agent_cage::http_client().unwrap();
        client.get(format!("http://{}{path}", self.address)).send().await.unwrap()
    }

    async fn status(&self) -> Value {
        self.get("/status").await.json().await.unwrap()
    }

    async fn message(&self) -> String {
        self.status().await["control_plane"]["message"].as_str().unwrap().to_owned()
    }

    async fn stop(mut self) {
        self.stop.cancel();
        self.task.join_next().await.unwrap().unwrap().unwrap();
    }
}

fn config(metadata: String) -> Config {
    Config { metadata, listen: any_port(), heartbeat_interval: Duration::from_millis(30), seed: 7 }
}

/// Asks until `ready` answers with something; `what` is what the failure says was missing.
async fn eventually<T>(what: &str, mut ready: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = ready().await {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

/// The usual stage: a VM whose metadata declares a control plane, and an agent that reports there.
async fn stage() -> (ControlPlane, Metadata, Running) {
    let control_plane = ControlPlane::start().await;
    let metadata = Metadata::start(Some(control_plane.url())).await;
    let agent = Running::start(&metadata).await;
    (control_plane, metadata, agent)
}
