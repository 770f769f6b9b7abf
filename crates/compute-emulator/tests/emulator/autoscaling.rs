//! Autoscalers at work: load and schedules become a size, the size becomes VMs, and the view says why it is so.

use compute_emulator::Config;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Api, config, groups_one};

const ONE: &str = "regions/us-central1/autoscalers/scaler";
const LOAD: &str = "loads/demo/us-central1/pool";

/// Without agents the group's switch stands for their load.
async fn scaled(size: u32, policy: Value) -> Api {
    let api = Api::start(config()).await;
    api.group("pool", size, json!({})).await;
    declare(&api, policy).await;
    api
}

async fn declare(api: &Api, policy: Value) {
    let body = json!({"name": "scaler", "target": groups_one("pool"), "autoscalingPolicy": policy});
    api.post("regions/us-central1/autoscalers", body).await.ok();
    api.until(ONE, |scaler| scaler["status"] == "ACTIVE" && scaler["recommendedSize"].is_number()).await;
}

async fn load(api: &Api, load: Value) {
    api.switch(Method::PUT, LOAD, load).await.ok();
}

async fn size(api: &Api) -> u64 {
    api.get(&groups_one("pool")).await.ok()["targetSize"].as_u64().unwrap()
}

fn details(scaler: &Value) -> Vec<&str> {
    scaler["statusDetails"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|detail| detail["type"].as_str())
        .collect()
}

#[tokio::test]
async fn a_busy_group_grows_until_its_load_is_shared_and_is_capped() {
    let api = scaled(
        2,
        json!({"minNumReplicas": 2, "maxNumReplicas": 6, "cpuUtilization": {"utilizationTarget": 0.5}}),
    )
    .await;
    load(&api, json!({"total_cpu": 2.0})).await;
    api.until(&groups_one("pool"), |group| group["targetSize"] == 4).await;
    api.stable("pool").await;
    let scaler = api.get(ONE).await.ok();
    assert_eq!((&scaler["recommendedSize"], details(&scaler)), (&json!(4), vec![]));

    load(&api, json!({"total_cpu": 30.0})).await;
    let scaler = api.until(ONE, |scaler| details(scaler) == ["CAPPED_AT_MAX_NUM_REPLICAS"]).await;
    assert_eq!(scaler["recommendedSize"], 6);
    assert_eq!(
        scaler["statusDetails"][0]["message"],
        "Autoscaler recommends a size greater than maxNumReplicas."
    );
    assert_eq!(size(&api).await, 6);
    // By hand against an autoscaler: it is set back.
    api.post(&format!("{}/resize?size=3", groups_one("pool")), json!({})).await.ok();
    api.until(&groups_one("pool"), |group| group["targetSize"] == 6).await;
}

