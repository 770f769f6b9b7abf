//! A group from its declaration to its end, without agents.

use std::collections::BTreeSet;

use crate::harness::{Api, config, group, groups, groups_one, path_of, spread, template};
use serde_json::{Value, json};

#[tokio::test]
async fn an_insert_is_done_before_its_vms_exist() {
    let api = Api::start(compute_emulator::Config { clock_rate: 20.0, ..config() }).await;
    api.template("pool-template").await;
    let operation = api.post(&groups(), group("pool", 3, json!({}))).await.ok();
    assert_eq!(operation["operationType"], "insert");
    assert_eq!(operation["kind"], "compute#operation");
    let name = operation["name"].as_str().unwrap();
    let waited = api.post(&format!("regions/us-central1/operations/{name}/wait"), json!({})).await.ok();
    assert_eq!((&waited["status"], &waited["progress"]), (&json!("DONE"), &json!(100)));
    let view = api.get(&groups_one("pool")).await.ok();
    assert_eq!(view["status"]["isStable"], false);
    assert_eq!(view["currentActions"]["creating"], 3);

    let mut seen = BTreeSet::new();
    loop {
        for instance in api.managed("pool").await {
            seen.insert(instance["instanceStatus"].as_str().unwrap_or_default().to_owned());
        }
        if api.get(&groups_one("pool")).await.ok()["status"]["isStable"] == true {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    for status in ["PROVISIONING", "STAGING", "RUNNING"] {
        assert!(seen.contains(status), "{status} not in {seen:?}");
    }
    let view = api.get(&groups_one("pool")).await.ok();
    assert_eq!(view["currentActions"]["none"], 3);
    assert_eq!(view["status"]["versionTarget"]["isReached"], true);
    let instances = api.managed("pool").await;
    assert!(instances.iter().all(|i| i["name"].as_str().unwrap().starts_with("agent-pool-")));
    assert_eq!(spread(&instances).into_values().collect::<Vec<_>>(), [1, 1, 1]);
}

#[tokio::test]
async fn the_spread_is_even_at_each_size() {
    let api = Api::start(config()).await;
    api.group("pool", 0, json!({})).await;
    for size in [5, 8, 4, 1, 7, 0] {
        api.post(&format!("{}/resize?size={size}", groups_one("pool")), json!({})).await.ok();
        let view = api.stable("pool").await;
        assert_eq!(view["targetSize"], size);
        let spread = spread(&api.managed("pool").await);
        let least = if size < 3 { 0 } else { spread.values().copied().min().unwrap() };
        assert!(spread.values().all(|n| *n <= least + 1), "{size}: {spread:?}");
        assert_eq!(spread.values().sum::<usize>(), size);
    }
}

#[tokio::test]
async fn deleting_named_instances_lowers_the_size_and_keeps_the_spread() {
    let api = Api::start(config()).await;
    api.group("pool", 9, json!({})).await;
    let zone = |i: &&Value| path_of(&i["instance"]).contains("us-central1-a");
    let victims: Vec<Value> =
        api.managed("pool").await.iter().filter(zone).map(|i| i["instance"].clone()).collect();
    assert_eq!(victims.len(), 3);
    api.post(&format!("{}/deleteInstances", groups_one("pool")), json!({"instances": victims})).await.ok();
    let view = api.stable("pool").await;
    assert_eq!(view["targetSize"], 6);
    let instances = api.managed("pool").await;
    assert_eq!(spread(&instances).into_values().collect::<Vec<_>>(), [2, 2, 2]);
    assert!(instances.iter().all(|i| !victims.contains(&i["instance"])));
    assert_eq!(api.get(&path_of(&victims[0])).await.status, 404);
}

#[tokio::test]
async fn recreating_keeps_the_name_and_changes_the_vm() {
    let api = Api::start(compute_emulator::Config { clock_rate: 20.0, ..config() }).await;
    api.group("pool", 2, json!({})).await;
    let before = api.managed("pool").await;
    let url = before[0]["instance"].clone();
    api.post(&format!("{}/recreateInstances", groups_one("pool")), json!({"instances": [url]})).await.ok();
    assert_eq!(api.get(&groups_one("pool")).await.ok()["currentActions"]["recreating"], 1);
    api.stable("pool").await;
    let after = api.managed("pool").await;
    assert_eq!(after[0]["name"], before[0]["name"]);
    assert_ne!(after[0]["id"], before[0]["id"]);
    assert_eq!(after[1]["id"], before[1]["id"]);
}

#[tokio::test]
async fn an_abandoned_vm_lives_on_outside_the_group() {
    let api = Api::start(config()).await;
    api.group("pool", 2, json!({})).await;
    let url = api.managed("pool").await[0]["instance"].clone();
    api.post(&format!("{}/abandonInstances", groups_one("pool")), json!({"instances": [url]})).await.ok();
    assert_eq!(api.stable("pool").await["targetSize"], 1);
    assert_eq!(api.get(&path_of(&url)).await.ok()["status"], "RUNNING");
    assert_eq!(api.managed("pool").await.len(), 1);
}

#[tokio::test]
async fn a_proactive_group_rolls_to_a_new_template_within_its_limits() {
    // Slow enough for each phase to be seen, also on a machine that has other things to do.
    let api = Api::start(compute_emulator::Config { clock_rate: 20.0, ..config() }).await;
    let policy = json!({"updatePolicy": {"type": "PROACTIVE", "maxSurge": {"fixed": 3}, "maxUnavailable": {"fixed": 0}}});
    api.group("pool", 4, policy).await;
    let before: BTreeSet<String> = ids(&api.managed("pool").await);
    api.post("global/instanceTemplates", template("second")).await.ok();
    api.patch(
        &groups_one("pool"),
        json!({"versions": [{"instanceTemplate": "global/instanceTemplates/second"}]}),
    )
    .await
    .ok();
    let view = api.get(&groups_one("pool")).await.ok();
    assert_eq!(
        (&view["status"]["isStable"], &view["status"]["versionTarget"]["isReached"]),
        (&json!(false), &json!(false))
    );
    let (mut most, mut fewest) = (0, usize::MAX);
    loop {
        let instances = api.managed("pool").await;
        let staying = |i: &&Value| i["currentAction"] != "DELETING";
        most = most.max(instances.iter().filter(staying).count());
        fewest =
            fewest.min(instances.iter().filter(staying).filter(|i| i["instanceStatus"] == "RUNNING").count());
        if api.get(&groups_one("pool")).await.ok()["status"]["isStable"] == true {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!((most, fewest), (7, 4));
    let after = api.managed("pool").await;
    assert!(ids(&after).is_disjoint(&before));
    assert!(after.iter().all(|i| i["version"]["instanceTemplate"].as_str().unwrap().ends_with("/second")));
    assert_eq!(api.get(&groups_one("pool")).await.ok()["status"]["versionTarget"]["isReached"], true);
    // The first template is free again.
    api.delete("global/instanceTemplates/pool-template").await.ok();
}

#[tokio::test]
async fn an_opportunistic_group_waits_to_be_told() {
    let api = Api::start(config()).await;
    api.group("pool", 3, json!({})).await;
    api.post("global/instanceTemplates", template("second")).await.ok();
    let body = json!({"instanceTemplate": "global/instanceTemplates/second"});
    api.post(&format!("{}/setInstanceTemplate", groups_one("pool")), body).await.ok();
    let view = api.stable("pool").await;
    assert_eq!(view["status"]["versionTarget"]["isReached"], false);
    let body = json!({"allInstances": true});
    api.post(&format!("{}/applyUpdatesToInstances", groups_one("pool")), body).await.ok();
    api.until(&groups_one("pool"), |view| view["status"]["versionTarget"]["isReached"] == true).await;
    api.stable("pool").await;
}

#[tokio::test]
async fn recreate_replaces_in_place() {
    let api = Api::start(config()).await;
    let policy = json!({"updatePolicy": {"type": "PROACTIVE", "replacementMethod": "RECREATE",
        "maxSurge": {"fixed": 0}, "maxUnavailable": {"fixed": 3}}});
    api.group("pool", 4, policy).await;
    let names = |list: &[Value]| list.iter().map(|i| i["name"].clone()).collect::<Vec<_>>();
    let before = api.managed("pool").await;
    api.post("global/instanceTemplates", template("second")).await.ok();
    let body = json!({"instanceTemplate": "global/instanceTemplates/second"});
    api.patch(&groups_one("pool"), body).await.ok();
    api.stable("pool").await;
    let after = api.managed("pool").await;
    assert_eq!(names(&before), names(&after));
    assert!(ids(&after).is_disjoint(&ids(&before)));
}

#[tokio::test]
async fn deleting_a_group_is_done_when_its_vms_are_gone() {
    let api = Api::start(config()).await;
    api.group("pool", 2, json!({})).await;
    let operation = api.delete(&groups_one("pool")).await.ok();
    assert_eq!(api.get(&groups_one("pool")).await.ok()["currentActions"]["deleting"], 2);
    let name = operation["name"].as_str().unwrap();
    let done = api.post(&format!("regions/us-central1/operations/{name}/wait"), json!({})).await.ok();
    assert_eq!(done["status"], "DONE");
    assert_eq!(api.get(&groups_one("pool")).await.status, 404);
    let left = api.get("zones/us-central1-a/instances").await.ok();
    assert_eq!(left.get("items"), None);
    api.delete("global/instanceTemplates/pool-template").await.ok();
}

#[tokio::test]
async fn an_impossible_machine_type_shows_in_the_last_attempt() {
    let api = Api::start(config()).await;
    let mut body = template("pool-template");
    body["properties"]["machineType"] = "x9-mega-1".into();
    api.post("global/instanceTemplates", body).await.ok();
    api.post(&groups(), group("pool", 1, json!({}))).await.ok();
    let errors =
        api.until(&format!("{}/listErrors", groups_one("pool")), |list| list["items"][0].is_object()).await;
    assert_eq!(errors["items"][0]["error"]["code"], "RESOURCE_NOT_FOUND");
    let instance = &api.managed("pool").await[0];
    assert_eq!(instance["currentAction"], "CREATING");
    assert!(
        instance["lastAttempt"]["errors"]["errors"][0]["message"].as_str().unwrap().contains("x9-mega-1")
    );
}

#[tokio::test]
async fn the_serial_port_is_read_in_parts() {
    let api = Api::start(config()).await;
    api.group("pool", 1, json!({})).await;
    let path = path_of(&api.managed("pool").await[0]["instance"]);
    let reached = |output: &Value| output["contents"].as_str().unwrap_or_default().contains("Multi-User");
    let output = api.until(&format!("{path}/serialPort"), reached).await;
    assert_eq!((&output["start"], &output["kind"]), (&json!("0"), &json!("compute#serialPortOutput")));
    let next = output["next"].as_str().unwrap();
    let rest = api.get(&format!("{path}/serialPort?port=1&start={next}")).await.ok();
    assert_eq!((&rest["contents"], &rest["next"]), (&json!(""), &json!(next)));
}

#[tokio::test]
async fn two_thousand_vms_are_no_trouble() {
    let api = Api::start(config()).await;
    let start = std::time::Instant::now();
    let view = api.group("pool", 2000, json!({})).await;
    assert_eq!(view["currentActions"]["none"], 2000);
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
}

fn ids(instances: &[Value]) -> BTreeSet<String> {
    instances.iter().filter_map(|i| i["id"].as_str().map(str::to_owned)).collect()
}
