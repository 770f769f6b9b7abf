//! The emulator's own switches: what they break, how that shows on the wire, and that it heals when they are off.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Api, config, group, groups, groups_one, last_attempt, path_of, spread, template};

/// A declared group that has `size` instances to make, whether it can or not.
async fn declare(api: &Api, size: u32, more: Value) {
    api.template("pool-template").await;
    api.post(&groups(), group("pool", size, more)).await.ok();
}

async fn errors(api: &Api) -> Vec<Value> {
    let list =
        api.until(&format!("{}/listErrors", groups_one("pool")), |list| list["items"].is_array()).await;
    list["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_even_group_waits_in_a_zone_without_capacity() {
    let api = Api::start(config()).await;
    let id = api
        .fault(json!({"kind": "stockout", "zone": "us-central1-b", "machine_type": "e2-standard-2"}))
        .await;
    declare(&api, 3, json!({})).await;
    let refused = |i: &[Value]| i.iter().any(|i| !i["lastAttempt"].is_null());
    let instances = api.until_managed("pool", refused).await;
    let waiting = instances.iter().find(|i| !i["lastAttempt"].is_null()).unwrap();
    let message = "The zone 'projects/demo/zones/us-central1-b' does not have enough resources available to fulfill \
                   the request.  Try a different zone, or try again later.";
    assert_eq!(last_attempt(waiting), ("ZONE_RESOURCE_POOL_EXHAUSTED".to_owned(), message.to_owned()));
    assert_eq!(waiting["currentAction"], "CREATING");
    assert!(path_of(&waiting["instance"]).starts_with("zones/us-central1-b/"));
    let error = &errors(&api).await[0];
    assert_eq!(error["error"]["message"], message);
    assert_eq!(error["instanceActionDetails"]["action"], "CREATING");
    let view = api.until(&groups_one("pool"), |view| view["currentActions"]["creating"] == 1).await;
    assert_eq!(view["status"]["isStable"], false);
    api.end_fault(&id).await;
    api.stable("pool").await;
    assert_eq!(spread(&api.managed("pool").await).into_values().collect::<Vec<_>>(), [1, 1, 1]);
}

#[tokio::test]
async fn a_balanced_group_goes_where_capacity_is() {
    let api = Api::start(config()).await;
    let shape = |shape: &str| json!({"distributionPolicy": {"targetShape": shape}});
    api.fault(json!({"kind": "stockout", "zone": "us-central1-b"})).await;
    declare(&api, 4, shape("BALANCED")).await;
    api.stable("pool").await;
    let zones = spread(&api.managed("pool").await);
    assert_eq!(zones, [("us-central1-a".to_owned(), 2), ("us-central1-c".to_owned(), 2)].into());
    let single = group("pool", 4, shape("ANY_SINGLE_ZONE"));
    let single = json!({"name": "single", "instanceTemplate": single["instanceTemplate"], "targetSize": 4,
        "distributionPolicy": single["distributionPolicy"]});
    api.post(&groups(), single).await.ok();
    api.stable("single").await;
    assert_eq!(spread(&api.managed("single").await).len(), 1);
    let both = json!({"distributionPolicy": {"targetShape": "ANY"},
        "updatePolicy": {"instanceRedistributionType": "PROACTIVE"}});
    assert_eq!(api.patch(&groups_one("single"), both).await.refusal().0, 400);
}

#[tokio::test]
async fn a_quota_is_the_region_s_and_says_its_numbers() {
    let api = Api::start(config()).await;
    let id = api.fault(json!({"kind": "quota", "region": "us-central1", "metric": "CPUS", "limit": 4})).await;
    declare(&api, 3, json!({})).await;
    let refused = |i: &[Value]| i.iter().any(|i| !i["lastAttempt"].is_null());
    let instances = api.until_managed("pool", refused).await;
    let refused: Vec<&Value> = instances.iter().filter(|i| !i["lastAttempt"].is_null()).collect();
    assert_eq!(refused.len(), 1, "two machines of two CPUs fit");
    let message = "Quota 'CPUS' exceeded.  Limit: 4.0 in region us-central1.";
    assert_eq!(last_attempt(refused[0]), ("QUOTA_EXCEEDED".to_owned(), message.to_owned()));
    let details = &refused[0]["lastAttempt"]["errors"]["errors"][0]["errorDetails"][0]["quotaInfo"];
    assert_eq!(
        *details,
        json!({"metricName": "compute.googleapis.com/cpus", "limitName": "CPUS-per-project-region", "limit": 4.0,
            "dimensions": {"region": "us-central1"}})
    );
    let region = api.get("regions/us-central1").await.ok();
    let cpus = region["quotas"].as_array().unwrap().iter().find(|q| q["metric"] == "CPUS").unwrap();
    assert_eq!(*cpus, json!({"metric": "CPUS", "limit": 4.0, "usage": 4.0}));
    api.end_fault(&id).await;
    api.stable("pool").await;
}

#[tokio::test]
async fn images_rights_and_addresses_can_be_missing() {
    let api = Api::start(config()).await;
    let mut body = template("pool-template");
    body["properties"]["networkInterfaces"][0]["subnetwork"] =
        "regions/us-central1/subnetworks/agents".into();
    api.post("global/instanceTemplates", body).await.ok();
    api.post(&groups(), group("pool", 0, json!({}))).await.ok();
    let image = "projects/ubuntu-os-cloud/global/images/family/ubuntu-2204-lts";
    for (fault, code, message) in [
        (
            json!({"kind": "image", "image": "ubuntu-2204-lts"}),
            "RESOURCE_NOT_FOUND",
            format!("The resource '{image}' was not found"),
        ),
        (
            json!({"kind": "ip_space", "subnetwork": "agents"}),
            "IP_SPACE_EXHAUSTED",
            "IP space of 'projects/demo/regions/us-central1/subnetworks/agents' is exhausted.".to_owned(),
        ),
        (
            json!({"kind": "permission", "permission": "compute.instances.create"}),
            "PERMISSIONS_ERROR",
            "Required 'compute.instances.create' permission for ".to_owned(),
        ),
    ] {
        let id = api.fault(fault).await;
        api.post(&format!("{}/resize?size=1", groups_one("pool")), json!({})).await.ok();
        let refused = |i: &[Value]| i.iter().any(|i| !i["lastAttempt"].is_null());
        let found = last_attempt(&api.until_managed("pool", refused).await[0]);
        assert_eq!(found.0, code);
        assert!(found.1.starts_with(&message), "{}", found.1);
        api.end_fault(&id).await;
        api.stable("pool").await;
        api.post(&format!("{}/resize?size=0", groups_one("pool")), json!({})).await.ok();
        api.stable("pool").await;
    }
}

#[tokio::test]
async fn the_api_itself_can_be_away_slow_or_short_of_breath() {
    let api = Api::start(config()).await;
    let id = api.fault(json!({"kind": "http", "status": 429, "rate": 0.5, "path": "/regions"})).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(api.get("regions/us-central1").await.status);
    }
    assert_eq!(statuses, [200, 429, 200, 429]);
    assert_eq!(api.get("zones/us-central1-a").await.status, 200, "another path");
    api.end_fault(&id).await;

    api.fault(json!({"kind": "http", "status": 503, "canonical": true, "method": "get"})).await;
    let away = api.get("zones/us-central1-a").await;
    assert_eq!(away.body["error"]["status"], "UNAVAILABLE");
    assert_eq!(away.refusal().1, "backendError");
    let cleared = api.switch(Method::DELETE, "faults", Value::Null).await.ok();
    assert_eq!(cleared["cleared"], 1);

    api.fault(json!({"kind": "latency", "milliseconds": 300})).await;
    let asked = Instant::now();
    api.get("zones/us-central1-a").await.ok();
    assert!(asked.elapsed().as_millis() >= 300);
}

