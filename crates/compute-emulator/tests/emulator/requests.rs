//! How requests are answered: refusals, fingerprints, request ids, pages, filters, patches.

use crate::harness::{Api, config, group, groups, groups_one, template};
use serde_json::{Value, json};

#[tokio::test]
async fn refusals_have_the_service_s_shape() {
    let api = Api::start(config()).await;
    let missing = api.get(&groups_one("none")).await;
    assert_eq!(
        missing.body,
        json!({"error": {"code": 404,
            "message": "The resource 'projects/demo/regions/us-central1/instanceGroupManagers/none' was not found",
            "errors": [{"domain": "global", "reason": "notFound",
                "message": "The resource 'projects/demo/regions/us-central1/instanceGroupManagers/none' was not found"}]}})
    );
    api.template("pool-template").await;
    let again = api.post("global/instanceTemplates", template("pool-template")).await.refusal();
    assert_eq!((again.0, again.1.as_str()), (409, "alreadyExists"));
    let missing = api.post(&groups(), json!({"description": "nothing else"})).await;
    assert_eq!(missing.body["error"]["errors"].as_array().unwrap().len(), 3);
    let unknown = api.post(&groups(), json!({"name": "pool", "colour": "red"})).await;
    assert_eq!(unknown.body["error"]["status"], "INVALID_ARGUMENT");
    let body = group("pool", 1, json!({"instanceTemplate": "global/instanceTemplates/none"}));
    assert_eq!(api.post(&groups(), body).await.refusal().1, "notFound");
    let name = api.post("global/instanceTemplates", template("Bad_Name")).await.refusal();
    assert!(name.2.contains("Must be a match of regex"), "{}", name.2);
}

#[tokio::test]
async fn what_is_in_use_stays() {
    let api = Api::start(config()).await;
    api.post(
        "global/healthChecks",
        json!({"name": "alive", "type": "HTTP", "httpHealthCheck": {"port": 8080}}),
    )
    .await
    .ok();
    let healing = json!({"autoHealingPolicies": [{"healthCheck": "global/healthChecks/alive", "initialDelaySec": 300}]});
    api.template("pool-template").await;
    api.post(&groups(), group("pool", 0, healing)).await.ok();
    let target = "regions/us-central1/instanceGroupManagers/pool";
    let scaler = json!({"name": "scaler", "target": target, "autoscalingPolicy": {"minNumReplicas": 1, "maxNumReplicas": 3}});
    api.post("regions/us-central1/autoscalers", scaler).await.ok();
    for path in ["global/instanceTemplates/pool-template", "global/healthChecks/alive", target] {
        let (code, reason, message) = api.delete(path).await.refusal();
        assert_eq!((code, reason.as_str()), (400, "resourceInUseByAnotherResource"), "{path}");
        assert!(message.contains("is already being used by 'projects/demo/"), "{message}");
    }
    assert!(
        api.get(target).await.ok()["status"]["autoscaler"].as_str().unwrap().ends_with("/autoscalers/scaler")
    );
    let view = api.until("regions/us-central1/autoscalers/scaler", |view| view["status"] == "ACTIVE").await;
    assert_eq!(view["recommendedSize"], 1);
    api.patch(
        "regions/us-central1/autoscalers?autoscaler=scaler",
        json!({"autoscalingPolicy": {"mode": "OFF"}}),
    )
    .await
    .ok();
    let view = api.get("regions/us-central1/autoscalers/scaler").await.ok();
    assert_eq!(view["statusDetails"][0]["type"], "MODE_OFF");
    assert_eq!(view["autoscalingPolicy"]["maxNumReplicas"], 3);
    api.delete("regions/us-central1/autoscalers/scaler").await.ok();
    // One empty policy clears autohealing: clients cannot send an empty list.
    api.patch(target, json!({"autoHealingPolicies": [{}]})).await.ok();
    assert_eq!(api.get(target).await.ok().get("autoHealingPolicies"), None);
    api.delete("global/healthChecks/alive").await.ok();
    api.delete(target).await.ok();
}

#[tokio::test]
async fn a_stale_fingerprint_is_refused_and_none_is_accepted() {
    let api = Api::start(config()).await;
    let first = api.group("pool", 0, json!({})).await["fingerprint"].clone();
    assert!(first.as_str().unwrap().ends_with('='));
    api.patch(&groups_one("pool"), json!({"description": "a", "fingerprint": first})).await.ok();
    let stale = api.patch(&groups_one("pool"), json!({"description": "b", "fingerprint": first})).await;
    assert_eq!(stale.body["error"]["errors"][0]["location"], "If-Match");
    assert_eq!(stale.refusal().1, "conditionNotMet");
    api.patch(&groups_one("pool"), json!({"description": "c"})).await.ok();
    let view = api.get(&groups_one("pool")).await.ok();
    assert_eq!(view["description"], "c");
    assert_ne!(view["fingerprint"], first);
}

