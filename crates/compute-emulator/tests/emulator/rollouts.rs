//! How a group takes a new version: by which action, how many at once, how far.

use compute_emulator::Config;
use serde_json::{Value, json};

use crate::harness::{Api, config, group, groups, groups_one, path_of, template};

const SECOND: &str = "global/instanceTemplates/second";

/// A template that differs from the harness's own in what `change` does to its properties.
async fn second(api: &Api, change: impl FnOnce(&mut Value)) {
    let mut body = template("second");
    change(&mut body["properties"]);
    api.post("global/instanceTemplates", body).await.ok();
}

fn policy(minimal: &str, allowed: &str) -> Value {
    json!({"updatePolicy": {"type": "PROACTIVE", "minimalAction": minimal, "mostDisruptiveAllowedAction": allowed,
        "maxSurge": {"fixed": 0}, "maxUnavailable": {"fixed": 3}}})
}

fn ids(instances: &[Value]) -> Vec<Value> {
    instances.iter().map(|instance| instance["id"].clone()).collect()
}

fn of_version(instances: &[Value], name: &str) -> usize {
    let of = |instance: &&Value| {
        instance["version"]["instanceTemplate"].as_str().unwrap_or_default().ends_with(name)
    };
    instances.iter().filter(of).count()
}

async fn roll_to_second(api: &Api) {
    api.patch(&groups_one("pool"), json!({"instanceTemplate": SECOND})).await.ok();
}

#[tokio::test]
async fn new_metadata_needs_no_restart() {
    // Slow enough for a REFRESHING of two virtual seconds to be seen.
    let api = Api::start(Config { clock_rate: 20.0, ..config() }).await;
    api.group("pool", 3, policy("NONE", "REPLACE")).await;
    let before = api.managed("pool").await;
    second(&api, |p| p["metadata"]["items"][0]["value"] = "tester".into()).await;
    roll_to_second(&api).await;
    api.until_managed("pool", |i| i.iter().all(|i| i["currentAction"] == "REFRESHING")).await;
    api.stable("pool").await;
    let after = api.managed("pool").await;
    assert_eq!(ids(&after), ids(&before));
    assert_eq!(of_version(&after, "second"), 3);
    let vm = api.get(&path_of(&after[0]["instance"])).await.ok();
    assert_eq!(vm["metadata"]["items"][0]["value"], "tester");
}

