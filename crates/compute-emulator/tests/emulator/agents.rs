//! Virtual machines with real agents: health, metadata, identity.

use std::net::{Ipv4Addr, SocketAddr};

use compute_emulator::Config;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::harness::{Api, config, groups_one, path_of};

fn with_agents() -> Config {
    Config {
        agents: true,
        clock_rate: 100.0,
        project_metadata: [("agent-manager-environment".to_owned(), "test".to_owned())].into(),
        ..config()
    }
}

async fn with_health_check(api: &Api, path: &str, initial_delay: u32, size: u32) {
    let check = json!({"name": "alive", "type": "HTTP", "checkIntervalSec": 5,
        "httpHealthCheck": {"port": 8080, "requestPath": path}});
    api.post("global/healthChecks", check).await.ok();
    api.template("pool-template").await;
    let policies = json!({"autoHealingPolicies": [
        {"healthCheck": "global/healthChecks/alive", "initialDelaySec": initial_delay}]});
    api.post(&crate::harness::groups(), crate::harness::group("pool", size, policies)).await.ok();
}

/// The VM's own address.
async fn address(api: &Api, instance: &Value) -> String {
    let vm = api.get(&path_of(&instance["instance"])).await.ok();
    vm["networkInterfaces"][0]["networkIP"].as_str().expect("an address").to_owned()
}

/// Where a VM says on its console that its agent listens, and the URL of its metadata server.
async fn console(api: &Api, instance: &Value) -> (SocketAddr, String) {
    let output = api.get(&format!("{}/serialPort", path_of(&instance["instance"]))).await.ok();
    let text = output["contents"].as_str().expect("a text");
    let (_, last) = text.rsplit_once("listening on ").expect("an agent");
    let line = last.lines().next().unwrap_or_default();
    let (agent, metadata) = line.split_once(", metadata at ").expect("a metadata server");
    (agent.parse().expect("an address"), metadata.to_owned())
}

