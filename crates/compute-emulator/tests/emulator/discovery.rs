//! Every response against Google's own description of the API: each field exists there, with its type and its choices.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Api, PROJECT, config, group, groups, groups_one, path_of, template};

/// Every method that the emulator serves.
const METHODS: &[&str] = &[
    "compute.firewalls.delete",
    "compute.firewalls.get",
    "compute.firewalls.insert",
    "compute.firewalls.list",
    "compute.firewalls.patch",
    "compute.firewalls.update",
    "compute.globalOperations.delete",
    "compute.globalOperations.get",
    "compute.globalOperations.list",
    "compute.globalOperations.wait",
    "compute.healthChecks.delete",
    "compute.healthChecks.get",
    "compute.healthChecks.insert",
    "compute.healthChecks.list",
    "compute.healthChecks.patch",
    "compute.healthChecks.update",
    "compute.instanceTemplates.delete",
    "compute.instanceTemplates.get",
    "compute.instanceTemplates.insert",
    "compute.instanceTemplates.list",
    "compute.instances.delete",
    "compute.instances.get",
    "compute.instances.getSerialPortOutput",
    "compute.instances.list",
    "compute.instances.reset",
    "compute.instances.start",
    "compute.instances.stop",
    "compute.machineTypes.get",
    "compute.machineTypes.list",
    "compute.projects.get",
    "compute.regionAutoscalers.delete",
    "compute.regionAutoscalers.get",
    "compute.regionAutoscalers.insert",
    "compute.regionAutoscalers.list",
    "compute.regionAutoscalers.patch",
    "compute.regionAutoscalers.update",
    "compute.regionInstanceGroupManagers.abandonInstances",
    "compute.regionInstanceGroupManagers.applyUpdatesToInstances",
    "compute.regionInstanceGroupManagers.createInstances",
    "compute.regionInstanceGroupManagers.delete",
    "compute.regionInstanceGroupManagers.deleteInstances",
    "compute.regionInstanceGroupManagers.get",
    "compute.regionInstanceGroupManagers.insert",
    "compute.regionInstanceGroupManagers.list",
    "compute.regionInstanceGroupManagers.listErrors",
    "compute.regionInstanceGroupManagers.listManagedInstances",
    "compute.regionInstanceGroupManagers.patch",
    "compute.regionInstanceGroupManagers.recreateInstances",
    "compute.regionInstanceGroupManagers.resize",
    "compute.regionInstanceGroupManagers.setInstanceTemplate",
    "compute.regionInstanceGroupManagers.startInstances",
    "compute.regionInstanceGroupManagers.stopInstances",
    "compute.regionOperations.delete",
    "compute.regionOperations.get",
    "compute.regionOperations.list",
    "compute.regionOperations.wait",
    "compute.regions.get",
    "compute.regions.list",
    "compute.zoneOperations.delete",
    "compute.zoneOperations.get",
    "compute.zoneOperations.list",
    "compute.zoneOperations.wait",
    "compute.zones.get",
    "compute.zones.list",
];