#[tokio::test]
async fn a_request_id_has_one_effect() {
    let api = Api::start(config()).await;
    api.group("pool", 4, json!({})).await;
    let id = "8b1c2c6e-3f2f-4a63-9f0e-0d9a44c7f001";
    let url = api.managed("pool").await[0]["instance"].clone();
    let path = format!("{}/deleteInstances?requestId={id}", groups_one("pool"));
    let first = api.post(&path, json!({"instances": [url]})).await.ok();
    let again = api.post(&path, json!({"instances": [url]})).await.ok();
    assert_eq!(first["name"], again["name"]);
    assert_eq!(first["clientOperationId"], id);
    assert_eq!(api.stable("pool").await["targetSize"], 3);
    let again = api.post(&path, json!({"instances": [url]})).await.ok();
    assert_eq!((&again["name"], &again["status"]), (&first["name"], &json!("DONE")));
    let other =
        api.post(&format!("{}/resize?size=1&requestId={id}", groups_one("pool")), json!({})).await.refusal();
    assert_eq!(other.0, 400);
    for bad in ["abc", "00000000-0000-0000-0000-000000000000"] {
        let path = format!("{}/resize?size=1&requestId={bad}", groups_one("pool"));
        assert_eq!(api.post(&path, json!({})).await.refusal().0, 400);
    }
}

