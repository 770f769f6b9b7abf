//! What a group does about VMs that others stop, delete or take away.

use serde_json::{Value, json};

use crate::harness::{Api, config, group, groups, groups_one, path_of, template};

async fn system_operations(api: &Api, zone: &str) -> Vec<(String, String)> {
    let list = api.get(&format!("zones/{zone}/operations")).await.ok();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = list["items"].as_array().cloned().unwrap_or_default();
    items
        .iter()
        .filter(|operation| operation["user"] == "system")
        .map(|operation| (text(&operation["operationType"]), text(&operation["statusMessage"])))
        .collect()
}

#[tokio::test]
async fn a_vm_that_somebody_stops_or_deletes_is_made_anew_under_its_name() {
    let api = Api::start(config()).await;
    api.group("pool", 2, json!({})).await;
    let before = api.managed("pool").await;
    let (first, second) = (path_of(&before[0]["instance"]), path_of(&before[1]["instance"]));
    let operation = api.post(&format!("{first}/stop"), json!({})).await.ok();
    assert_eq!((&operation["operationType"], operation["zone"].is_string()), (&json!("stop"), true));
    api.delete(&second).await.ok();
    let replaced = |now: &[Value]| {
        now.iter().zip(&before).all(|(now, then)| now["id"].is_string() && now["id"] != then["id"])
    };
    api.until_managed("pool", replaced).await;
    api.stable("pool").await;
    let after = api.managed("pool").await;
    assert_eq!(after[0]["name"], before[0]["name"]);
    let zone = first.split('/').nth(1).unwrap();
    let repairs = system_operations(&api, zone).await;
    assert_eq!(repairs[0].0, "compute.instances.repair.recreateInstance");
    assert!(repairs[0].1.contains("it is TERMINATED"), "{repairs:?}");
}

#[tokio::test]
async fn a_group_that_is_told_to_does_nothing() {
    let api = Api::start(config()).await;
    api.group("pool", 1, json!({"instanceLifecyclePolicy": {"defaultActionOnFailure": "DO_NOTHING"}})).await;
    let vm = path_of(&api.managed("pool").await[0]["instance"]);
    api.post(&format!("{vm}/stop"), json!({})).await.ok();
    api.until(&vm, |vm| vm["status"] == "TERMINATED").await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(api.managed("pool").await[0]["currentAction"], "NONE");
    api.post(&format!("{vm}/start"), json!({})).await.ok();
    api.until(&vm, |vm| vm["status"] == "RUNNING").await;
}

#[tokio::test]
async fn a_reset_boots_the_same_vm_again() {
    let api = Api::start(config()).await;
    api.group("pool", 1, json!({})).await;
    let before = api.managed("pool").await[0].clone();
    let vm = path_of(&before["instance"]);
    let up = |n| {
        move |output: &Value| {
            output["contents"].as_str().unwrap_or_default().matches("Multi-User").count() == n
        }
    };
    api.until(&format!("{vm}/serialPort"), up(1)).await;
    api.post(&format!("{vm}/reset"), json!({})).await.ok();
    api.until(&format!("{vm}/serialPort"), up(2)).await;
    assert_eq!(api.managed("pool").await[0]["id"], before["id"]);
}

#[tokio::test]
async fn a_preempted_vm_comes_back_when_capacity_does() {
    let api = Api::start(config()).await;
    let mut spot = template("pool-template");
    spot["properties"]["scheduling"] =
        json!({"provisioningModel": "SPOT", "instanceTerminationAction": "STOP"});
    api.post("global/instanceTemplates", spot).await.ok();
    api.post(&groups(), group("pool", 3, json!({}))).await.ok();
    api.stable("pool").await;
    let before = api.managed("pool").await;
    let name = before[0]["name"].as_str().unwrap();
    let zone = path_of(&before[0]["instance"]).split('/').nth(1).unwrap().to_owned();
    let stockout = api.fault(json!({"kind": "stockout", "zone": zone, "provisioning_model": "SPOT"})).await;
    let taken = api.switch(reqwest::Method::POST, "preemptions", json!({"instance": name})).await.ok();
    assert_eq!(taken["preempted"].as_array().map(Vec::len), Some(1));
    let waiting = |i: &[Value]| {
        i[0]["currentAction"] == "RECREATING"
            && crate::harness::last_attempt(&i[0]).0 == "ZONE_RESOURCE_POOL_EXHAUSTED"
    };
    api.until_managed("pool", waiting).await;
    assert!(
        system_operations(&api, &zone).await.iter().any(|(kind, _)| kind == "compute.instances.preempted")
    );
    api.end_fault(&stockout).await;
    api.stable("pool").await;
    let after = api.managed("pool").await;
    assert_eq!(after[0]["name"], before[0]["name"]);
    assert_ne!(after[0]["id"], before[0]["id"]);
    assert_eq!(api.get(&groups_one("pool")).await.ok()["targetSize"], 3);
    let none = api.switch(reqwest::Method::POST, "preemptions", json!({"instance": "nobody"})).await;
    assert_eq!(none.refusal().0, 400);
}