#[tokio::test]
async fn shrinking_waits_and_goes_in_steps() {
    let policy = json!({"minNumReplicas": 1, "maxNumReplicas": 8, "cpuUtilization": {"utilizationTarget": 0.5},
        "scaleInControl": {"maxScaledInReplicas": {"fixed": 2}, "timeWindowSec": 600}});
    let api = scaled(8, policy).await;
    load(&api, json!({"cpu": 0.01})).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(size(&api).await, 8, "ten minutes are long");
    api.fault(json!({"kind": "fast_autoscaling"})).await;
    let mut sizes = vec![8];
    while size(&api).await > 1 {
        let now = size(&api).await;
        if sizes.last() != Some(&now) {
            sizes.push(now);
        }
        assert!(sizes.len() < 10, "{sizes:?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let steps: Vec<u64> = sizes.windows(2).map(|pair| pair[0] - pair[1]).collect();
    assert!(sizes.len() >= 4 && steps.iter().all(|step| *step <= 2), "{sizes:?}");
}

#[tokio::test]
async fn modes_recommend_all_the_same() {
    let policy = |mode: &str| {
        json!({"mode": mode, "minNumReplicas": 1, "maxNumReplicas": 9, "stabilizationPeriodSec": 0,
            "cpuUtilization": {"utilizationTarget": 0.5}})
    };
    let api = scaled(2, policy("OFF")).await;
    load(&api, json!({"total_cpu": 2.0})).await;
    let scaler = api.until(ONE, |scaler| scaler["recommendedSize"] == 4).await;
    assert_eq!(details(&scaler), ["MODE_OFF"]);
    assert_eq!(size(&api).await, 2);
    let change = |mode| {
        api.patch(
            "regions/us-central1/autoscalers?autoscaler=scaler",
            json!({"autoscalingPolicy": policy(mode)}),
        )
    };
    change("ONLY_SCALE_OUT").await.ok();
    api.until(&groups_one("pool"), |group| group["targetSize"] == 4).await;
    load(&api, json!({"total_cpu": 0.5})).await;
    let scaler = api.until(ONE, |scaler| scaler["recommendedSize"] == 1).await;
    assert_eq!((details(&scaler), size(&api).await), (vec!["MODE_ONLY_SCALE_OUT"], 4));
    change("ON").await.ok();
    api.until(&groups_one("pool"), |group| group["targetSize"] == 1).await;
}

#[tokio::test]
async fn custom_metrics_count_when_there_is_data() {
    let name = "custom.googleapis.com/queue_length";
    let metric = json!({"metric": name, "utilizationTarget": 10.0, "utilizationTargetType": "GAUGE"});
    let api =
        scaled(2, json!({"minNumReplicas": 1, "maxNumReplicas": 9, "customMetricUtilizations": [metric]}))
            .await;
    let scaler = api.get(ONE).await.ok();
    assert_eq!(details(&scaler), ["MISSING_CUSTOM_METRIC_DATA_POINTS"]);
    assert_eq!(size(&api).await, 2, "without data nothing moves");
    load(&api, json!({"total_metrics": {name: 61}})).await;
    api.until(&groups_one("pool"), |group| group["targetSize"] == 7).await;
    assert_eq!(details(&api.get(ONE).await.ok()), Vec::<&str>::new());
    let wrong = json!({"autoscalingPolicy": {"customMetricUtilizations": [{"metric": "queue", "utilizationTarget": 1}]}});
    api.patch("regions/us-central1/autoscalers?autoscaler=scaler", wrong).await.ok();
    let scaler = api.get(ONE).await.ok();
    assert_eq!(scaler["status"], "ERROR");
    assert!(details(&scaler).contains(&"CUSTOM_METRIC_INVALID"));
}

#[tokio::test]
async fn a_schedule_holds_its_minimum_while_it_is_on() {
    // Each day at four in the morning, two days from now at the latest; the switch brings the hour.
    let policy = json!({"minNumReplicas": 1, "maxNumReplicas": 5, "stabilizationPeriodSec": 0,
        "cpuUtilization": {"utilizationTarget": 0.5},
        "scalingSchedules": {"early": {"schedule": "* * * * *", "durationSec": 300, "minRequiredReplicas": 4, "disabled": true},
            "never": {"schedule": "0 4 1 1 * 2020", "durationSec": 300, "minRequiredReplicas": 7}}});
    let api = scaled(1, policy).await;
    load(&api, json!({"cpu": 0.1})).await;
    let scaler = api.get(ONE).await.ok();
    let status = |scaler: &Value, name: &str| scaler["scalingScheduleStatus"][name]["state"].clone();
    assert_eq!((status(&scaler, "early"), status(&scaler, "never")), (json!("DISABLED"), json!("OBSOLETE")));
    assert_eq!(details(&scaler), ["SCHEDULED_INSTANCES_GREATER_THAN_AUTOSCALER_MAX"]);
    let on =
        json!({"autoscalingPolicy": {"scalingSchedules": {"early": {"disabled": false}, "never": null}}});
    api.patch("regions/us-central1/autoscalers?autoscaler=scaler", on).await.ok();
    api.until(&groups_one("pool"), |group| group["targetSize"] == 4).await;
    let scaler = api.get(ONE).await.ok();
    assert_eq!(status(&scaler, "early"), "ACTIVE");
    assert!(scaler["scalingScheduleStatus"]["early"]["lastStartTime"].is_string());

    // A schedule of an hour that is far from now begins when the clock is moved there.
    let hour = json!({"autoscalingPolicy": {"scalingSchedules": {"early": null,
        "later": {"schedule": "0 0 1 1 *", "durationSec": 300, "minRequiredReplicas": 3}}}});
    api.patch("regions/us-central1/autoscalers?autoscaler=scaler", hour).await.ok();
    let scaler = api.until(ONE, |scaler| scaler["recommendedSize"] == 1).await;
    assert_eq!(status(&scaler, "later"), "READY");
    let next = scaler["scalingScheduleStatus"]["later"]["nextStartTime"].as_str().unwrap();
    let wait = chrono::DateTime::parse_from_rfc3339(next).unwrap().timestamp() - now_of(&api).await;
    api.fault(json!({"kind": "schedule_clock", "offset_seconds": wait + 60})).await;
    api.until(&groups_one("pool"), |group| group["targetSize"] == 3).await;
}

/// The emulator's own time, as it stands on a new operation.
async fn now_of(api: &Api) -> i64 {
    let operation = api.patch(&groups_one("pool"), json!({"description": "what time is it"})).await.ok();
    let text = operation["insertTime"].as_str().unwrap();
    chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp()
}

#[tokio::test]
async fn what_keeps_the_group_from_growing_is_said() {
    let api = scaled(
        2,
        json!({"minNumReplicas": 1, "maxNumReplicas": 9, "cpuUtilization": {"utilizationTarget": 0.4}}),
    )
    .await;
    for letter in ["a", "b", "c"] {
        api.fault(json!({"kind": "stockout", "zone": format!("us-central1-{letter}")})).await;
    }
    // Three more: one for each zone.
    load(&api, json!({"total_cpu": 2.0})).await;
    api.until(ONE, |scaler| details(scaler) == ["ZONE_RESOURCE_STOCKOUT", "REGION_RESOURCE_STOCKOUT"]).await;
    api.switch(Method::DELETE, "faults", Value::Null).await.ok();
    api.stable("pool").await;
    api.fault(json!({"kind": "quota", "region": "us-central1", "metric": "CPUS", "limit": 10})).await;
    load(&api, json!({"total_cpu": 3.2})).await;
    api.until(ONE, |scaler| details(scaler) == ["NOT_ENOUGH_QUOTA_AVAILABLE"]).await;
}

#[tokio::test]
async fn a_declaration_that_leaves_no_choice_says_so() {
    let api = scaled(2, json!({"minNumReplicas": 2, "maxNumReplicas": 2})).await;
    let scaler = api.get(ONE).await.ok();
    assert_eq!((&scaler["recommendedSize"], details(&scaler)), (&json!(2), vec!["MIN_EQUALS_MAX"]));
    let day = json!({"schedule": "0 8 * * *", "durationSec": 600, "minRequiredReplicas": 1});
    let wider = json!({"autoscalingPolicy": {"maxNumReplicas": 5, "scalingSchedules": {"day": day}}});
    api.patch("regions/us-central1/autoscalers?autoscaler=scaler", wider).await.ok();
    let scaler = api.get(ONE).await.ok();
    assert_eq!(details(&scaler), ["SCHEDULED_INSTANCES_LESS_THAN_AUTOSCALER_MIN"]);
}

#[tokio::test]
async fn a_group_of_which_nothing_runs_is_said_to_be_unhealthy() {
    let api = Api::start(config()).await;
    api.group("pool", 0, json!({})).await;
    for letter in ["a", "b", "c"] {
        api.fault(json!({"kind": "stockout", "zone": format!("us-central1-{letter}")})).await;
    }
    declare(&api, json!({"minNumReplicas": 2, "maxNumReplicas": 9})).await;
    let unhealthy = |scaler: &Value| details(scaler).contains(&"ALL_INSTANCES_UNHEALTHY");
    api.until(ONE, unhealthy).await;
    api.switch(Method::DELETE, "faults", Value::Null).await.ok();
    api.until(ONE, |scaler| !unhealthy(scaler)).await;
}

#[tokio::test]
async fn policies_are_checked() {
    let api = Api::start(config()).await;
    api.group("pool", 1, json!({})).await;
    let good = json!({"minNumReplicas": 1, "maxNumReplicas": 3});
    for (field, value) in [
        ("maxNumReplicas", json!(0)),
        ("coolDownPeriodSec", json!(-1)),
        ("stabilizationPeriodSec", json!(4000)),
        ("cpuUtilization", json!({"utilizationTarget": 1.5})),
        ("customMetricUtilizations", json!([{"metric": "a.b/c"}])),
        ("scaleInControl", json!({"maxScaledInReplicas": {"percent": 101}, "timeWindowSec": 600})),
        ("scaleInControl", json!({"maxScaledInReplicas": {"percent": 10}, "timeWindowSec": 1})),
        (
            "scalingSchedules",
            json!({"day": {"schedule": "0 8 * *", "durationSec": 3600, "minRequiredReplicas": 1}}),
        ),
        (
            "scalingSchedules",
            json!({"day": {"schedule": "0 8 * * *", "durationSec": 60, "minRequiredReplicas": 1}}),
        ),
        (
            "scalingSchedules",
            json!({"day": {"schedule": "0 8 * * *", "durationSec": 600, "minRequiredReplicas": 1,
            "timeZone": "Moon/Base"}}),
        ),
    ] {
        let mut policy = good.clone();
        policy[field] = value;
        let body = json!({"name": "scaler", "target": groups_one("pool"), "autoscalingPolicy": policy});
        let (code, _, message) = api.post("regions/us-central1/autoscalers", body).await.refusal();
        assert_eq!(code, 400, "{field}: {message}");
    }
}

#[tokio::test]
async fn the_agents_own_load_is_what_counts() {
    let api = Api::start(Config { agents: true, clock_rate: 100.0, ..config() }).await;
    api.group("pool", 1, json!({})).await;
    // The agents are told what to show, and are asked for it one by one.
    load(&api, json!({"total_cpu": 1.7})).await;
    declare(
        &api,
        json!({"minNumReplicas": 1, "maxNumReplicas": 4, "cpuUtilization": {"utilizationTarget": 0.6}}),
    )
    .await;
    api.until(&groups_one("pool"), |group| group["targetSize"] == 3).await;
    api.stable("pool").await;
}