#[tokio::test]
async fn pages_follow_each_other() {
    let api = Api::start(config()).await;
    api.group("pool", 7, json!({})).await;
    let all: Vec<Value> = api.managed("pool").await.iter().map(|i| i["name"].clone()).collect();
    let list = format!("{}/listManagedInstances", groups_one("pool"));
    let mut names = Vec::new();
    let mut token = String::new();
    loop {
        // As Google's own client asks: an empty token for the first page, `$alt` in the query.
        let page =
            api.post(&format!("{list}?maxResults=3&pageToken={token}&%24alt=json"), json!({})).await.ok();
        names.extend(page["managedInstances"].as_array().unwrap().iter().map(|i| i["name"].clone()));
        match page["nextPageToken"].as_str() {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(names, all);
    assert_eq!(api.post(&format!("{list}?pageToken=nonsense"), json!({})).await.refusal().0, 400);
    api.patch(&groups_one("pool"), json!({"listManagedInstancesResults": "PAGELESS"})).await.ok();
    let page = api.post(&format!("{list}?maxResults=3"), json!({})).await.ok();
    assert_eq!(page["managedInstances"].as_array().unwrap().len(), 7);
}

#[tokio::test]
async fn lists_filter_and_page() {
    let api = Api::start(config()).await;
    for name in ["a", "b", "c"] {
        api.template(name).await;
    }
    let list = "global/instanceTemplates";
    let names = |list: &Value| {
        list["items"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|i| i["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let page = api.get(&format!("{list}?maxResults=2")).await.ok();
    assert_eq!(
        (names(&page), &page["kind"]),
        (vec!["a".to_owned(), "b".to_owned()], &json!("compute#instanceTemplateList"))
    );
    let token = page["nextPageToken"].as_str().unwrap();
    assert_eq!(names(&api.get(&format!("{list}?maxResults=2&pageToken={token}")).await.ok()), ["c"]);
    assert_eq!(names(&api.get(&format!("{list}?filter=name%20%3D%20b")).await.ok()), ["b"]);
    assert_eq!(names(&api.get(&format!("{list}?filter=name%20!%3D%20b")).await.ok()), ["a", "c"]);
    assert_eq!(names(&api.get(&format!("{list}?filter=name%20eq%20%5Bab%5D")).await.ok()), ["a", "b"]);
    assert_eq!(api.get(&format!("{list}?filter=name:b")).await.refusal().1, "invalid");
    assert_eq!(api.get(&format!("{list}?maxResults=501")).await.refusal().1, "invalid");
    let none = api.get(&format!("{list}?filter=name%3Dz")).await.ok();
    assert_eq!(none.get("items"), None);
}

#[tokio::test]
async fn regional_update_policies_are_held_to_the_zones() {
    let api = Api::start(config()).await;
    api.template("pool-template").await;
    let policy = json!({"updatePolicy": {"maxUnavailable": {"fixed": 1}}});
    let (code, _, message) = api.post(&groups(), group("pool", 3, policy)).await.refusal();
    assert_eq!(code, 400);
    assert_eq!(
        message,
        "Invalid value for field 'resource.updatePolicy.maxUnavailable.fixed': '1'. Fixed updatePolicy.maxUnavailable for \
         regional managed instance group has to be either 0 or at least equal to the number of zones."
    );
    let one_zone = json!({"updatePolicy": {"maxUnavailable": {"fixed": 0}, "maxSurge": {"fixed": 1}},
        "distributionPolicy": {"zones": [{"zone": "zones/us-central1-b"}]}});
    api.post(&groups(), group("pool", 1, one_zone)).await.ok();
    let other = json!({"distributionPolicy": {"zones": [{"zone": "zones/us-central1-c"}]}});
    assert_eq!(api.patch(&groups_one("pool"), other).await.refusal().0, 400);
}

#[tokio::test]
async fn firewalls_and_health_checks_are_checked_and_changed() {
    let api = Api::start(config()).await;
    let rule = json!({"name": "web", "allowed": [{"IPProtocol": "tcp", "ports": ["8080", "9000-9090"]}],
        "sourceRanges": ["10.0.0.0/8"], "targetTags": ["agent-vm"]});
    api.post("global/firewalls", rule.clone()).await.ok();
    let view = api.get("global/firewalls/web").await.ok();
    assert_eq!((&view["priority"], &view["direction"]), (&json!(1000), &json!("INGRESS")));
    api.patch("global/firewalls/web", json!({"priority": 10})).await.ok();
    let view = api.get("global/firewalls/web").await.ok();
    assert_eq!((&view["priority"], &view["sourceRanges"]), (&json!(10), &json!(["10.0.0.0/8"])));
    for (field, value) in [
        ("sourceRanges", json!(["10.0.0.0/40"])),
        ("priority", json!(70000)),
        ("denied", json!([{"IPProtocol": "all"}])),
        ("allowed", json!([{"IPProtocol": "tcp", "ports": ["high"]}])),
        ("destinationRanges", json!("10.0.0.0/8")),
    ] {
        let mut bad = rule.clone();
        bad["name"] = "bad".into();
        bad[field] = value;
        assert_eq!(api.post("global/firewalls", bad).await.status, 400, "{field}");
    }
    let out = json!({"name": "out", "direction": "EGRESS", "denied": [{"IPProtocol": "all"}],
        "sourceRanges": ["10.1.0.0/16"], "destinationRanges": ["192.0.2.0/24"]});
    api.post("global/firewalls", out.clone()).await.ok();
    assert_eq!(api.get("global/firewalls/out").await.ok()["sourceRanges"], json!(["10.1.0.0/16"]));
    for (field, value) in
        [("sourceTags", "agent-vm"), ("sourceServiceAccounts", "agent@demo.iam.gserviceaccount.com")]
    {
        let mut bad = out.clone();
        bad["name"] = "bad".into();
        bad[field] = json!([value]);
        assert_eq!(api.post("global/firewalls", bad).await.status, 400, "{field}");
    }
    for bad in [
        json!({"name": "h", "type": "HTTP", "timeoutSec": 10}),
        json!({"name": "h", "type": "HTTP", "tcpHealthCheck": {}}),
        json!({"name": "h", "type": "HTTPS"}),
        json!({"name": "h", "type": "HTTP", "httpHealthCheck": {"requestPath": "health"}}),
        json!({"name": "h"}),
    ] {
        assert_eq!(api.post("global/healthChecks", bad.clone()).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn the_catalogue_knows_what_exists() {
    let api = Api::start(config()).await;
    assert_eq!(api.get("regions/us-central1").await.ok()["zones"].as_array().unwrap().len(), 4);
    assert_eq!(api.get("regions/mars").await.status, 404);
    assert_eq!(api.get("zones/us-east1-b").await.ok()["status"], "UP");
    assert_eq!(api.get("zones/us-east1-b/machineTypes/e2-standard-4").await.ok()["guestCpus"], 4);
    assert_eq!(api.get("zones/us-east1-b/machineTypes/e2-standard-5").await.status, 404);
    assert_eq!(api.get("").await.ok()["name"], "demo");
    assert_eq!(api.get("global/networks").await.status, 404);
}
