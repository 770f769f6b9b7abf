//! What the tests share: an emulator on a free port and a plain HTTP client for it.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use compute_emulator::{Config, Emulator};
use reqwest::Method;
use serde_json::{Value, json};

pub(crate) const PROJECT: &str = "demo";
pub(crate) const REGION: &str = "us-central1";

/// A client, with the emulator that it started or of one that runs elsewhere.
pub(crate) struct Api {
    pub(crate) emulator: Option<Emulator>,
    base: String,
    /// Of the emulator's own switches.
    switches: String,
    http: reqwest::Client,
    /// Method, path below the project and body of each success.
    seen: Mutex<Vec<(String, String, Value)>>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// The body of a success.
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// Code, reason and message of a refusal.
    pub(crate) fn refusal(self) -> (u16, String, String) {
        let error = &self.body["error"];
        assert_eq!(error["code"], self.status, "{}", self.body);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (self.status, text(&error["errors"][0]["reason"]), text(&error["message"]))
    }
}

/// A fast emulator without agents.
pub(crate) fn config() -> Config {
    static SEED: AtomicU64 = AtomicU64::new(0);
    let seed = u64::from(std::process::id()) * 31 + SEED.fetch_add(1, Ordering::Relaxed);
    Config { seed, clock_rate: 200.0, ..Config::with_known_key() }
}

impl Api {
    pub(crate) async fn start(config: Config) -> Self {
        let emulator = Emulator::start(config).await.expect("an emulator");
        let api = Self::at(&emulator.endpoint());
        Self { emulator: Some(emulator), ..api }
    }

    pub(crate) fn at(endpoint: &str) -> Self {
        let base = format!("{endpoint}/compute/v1/projects/{PROJECT}");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let switches = format!("{endpoint}/emulator");
        Self { emulator: None, base, switches, http, seen: Mutex::default() }
    }

    pub(crate) fn jwks_url(&self) -> String {
        self.emulator.as_ref().expect("an emulator of its own").jwks_url()
    }

    pub(crate) async fn shutdown(mut self) {
        self.emulator.take().expect("an emulator of its own").shutdown().await.expect("a saved state");
    }

    /// Every success so far.
    pub(crate) fn seen(&self) -> Vec<(String, String, Value)> {
        self.seen.lock().expect("no test panics with it").clone()
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request =
            self.http.request(method.clone(), format!("{}/{path}", self.base).trim_end_matches('/'));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("a body");
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
        if status == 200 {
            let path = path.split('?').next().unwrap_or_default().to_owned();
            let mut seen = self.seen.lock().expect("no test panics with it");
            seen.push((method.to_string(), path, body.clone()));
        }
        Answer { status, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    pub(crate) async fn template(&self, name: &str) -> Value {
        self.post("global/instanceTemplates", template(name)).await.ok()
    }

    /// A template and a group of it, converged.
    pub(crate) async fn group(&self, name: &str, size: u32, more: Value) -> Value {
        self.template(&format!("{name}-template")).await;
        self.post(&groups(), group(name, size, more)).await.ok();
        self.stable(name).await
    }

    /// Waits until the group has converged; fails after ten seconds.
    pub(crate) async fn stable(&self, name: &str) -> Value {
        self.until(&groups_one(name), |group| group["status"]["isStable"] == true).await
    }

    pub(crate) async fn until(&self, path: &str, reached: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            let body = self.get(path).await.body;
            if reached(&body) {
                return body;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "still {body:#}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn managed(&self, name: &str) -> Vec<Value> {
        let list = self.post(&format!("{}/listManagedInstances", groups_one(name)), json!({})).await.ok();
        list["managedInstances"].as_array().cloned().unwrap_or_default()
    }

    /// A call of one of the emulator's own switches.
    pub(crate) async fn switch(&self, method: Method, path: &str, body: Value) -> Answer {
        let mut request = self.http.request(method, format!("{}/{path}", self.switches));
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.expect("an answer");
        Answer { status: response.status().as_u16(), body: response.json().await.expect("JSON") }
    }

    /// Switches a fault on and answers with its number.
    pub(crate) async fn fault(&self, fault: Value) -> String {
        let answer = self.switch(Method::POST, "faults", fault).await.ok();
        answer["id"].as_str().expect("a number").to_owned()
    }

    pub(crate) async fn end_fault(&self, id: &str) {
        self.switch(Method::DELETE, &format!("faults/{id}"), Value::Null).await.ok();
    }

    /// Waits until the group's instances are as wanted, and answers with them.
    pub(crate) async fn until_managed(&self, name: &str, reached: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let start = Instant::now();
        loop {
            let instances = self.managed(name).await;
            if reached(&instances) {
                return instances;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "still {instances:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn text(&self, url: &str, flavored: bool) -> (u16, String) {
        let mut request = self.http.get(url);
        if flavored {
            request = request.header("Metadata-Flavor", "Google");
        }
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), response.text().await.expect("a body"))
    }
}

pub(crate) fn groups() -> String {
    format!("regions/{REGION}/instanceGroupManagers")
}

pub(crate) fn groups_one(name: &str) -> String {
    format!("{}/{name}", groups())
}

pub(crate) fn template(name: &str) -> Value {
    json!({
        "name": name,
        "properties": {
            "machineType": "e2-standard-2",
            "labels": {"agent_type": "backend-developer"},
            "tags": {"items": ["agent-vm"]},
            "metadata": {"items": [{"key": "agent-type", "value": "backend-developer"},
                                   {"key": "agent-environment", "value": "dev"}]},
            "disks": [{"boot": true, "autoDelete": true, "initializeParams": {
                "sourceImage": "projects/ubuntu-os-cloud/global/images/family/ubuntu-2204-lts", "diskSizeGb": "20"}}],
            "networkInterfaces": [{"network": "global/networks/default", "accessConfigs": [{}]}],
            "serviceAccounts": [{"email": "default", "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}],
        },
    })
}

pub(crate) fn group(name: &str, size: u32, more: Value) -> Value {
    let mut group = json!({
        "name": name,
        "baseInstanceName": format!("agent-{name}"),
        "targetSize": size,
        "instanceTemplate": format!("global/instanceTemplates/{name}-template"),
        "listManagedInstancesResults": "PAGINATED",
    });
    for (key, value) in more.as_object().cloned().unwrap_or_default() {
        group[key] = value;
    }
    group
}

/// Code and message of an instance's last attempt.
pub(crate) fn last_attempt(instance: &Value) -> (String, String) {
    let error = &instance["lastAttempt"]["errors"]["errors"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&error["code"]), text(&error["message"]))
}

/// Path below the project of an instance's URL.
pub(crate) fn path_of(url: &Value) -> String {
    let url = url.as_str().expect("a URL");
    url.split_once(&format!("projects/{PROJECT}/")).expect("a path in the project").1.to_owned()
}

/// How many instances each zone has.
pub(crate) fn spread(instances: &[Value]) -> std::collections::BTreeMap<String, usize> {
    let mut spread = std::collections::BTreeMap::new();
    for instance in instances {
        *spread
            .entry(path_of(&instance["instance"]).split('/').nth(1).expect("a zone").to_owned())
            .or_default() += 1;
    }
    spread
}