#[tokio::test]
async fn an_operation_can_fail_and_leaves_nothing_behind() {
    let api = Api::start(config()).await;
    api.group("pool", 1, json!({})).await;
    api.fault(json!({"kind": "operation", "path": "/resize", "code": "CONDITION_NOT_MET", "status": 412,
        "message": "The group is being looked at."}))
        .await;
    let operation = api.post(&format!("{}/resize?size=5", groups_one("pool")), json!({})).await.ok();
    let path = format!("regions/us-central1/operations/{}/wait", operation["name"].as_str().unwrap());
    let done = api.post(&path, json!({})).await.ok();
    assert_eq!(
        (&done["status"], &done["httpErrorStatusCode"], &done["httpErrorMessage"]),
        (&json!("DONE"), &json!(412), &json!("PRECONDITION FAILED"))
    );
    assert_eq!(
        done["error"],
        json!({"errors": [{"code": "CONDITION_NOT_MET", "message": "The group is being looked at."}]})
    );
    assert_eq!(api.get(&groups_one("pool")).await.ok()["targetSize"], 1);
}

#[tokio::test]
async fn switches_are_listed_kept_apart_and_refuse_nonsense() {
    let api = Api::start(config()).await;
    let id = api.fault(json!({"kind": "stockout", "zone": "us-central1-a"})).await;
    let list = api.switch(Method::GET, "faults", Value::Null).await.ok();
    assert_eq!((&list["faults"][0]["id"], &list["faults"][0]["kind"]), (&json!(id), &json!("stockout")));
    for nonsense in [
        json!({"kind": "plague"}),
        json!({"kind": "stockout"}),
        json!({"kind": "stockout", "zone": "mars-a"}),
        json!({"kind": "agent", "state": "silent"}),
        json!({"kind": "agent", "state": "silent", "zone": "us-central1-a", "colour": "red"}),
        json!({"kind": "quota", "region": "us-central1", "metric": "APPLES", "limit": 1}),
    ] {
        assert_eq!(api.switch(Method::POST, "faults", nonsense.clone()).await.status, 400, "{nonsense}");
    }
    assert_eq!(api.switch(Method::DELETE, "faults/99", Value::Null).await.status, 404);
    let load = "loads/demo/us-central1/pool";
    assert_eq!(api.switch(Method::PUT, load, json!({"cpu": 7})).await.status, 400);
    api.switch(Method::PUT, load, json!({"cpu": [[0, 0.2], [600, 0.9]]})).await.ok();
    let loads = api.switch(Method::GET, "loads", Value::Null).await.ok();
    assert_eq!(loads["loads"].as_object().map(serde_json::Map::len), Some(1));
    api.switch(Method::DELETE, load, Value::Null).await.ok();
    assert_eq!(api.switch(Method::POST, "faults", Value::Null).await.status, 415);
}