#[tokio::test]
async fn every_response_fits_the_discovery_document() {
    let document = Document::load();
    let api = Api::start(compute_emulator::Config { agents: true, clock_rate: 100.0, ..config() }).await;
    catalogue(&api).await;
    declared(&api).await;
    the_life_of_a_group(&api).await;

    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    for (method, path, body) in api.seen() {
        let Some((id, schema)) = document.method(&method, &path) else {
            wrong.push(format!("{method} {path} is no method of the API"));
            continue;
        };
        seen.insert(id.clone());
        match schema {
            Some(schema) => document.check(&schema, &body, &id, &mut wrong),
            None => assert_eq!(body, Value::Null, "{id} has no body"),
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(seen.iter().map(String::as_str).collect::<Vec<_>>(), METHODS);
}

async fn catalogue(api: &Api) {
    for path in [
        "",
        "regions",
        "regions/us-central1",
        "zones",
        "zones/us-central1-a",
        "zones/us-central1-a/operations",
        "zones/us-central1-a/machineTypes",
        "zones/us-central1-a/machineTypes/e2-standard-2",
    ] {
        api.get(path).await.ok();
    }
}

async fn declared(api: &Api) {
    let check = json!({"name": "alive", "type": "HTTP", "logConfig": {"enable": true},
        "httpHealthCheck": {"port": 8080, "requestPath": "/health"}});
    let rule = json!({"name": "web", "direction": "INGRESS", "sourceRanges": ["10.0.0.0/8"],
        "allowed": [{"IPProtocol": "tcp", "ports": ["8080"]}]});
    let operation = api.post("global/healthChecks", check.clone()).await.ok();
    let receipt = format!("global/operations/{}", operation["name"].as_str().unwrap());
    api.get(&receipt).await.ok();
    api.post(&format!("{receipt}/wait"), json!({})).await.ok();
    api.get("global/operations").await.ok();
    api.delete(&receipt).await.ok();
    api.post("global/firewalls", rule.clone()).await.ok();
    for (collection, name, body) in [("healthChecks", "alive", check), ("firewalls", "web", rule)] {
        let path = format!("global/{collection}/{name}");
        api.patch(&path, json!({"description": "patched"})).await.ok();
        api.call(reqwest::Method::PUT, &path, Some(body)).await.ok();
        api.get(&path).await.ok();
        api.get(&format!("global/{collection}")).await.ok();
    }
    api.delete("global/firewalls/web").await.ok();
}

async fn the_life_of_a_group(api: &Api) {
    let mut full = template("pool-template");
    full["description"] = "everything".into();
    full["properties"]["scheduling"] =
        json!({"provisioningModel": "SPOT", "instanceTerminationAction": "STOP"});
    full["properties"]["shieldedInstanceConfig"] = json!({"enableSecureBoot": true, "enableVtpm": true});
    full["properties"]["disks"].as_array_mut().unwrap().push(json!({"deviceName": "workspace",
        "diskEncryptionKey": {"kmsKeyName": "projects/p/locations/us/keyRings/r/cryptoKeys/k"},
        "initializeParams": {"diskSizeGb": 50, "diskType": "pd-ssd"}}));
    api.post("global/instanceTemplates", full).await.ok();
    api.get("global/instanceTemplates/pool-template").await.ok();
    api.get("global/instanceTemplates").await.ok();
    api.template("second").await;

    let more = json!({
        "description": "a pool",
        "namedPorts": [{"name": "http", "port": 8080}],
        "autoHealingPolicies": [{"healthCheck": "global/healthChecks/alive", "initialDelaySec": 300}],
        "statefulPolicy": {"preservedState": {"disks": {"workspace": {"autoDelete": "ON_PERMANENT_INSTANCE_DELETION"}}}},
        "updatePolicy": {"type": "PROACTIVE", "maxUnavailable": {"fixed": 3}},
        "versions": [{"instanceTemplate": "global/instanceTemplates/pool-template"},
            {"name": "canary", "instanceTemplate": "global/instanceTemplates/second", "targetSize": {"fixed": 1}}],
    });
    let operation = api.post(&groups(), group("pool", 3, more)).await.ok();
    let scaler = json!({"name": "scaler", "target": groups_one("pool"), "autoscalingPolicy": {"mode": "OFF",
        "minNumReplicas": 3, "maxNumReplicas": 3, "cpuUtilization": {"utilizationTarget": 0.75},
        "scaleInControl": {"maxScaledInReplicas": {"percent": 25}, "timeWindowSec": 600},
        "scalingSchedules": {"day": {"schedule": "0 8 * * *", "durationSec": 3600, "minRequiredReplicas": 2}}}});
    api.post("regions/us-central1/autoscalers", scaler.clone()).await.ok();
    api.patch("regions/us-central1/autoscalers?autoscaler=scaler", json!({"description": "patched"}))
        .await
        .ok();
    api.call(reqwest::Method::PUT, "regions/us-central1/autoscalers?autoscaler=scaler", Some(scaler))
        .await
        .ok();
    api.get("regions/us-central1/autoscalers/scaler").await.ok();
    api.get("regions/us-central1/autoscalers").await.ok();
    let name = operation["name"].as_str().unwrap();
    api.get(&format!("regions/us-central1/operations/{name}")).await.ok();
    api.post(&format!("regions/us-central1/operations/{name}/wait"), json!({})).await.ok();
    api.get("regions/us-central1/operations").await.ok();
    api.delete(&format!("regions/us-central1/operations/{name}")).await.ok();

    let one = groups_one("pool");
    // Each look records another phase.
    while api.get(&one).await.ok()["status"]["isStable"] == false {
        api.managed("pool").await;
        api.get("zones/us-central1-a/instances").await.ok();
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
    api.get(&groups()).await.ok();
    let instances = api.managed("pool").await;
    let url = |index: usize| instances[index]["instance"].clone();
    let vm = path_of(&url(0));
    api.get(&vm).await.ok();
    api.get(&format!("{vm}/serialPort")).await.ok();
    api.post(&format!("{one}/recreateInstances"), json!({"instances": [url(0)]})).await.ok();
    api.managed("pool").await;
    api.post(&format!("{one}/deleteInstances"), json!({"instances": [url(1)]})).await.ok();
    api.managed("pool").await;
    api.post(&format!("{one}/abandonInstances"), json!({"instances": [url(2)]})).await.ok();
    api.managed("pool").await;
    api.stable("pool").await;

    one_by_one(api, &one).await;

    let mut impossible = template("impossible");
    impossible["properties"]["machineType"] = "x9-mega-1".into();
    api.post("global/instanceTemplates", impossible).await.ok();
    let body = json!({"instanceTemplate": "global/instanceTemplates/impossible"});
    api.post(&format!("{one}/setInstanceTemplate"), body).await.ok();
    api.post(&format!("{one}/applyUpdatesToInstances"), json!({"allInstances": true})).await.ok();
    api.until(&format!("{one}/listErrors"), |list| list["items"].is_array()).await;
    api.managed("pool").await;
    api.patch(&one, json!({"description": "patched", "autoHealingPolicies": [{}]})).await.ok();
    api.post(&format!("{one}/resize?size=0"), json!({})).await.ok();
    api.delete("regions/us-central1/autoscalers/scaler").await.ok();
    api.delete(&one).await.ok();
    api.until(&one, |view| view["error"]["code"] == 404).await;
    api.delete("global/instanceTemplates/second").await.ok();
    api.delete("global/healthChecks/alive").await.ok();
}

/// What is done to single instances, and the zonal operations of it.
async fn one_by_one(api: &Api, group: &str) {
    let named = json!({"instances": [{"name": "agent-pool-mine"}]});
    api.post(&format!("{group}/createInstances"), named).await.ok();
    api.stable("pool").await;
    let url = async |name: &str| {
        let managed = api.managed("pool").await;
        managed.iter().find(|i| i["name"] == name).expect("the instance")["instance"].clone()
    };
    let mine = url("agent-pool-mine").await;
    api.post(&format!("{group}/stopInstances"), json!({"instances": [mine]})).await.ok();
    let vm = path_of(&mine);
    api.until(&vm, |vm| vm["status"] == "TERMINATED").await;
    api.managed("pool").await;
    api.post(&format!("{group}/startInstances"), json!({"instances": [mine]})).await.ok();
    api.until(&vm, |vm| vm["status"] == "RUNNING").await;
    api.stable("pool").await;
    let operation = api.post(&format!("{vm}/reset"), json!({})).await.ok();
    let zone = vm.split('/').take(2).collect::<Vec<_>>().join("/");
    let receipt = format!("{zone}/operations/{}", operation["name"].as_str().unwrap());
    api.post(&format!("{receipt}/wait"), json!({})).await.ok();
    api.get(&receipt).await.ok();
    api.delete(&receipt).await.ok();
    api.post(&format!("{vm}/stop"), json!({})).await.ok();
    api.get(&vm).await.ok();
    api.post(&format!("{vm}/start"), json!({})).await.ok();
    api.delete(&vm).await.ok();
    api.get(&format!("{zone}/operations")).await.ok();
    api.stable("pool").await;
    api.fault(json!({"kind": "quota", "region": "us-central1", "metric": "PREEMPTIBLE_CPUS", "limit": 1}))
        .await;
    api.post(&format!("{group}/resize?size=3"), json!({})).await.ok();
    api.until_managed("pool", |i| i.iter().any(|i| !i["lastAttempt"].is_null())).await;
    api.switch(reqwest::Method::DELETE, "faults", Value::Null).await.ok();
    api.stable("pool").await;
}

/// Google's discovery document.
struct Document(Value);

impl Document {
    fn load() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the document is no part of the repository: xtask says where it is")]
        let file = std::env::var("COMPUTE_DISCOVERY").expect(
            "COMPUTE_DISCOVERY is not set: `cargo xtask setup` provides Google's discovery document and `cargo xtask test` \
             says where it is",
        );
        let text = std::fs::read(&file).unwrap_or_else(|error| panic!("COMPUTE_DISCOVERY={file}: {error}"));
        Self(serde_json::from_slice(&text).expect("a discovery document"))
    }

    /// Id and response schema of the method that a request called.
    fn method(&self, method: &str, path: &str) -> Option<(String, Option<String>)> {
        let resources = self.0["resources"].as_object()?;
        let path = if path.is_empty() {
            format!("projects/{PROJECT}")
        } else {
            format!("projects/{PROJECT}/{path}")
        };
        for resource in resources.values() {
            for entry in resource["methods"].as_object()?.values() {
                if entry["httpMethod"] == method && matches(entry["flatPath"].as_str()?, &path) {
                    let schema = entry["response"]["$ref"].as_str().map(str::to_owned);
                    return Some((entry["id"].as_str()?.to_owned(), schema));
                }
            }
        }
        None
    }

    fn check(&self, schema: &str, value: &Value, at: &str, wrong: &mut Vec<String>) {
        self.fits(&self.0["schemas"][schema], value, at, wrong);
    }

    fn fits(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        if let Some(name) = schema["$ref"].as_str() {
            return self.check(name, value, at, wrong);
        }
        match (schema["type"].as_str().unwrap_or_default(), value) {
            ("object", Value::Object(fields)) => {
                for (name, value) in fields {
                    let known = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
                    match known {
                        Some(schema) => self.fits(schema, value, &format!("{at}.{name}"), wrong),
                        None => wrong.push(format!("{at}.{name} is no field")),
                    }
                }
            }
            ("array", Value::Array(items)) => {
                for item in items {
                    self.fits(&schema["items"], item, &format!("{at}[]"), wrong);
                }
            }
            ("string", Value::String(text)) => {
                let fits = match schema["format"].as_str() {
                    Some("uint64") => text.parse::<u64>().is_ok(),
                    Some("int64") => text.parse::<i64>().is_ok(),
                    Some("byte") => text.len() % 4 == 0 && !text.contains(['+', '/']),
                    _ => true,
                };
                let chosen = schema["enum"].as_array().is_none_or(|choices| choices.contains(value));
                if !(fits && chosen) {
                    wrong.push(format!(
                        "{at} is {text:?}, which is no {} of {}",
                        schema["format"], schema["enum"]
                    ));
                }
            }
            ("integer", Value::Number(number))
                if number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()) => {}
            ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => {}
            (kind, value) => wrong.push(format!("{at} is {value}, which is no {kind}")),
        }
    }
}

/// `projects/{project}/zones/{zone}` matches what has the same fixed segments.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(p, s)| p.starts_with('{') || p == s)
}