/// Makes a group of two, and takes it back. Answers with where the agents listened.
async fn agents_of_a_group(config: Config) -> Vec<SocketAddr> {
    let api = Api::start(config).await;
    with_health_check(&api, "/health", 300, 2).await;
    api.until(&groups_one("pool"), |view| view["currentActions"]["verifying"] != 0).await;
    api.stable("pool").await;
    let mut agents = Vec::new();
    for instance in api.managed("pool").await {
        assert_eq!(instance["instanceHealth"][0]["detailedHealthState"], "HEALTHY");
        let (agent, metadata) = console(&api, &instance).await;
        assert_eq!(agent.ip().to_string(), address(&api, &instance).await);
        let (status, body) = api.text(&format!("http://{agent}/health"), false).await;
        assert_eq!(status, 200, "{body}");
        let base = format!("{metadata}/computeMetadata/v1/instance");
        let name = instance["name"].as_str().expect("a name").to_owned();
        assert_eq!(api.text(&format!("{base}/name"), true).await, (200, name));
        let own_port = api.text(&format!("{base}/attributes/agent-port"), true).await;
        match agent.port() {
            8080 => assert_eq!(own_port.0, 404, "{own_port:?}"),
            port => assert_eq!(own_port, (200, port.to_string())),
        }
        agents.push(agent);
    }

    api.post(&format!("{}/resize?size=0", groups_one("pool")), json!({})).await.ok();
    api.stable("pool").await;
    let free = |agent: &SocketAddr| std::net::TcpListener::bind(agent).is_ok();
    let start = std::time::Instant::now();
    while !agents.iter().all(free) {
        assert!(start.elapsed().as_secs() < 10, "agents outlive their VMs");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    agents
}

#[tokio::test]
async fn a_group_is_stable_when_its_agents_answer() {
    let agents = agents_of_a_group(with_agents()).await;
    assert!(agents.iter().all(|agent| agent.port() == 8080), "{agents:?}");
    assert_ne!(agents[0].ip(), agents[1].ip());
}

#[tokio::test]
async fn a_group_is_stable_when_its_agents_answer_at_one_address() {
    let agents = agents_of_a_group(Config { shared_address: true, ..with_agents() }).await;
    assert!(
        agents.iter().all(|agent| agent.ip() == Ipv4Addr::LOCALHOST && agent.port() != 8080),
        "{agents:?}"
    );
    assert_ne!(agents[0].port(), agents[1].port());
}

#[tokio::test]
async fn a_vm_that_never_answers_is_repaired_after_its_initial_delay() {
    let api = Api::start(with_agents()).await;
    with_health_check(&api, "/no-such-page", 200, 1).await;
    api.until(&groups_one("pool"), |view| view["currentActions"]["verifying"] == 1).await;
    let first = api.managed("pool").await[0].clone();
    api.until(&groups_one("pool"), |view| view["currentActions"]["recreating"] == 1).await;
    api.until(&groups_one("pool"), |view| view["currentActions"]["verifying"] == 1).await;
    let second = api.managed("pool").await[0].clone();
    assert_eq!(first["name"], second["name"]);
    assert_ne!(first["id"], second["id"]);
    assert_eq!(api.get(&groups_one("pool")).await.ok()["status"]["isStable"], false);
}

#[tokio::test]
async fn the_metadata_server_knows_its_vm() {
    let api = Api::start(with_agents()).await;
    with_health_check(&api, "/health", 300, 1).await;
    api.stable("pool").await;
    let instance = api.managed("pool").await[0].clone();
    let base = format!("http://{}:9254/computeMetadata/v1", address(&api, &instance).await);
    assert_eq!(api.text(&format!("{base}/instance/name"), false).await.0, 403);
    let name = instance["name"].as_str().unwrap();
    for (path, value) in [
        ("instance/name", name),
        ("instance/id", instance["id"].as_str().unwrap()),
        ("instance/attributes/agent-type", "backend-developer"),
        ("instance/attributes/agent-environment", "dev"),
        ("project/attributes/agent-manager-environment", "test"),
        ("project/project-id", "demo"),
    ] {
        assert_eq!(api.text(&format!("{base}/{path}"), true).await, (200, value.to_owned()), "{path}");
    }
    let (_, zone) = api.text(&format!("{base}/instance/zone"), true).await;
    assert!(
        path_of(&instance["instance"]).starts_with(&format!("zones/{}/", zone.rsplit('/').next().unwrap()))
    );
    let (_, hostname) = api.text(&format!("{base}/instance/hostname"), true).await;
    assert!(hostname.starts_with(name) && hostname.ends_with(".c.demo.internal"), "{hostname}");
    let (_, attributes) = api.text(&format!("{base}/instance/attributes/"), true).await;
    assert_eq!(attributes, "agent-environment\nagent-type\ncreated-by\ninstance-template\n");
    assert_eq!(api.text(&format!("{base}/instance/attributes/none"), true).await.0, 404);
    assert_eq!(api.text(&format!("{base}/instance/service-accounts/default/identity"), true).await.0, 400);
}

#[tokio::test]
async fn an_identity_token_names_its_vm_and_verifies() {
    let api = Api::start(with_agents()).await;
    with_health_check(&api, "/health", 300, 1).await;
    api.stable("pool").await;
    let instance = api.managed("pool").await[0].clone();
    let base = format!("http://{}:9254/computeMetadata/v1", address(&api, &instance).await);
    let identity =
        format!("{base}/instance/service-accounts/default/identity?audience=https://manager/enroll");
    let (_, token) = api.text(&format!("{identity}&format=full"), true).await;
    let claims = verify(&api, &token).await;
    let machine = &claims["google"]["compute_engine"];
    assert_eq!(machine["project_id"], "demo");
    assert!(machine["project_number"].is_u64());
    assert_eq!(machine["instance_id"], instance["id"]);
    assert_eq!(machine["instance_name"], instance["name"]);
    assert_eq!(machine["zone"], path_of(&instance["instance"]).split('/').nth(1).unwrap());
    let created = machine["instance_creation_timestamp"].as_i64().unwrap();
    let (issued, expires) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    assert!((0..60).contains(&(issued - created)));
    assert_eq!(expires - issued, 3600);
    assert_eq!(claims["sub"].as_str().map(str::len), Some(21));

    let (_, short) = api.text(&identity, true).await;
    assert_eq!(verify(&api, &short).await.get("google"), None);

    let forged = token.replacen(token.split('.').nth(1).unwrap(), short.split('.').nth(1).unwrap(), 1);
    assert!(decode(&api, &forged).await.is_err());
}

async fn verify(api: &Api, token: &str) -> Value {
    decode(api, token).await.expect("a token that verifies")
}

async fn decode(api: &Api, token: &str) -> Result<Value, jsonwebtoken::errors::Error> {
    let header = jsonwebtoken::decode_header(token)?;
    let keys: Value = serde_json::from_str(&api.text(&api.jwks_url(), false).await.1).expect("a key set");
    let key = &keys["keys"][0];
    assert_eq!(header.kid.as_deref(), key["kid"].as_str());
    let part = |name: &str| key[name].as_str().expect("a component").to_owned();
    let key = DecodingKey::from_rsa_components(&part("n"), &part("e"))?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&["https://manager/enroll"]);
    validation.set_issuer(&["https://accounts.google.com"]);
    jsonwebtoken::decode::<Value>(token, &key, &validation).map(|data| data.claims)
}
