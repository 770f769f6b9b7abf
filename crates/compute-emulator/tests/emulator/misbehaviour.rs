//! Agents that are told to misbehave, and health probes that do not arrive.

use compute_emulator::Config;
use serde_json::{Value, json};

use crate::harness::{Api, config, group, groups, groups_one, path_of};

async fn with_agents(size: u32) -> Api {
    let api = Api::start(Config { agents: true, clock_rate: 100.0, ..config() }).await;
    let check = json!({"name": "alive", "type": "HTTP", "checkIntervalSec": 1, "timeoutSec": 1,
        "httpHealthCheck": {"port": 8080, "requestPath": "/health"}});
    api.post("global/healthChecks", check).await.ok();
    api.template("pool-template").await;
    let policies = json!({"autoHealingPolicies": [
        {"healthCheck": "global/healthChecks/alive", "initialDelaySec": 600}]});
    api.post(&groups(), group("pool", size, policies)).await.ok();
    api.stable("pool").await;
    api
}

async fn page(api: &Api, instance: &Value, page: &str) -> Option<(u16, String)> {
    let vm = api.get(&path_of(&instance["instance"])).await.ok();
    let address = vm["networkInterfaces"][0]["networkIP"].as_str()?.to_owned();
    let http = reqwest::Client::builder().no_proxy().build().ok()?;
    let answer = http.get(format!("http://{address}:8080/{page}")).send().await.ok()?;
    Some((answer.status().as_u16(), answer.text().await.ok()?))
}

fn state(instance: &Value) -> &str {
    instance["instanceHealth"][0]["detailedHealthState"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn an_ill_agent_says_so_and_is_made_anew() {
    let api = with_agents(2).await;
    let before = api.managed("pool").await;
    let name = before[0]["name"].as_str().unwrap();
    let id = api.fault(json!({"kind": "agent", "state": "ill", "instance": name})).await;
    api.until_managed("pool", |i| state(&i[0]) == "UNHEALTHY" || i[0]["currentAction"] == "RECREATING").await;
    api.end_fault(&id).await;
    api.until_managed("pool", |i| i[0]["id"].is_string() && i[0]["id"] != before[0]["id"]).await;
    api.stable("pool").await;
    assert_eq!(api.managed("pool").await[1]["id"], before[1]["id"]);
}

#[tokio::test]
async fn a_crashed_zone_does_not_answer_and_a_silent_one_does() {
    let api = with_agents(3).await;
    let instances = api.managed("pool").await;
    let of = |zone: &str| instances.iter().find(|i| path_of(&i["instance"]).starts_with(zone)).unwrap();
    api.fault(json!({"kind": "agent", "state": "crash", "zone": "us-central1-a"})).await;
    api.fault(json!({"kind": "agent", "state": "silent", "zone": "us-central1-b"})).await;
    let start = std::time::Instant::now();
    while page(&api, of("zones/us-central1-a/"), "health").await.is_some() {
        assert!(start.elapsed().as_secs() < 10, "a crashed agent still answers");
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
    assert_eq!(page(&api, of("zones/us-central1-b/"), "health").await.unwrap().0, 200);
    assert_eq!(page(&api, of("zones/us-central1-c/"), "health").await.unwrap().0, 200);
}

#[tokio::test]
async fn blocked_probes_time_out() {
    let api = with_agents(1).await;
    let before = api.managed("pool").await;
    let id = api.fault(json!({"kind": "probes", "group": "pool"})).await;
    api.until_managed("pool", |i| state(&i[0]) == "TIMEOUT" || i[0]["currentAction"] == "RECREATING").await;
    api.end_fault(&id).await;
    api.until_managed("pool", |i| i[0]["id"].is_string() && i[0]["id"] != before[0]["id"]).await;
    api.stable("pool").await;
    let repaired = api.get("zones/us-central1-a/operations").await.ok();
    assert!(repaired.to_string().contains("its health status is TIMEOUT"), "{repaired:#}");
}

#[tokio::test]
async fn agents_show_the_load_that_their_group_is_given() {
    let api = with_agents(2).await;
    let load = "loads/demo/us-central1/pool";
    api.switch(reqwest::Method::PUT, load, json!({"total_cpu": 1.5})).await.ok();
    let instance = api.managed("pool").await[0].clone();
    let start = std::time::Instant::now();
    loop {
        let (_, text) = page(&api, &instance, "metrics").await.unwrap();
        if text.contains("agent_cpu_utilization_percent 75\n") {
            break;
        }
        assert!(start.elapsed().as_secs() < 10, "{text}");
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
    assert_eq!(api.get(&groups_one("pool")).await.ok()["status"]["isStable"], true);
}