#[tokio::test]
async fn another_machine_type_takes_a_restart_of_no_more_than_may_be_unavailable() {
    let api = Api::start(config()).await;
    api.group("pool", 6, policy("REFRESH", "REPLACE")).await;
    let before = api.managed("pool").await;
    second(&api, |p| p["machineType"] = "e2-standard-4".into()).await;
    roll_to_second(&api).await;
    let (mut most, mut seen) = (0, false);
    loop {
        let view = api.get(&groups_one("pool")).await.ok();
        let restarting = view["currentActions"]["restarting"].as_u64().unwrap();
        seen |= restarting > 0;
        most = most.max(restarting);
        if view["status"]["isStable"] == true {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(seen && most <= 3, "{most} at once");
    let after = api.managed("pool").await;
    assert_eq!(ids(&after), ids(&before));
    let vm = api.get(&path_of(&after[0]["instance"])).await.ok();
    assert!(vm["machineType"].as_str().unwrap().ends_with("/e2-standard-4"));
}

#[tokio::test]
async fn what_is_more_disruptive_than_allowed_is_not_done() {
    let api = Api::start(config()).await;
    api.group("pool", 3, policy("NONE", "RESTART")).await;
    let before = api.managed("pool").await;
    second(&api, |p| p["disks"][0]["initializeParams"]["diskSizeGb"] = "30".into()).await;
    roll_to_second(&api).await;
    let view = api.get(&groups_one("pool")).await.ok();
    assert_eq!(view["status"]["isStable"], true);
    assert_eq!(view["status"]["versionTarget"]["isReached"], false);
    assert_eq!(ids(&api.managed("pool").await), ids(&before));
    // What is new is of the new version all the same.
    api.post(&format!("{}/resize?size=4", groups_one("pool")), json!({})).await.ok();
    api.stable("pool").await;
    assert_eq!(of_version(&api.managed("pool").await, "second"), 1);
    let wrong = api.patch(&groups_one("pool"), policy("REPLACE", "RESTART")).await.refusal();
    assert_eq!((wrong.0, wrong.1.as_str()), (400, "invalid"));
}

#[tokio::test]
async fn a_canary_takes_its_share_is_promoted_and_rolled_back() {
    let api = Api::start(config()).await;
    api.group("pool", 10, policy("REPLACE", "REPLACE")).await;
    second(&api, |p| p["metadata"]["items"][0]["value"] = "tester".into()).await;
    let first = "global/instanceTemplates/pool-template";
    let canary = |size: Value| {
        json!({"versions": [{"name": "main", "instanceTemplate": first},
            {"name": "canary", "instanceTemplate": SECOND, "targetSize": size}]})
    };
    // Percentages round up: 25 % of ten are three.
    for (size, expected) in
        [(json!({"fixed": 1}), 1), (json!({"percent": 25}), 3), (json!({"fixed": 99}), 10)]
    {
        api.patch(&groups_one("pool"), canary(size.clone())).await.ok();
        let view = api.stable("pool").await;
        assert_eq!(of_version(&api.managed("pool").await, "second"), expected, "{size}");
        assert_eq!(view["versions"][1]["targetSize"]["calculated"], expected);
        assert_eq!(view["status"]["versionTarget"]["isReached"], true);
    }
    let named = api.managed("pool").await[0]["version"]["name"].clone();
    assert_eq!(named, "canary");
    // Rolled back, then promoted: one version, whose instances stay.
    api.patch(&groups_one("pool"), json!({"versions": [{"instanceTemplate": first}]})).await.ok();
    api.stable("pool").await;
    assert_eq!(of_version(&api.managed("pool").await, "second"), 0);
    api.patch(&groups_one("pool"), canary(json!({"fixed": 2}))).await.ok();
    api.stable("pool").await;
    api.patch(&groups_one("pool"), json!({"versions": [{"instanceTemplate": SECOND}]})).await.ok();
    api.stable("pool").await;
    assert_eq!(of_version(&api.managed("pool").await, "second"), 10);
    for wrong in [
        json!({"versions": [{"instanceTemplate": first}, {"instanceTemplate": SECOND}]}),
        json!({"versions": [{"instanceTemplate": first, "targetSize": {"fixed": 1}}]}),
    ] {
        assert_eq!(api.patch(&groups_one("pool"), wrong).await.refusal().0, 400);
    }
}

#[tokio::test]
async fn updates_are_applied_to_the_named_by_the_least_that_does_it() {
    let api = Api::start(Config { clock_rate: 50.0, ..config() }).await;
    api.group("pool", 3, json!({})).await;
    let before = api.managed("pool").await;
    second(&api, |p| p["metadata"]["items"][0]["value"] = "tester".into()).await;
    roll_to_second(&api).await;
    let apply = format!("{}/applyUpdatesToInstances", groups_one("pool"));
    let one = json!([before[0]["instance"]]);
    api.post(&apply, json!({"instances": one})).await.ok();
    api.until_managed("pool", |i| of_version(i, "second") == 1 && i[0]["currentAction"] == "NONE").await;
    assert_eq!(ids(&api.managed("pool").await), ids(&before), "metadata needs no other VM");

    // What is asked for at least is done, new version or not; more than is allowed is not.
    api.post(&apply, json!({"instances": one, "minimalAction": "RESTART"})).await.ok();
    api.until_managed("pool", |i| i[0]["currentAction"] == "RESTARTING").await;
    api.stable("pool").await;
    assert_eq!(ids(&api.managed("pool").await), ids(&before));
    let others = json!({"instances": [before[1]["instance"]], "minimalAction": "REPLACE"});
    api.post(&apply, others).await.ok();
    api.stable("pool").await;
    let after = api.managed("pool").await;
    assert_eq!((&after[1]["name"], &after[2]["id"]), (&before[1]["name"], &before[2]["id"]));
    assert_ne!(after[1]["id"], before[1]["id"]);
    assert_eq!(of_version(&after, "second"), 2);
    let nothing = json!({"allInstances": true, "mostDisruptiveAllowedAction": "NONE"});
    api.post(&apply, nothing).await.ok();
    assert_eq!(of_version(&api.managed("pool").await, "second"), 2);
    let contrary =
        json!({"allInstances": true, "minimalAction": "REPLACE", "mostDisruptiveAllowedAction": "RESTART"});
    assert_eq!(api.post(&apply, contrary).await.refusal().0, 400);
}

#[tokio::test]
async fn instances_are_made_by_name_stopped_and_started() {
    let api = Api::start(config()).await;
    api.group("pool", 2, json!({})).await;
    let one = groups_one("pool");
    let named = json!({"instances": [{"name": "agent-pool-mine"}, {"name": "agent-pool-yours"}]});
    let operation = api.post(&format!("{one}/createInstances"), named.clone()).await.ok();
    assert_eq!(operation["operationType"], "compute.instanceGroupManagers.createInstances");
    assert_eq!(api.stable("pool").await["targetSize"], 4);
    assert_eq!(api.post(&format!("{one}/createInstances"), named).await.refusal().0, 400);
    let managed = api.managed("pool").await;
    let mine = managed.iter().find(|i| i["name"] == "agent-pool-mine").unwrap();
    let (url, id) = (mine["instance"].clone(), mine["id"].clone());

    api.post(&format!("{one}/stopInstances"), json!({"instances": [url]})).await.ok();
    let view = api.stable("pool").await;
    assert_eq!((&view["targetSize"], &view["targetStoppedSize"]), (&json!(3), &json!(1)));
    let stopped =
        |i: &[Value]| i.iter().any(|i| i["name"] == "agent-pool-mine" && i["instanceStatus"] == "TERMINATED");
    let managed = api.until_managed("pool", stopped).await;
    let mine = managed.iter().find(|i| i["name"] == "agent-pool-mine").unwrap();
    assert_eq!((&mine["currentAction"], &mine["targetStatus"]), (&json!("NONE"), &json!("STOPPED")));
    assert_eq!(api.post(&format!("{one}/stopInstances"), json!({"instances": [url]})).await.refusal().0, 400);

    api.post(&format!("{one}/startInstances"), json!({"instances": [url]})).await.ok();
    let view = api.stable("pool").await;
    assert_eq!((&view["targetSize"], &view["targetStoppedSize"]), (&json!(4), &json!(0)));
    let managed = api.managed("pool").await;
    let mine = managed.iter().find(|i| i["name"] == "agent-pool-mine").unwrap();
    assert_eq!((&mine["instanceStatus"], &mine["id"]), (&json!("RUNNING"), &id));
}

#[tokio::test]
async fn spot_machines_that_are_deleted_are_not_for_groups() {
    let api = Api::start(config()).await;
    let mut spot = template("pool-template");
    spot["properties"]["scheduling"] =
        json!({"provisioningModel": "SPOT", "instanceTerminationAction": "DELETE"});
    api.post("global/instanceTemplates", spot).await.ok();
    let (code, _, message) = api.post(&groups(), group("pool", 1, json!({}))).await.refusal();
    assert_eq!(
        (code, message.as_str()),
        (
            400,
            "Spot virtual machines with termination action set to DELETE cannot be used with Managed Instance Groups."
        )
    );
}
