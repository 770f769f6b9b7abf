//! Autoscalers: the policy as the engine reads it, what an autoscaler remembers, and what it says of itself.

pub(crate) mod schedule;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use self::schedule::Schedule;
use crate::{
    clock::{Stamp, Virtual},
    group::Group,
    intent::Amount,
    vm::Status,
    world::World,
};

/// The body was checked when it came in.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    pub(crate) least: u32,
    pub(crate) most: u32,
    pub(crate) mode: Mode,
    /// Virtual milliseconds.
    pub(crate) cool_down: Virtual,
    pub(crate) stabilization: Virtual,
    /// None where it does not go by CPU.
    pub(crate) cpu_target: Option<f64>,
    pub(crate) metrics: Vec<Metric>,
    /// Goes by a load balancer, of which the emulator has none.
    pub(crate) load_balancing: bool,
    pub(crate) scale_in: Option<ScaleIn>,
    pub(crate) schedules: BTreeMap<String, Schedule>,
}

#[derive(Debug, Clone)]
pub(crate) struct Metric {
    pub(crate) name: String,
    /// Per instance.
    pub(crate) target: f64,
}

/// At most so many instances go within so many virtual milliseconds.
#[derive(Debug, Clone)]
pub(crate) struct ScaleIn {
    pub(crate) most: Amount,
    pub(crate) window: Virtual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    On,
    OnlyScaleOut,
    /// The former name of the same.
    OnlyUp,
    Off,
}

/// What an autoscaler remembers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Scaler {
    /// When it looks next.
    pub(crate) due: Virtual,
    /// Until then its configuration is not read: PENDING.
    pub(crate) pending_until: Virtual,
    pub(crate) recommended: Option<u32>,
    /// What load and schedules asked for, before the limits.
    pub(crate) wanted: u32,
    /// What was asked for within the stabilization period, within the limits.
    pub(crate) asked: Vec<(Virtual, u32)>,
    /// The sizes of the group within the scale-in window.
    pub(crate) sizes: Vec<(Virtual, u32)>,
    /// Custom metrics without data.
    pub(crate) unfed: Vec<String>,
    /// When each schedule became active last.
    pub(crate) started: BTreeMap<String, Stamp>,
}

impl Policy {
    pub(crate) fn of(body: &Map<String, Value>) -> Self {
        let policy = body.get("autoscalingPolicy").cloned().unwrap_or_default();
        let number = |key: &str, default: u64| policy.get(key).and_then(Value::as_u64).unwrap_or(default);
        let count = |key: &str| u32::try_from(number(key, 0)).unwrap_or(u32::MAX);
        let list = |key: &str| policy.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let target = |value: &Value| value.get("utilizationTarget").and_then(Value::as_f64);
        let metrics = list("customMetricUtilizations").into_iter().filter_map(|metric| {
            let name = metric.get("metric").and_then(Value::as_str)?.to_owned();
            let per_instance = metric.get("singleInstanceAssignment").and_then(Value::as_f64);
            Some(Metric { name, target: target(&metric).or(per_instance)? })
        });
        let metrics: Vec<Metric> = metrics.collect();
        let schedules: BTreeMap<String, Schedule> = policy
            .get("scalingSchedules")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(name, schedule)| Some((name.clone(), Schedule::read(schedule).ok()?)))
            .collect();
        let cpu = policy.get("cpuUtilization");
        let load_balancing = policy.get("loadBalancingUtilization").is_some();
        // Without any signal an autoscaler goes by CPU, at 60 %.
        let silent = cpu.is_none() && metrics.is_empty() && !load_balancing && schedules.is_empty();
        let scale_in = policy.get("scaleInControl").and_then(|control| {
            Some(ScaleIn {
                most: Amount::of(control.get("maxScaledInReplicas"))?,
                window: control.get("timeWindowSec").and_then(Value::as_u64)? * 1000,
            })
        });
        Self {
            least: count("minNumReplicas"),
            most: count("maxNumReplicas"),
            mode: match policy.get("mode").and_then(Value::as_str) {
                Some("OFF") => Mode::Off,
                Some("ONLY_SCALE_OUT") => Mode::OnlyScaleOut,
                Some("ONLY_UP") => Mode::OnlyUp,
                _ => Mode::On,
            },
            cool_down: number("coolDownPeriodSec", 60) * 1000,
            stabilization: number("stabilizationPeriodSec", 600) * 1000,
            cpu_target: cpu.map(|cpu| target(cpu).unwrap_or(0.6)).or(silent.then_some(0.6)),
            metrics,
            load_balancing,
            scale_in,
            schedules,
        }
    }

    /// Within the limits.
    pub(crate) fn capped(&self, size: u32) -> u32 {
        size.clamp(self.least.min(self.most), self.most)
    }
}

impl Scaler {
    /// What the autoscaler's view has beside its declaration.
    pub(crate) fn show(
        &self,
        policy: &Policy,
        group: Option<&Group>,
        world: &World,
        now: Virtual,
        at: Stamp,
    ) -> Value {
        let details = details(self, policy, group, world);
        let broken = details.iter().any(|kind| ERRORS.contains(kind));
        let status = match () {
            () if now < self.pending_until => "PENDING",
            () if broken => "ERROR",
            () => "ACTIVE",
        };
        let mut view = json!({ "status": status });
        if let Some(recommended) = self.recommended {
            view["recommendedSize"] = recommended.into();
        }
        if !details.is_empty() {
            let entry = |kind: &&str| json!({"type": kind, "message": message(kind)});
            view["statusDetails"] = details.iter().map(entry).collect::<Vec<_>>().into();
        }
        if !policy.schedules.is_empty() {
            let state = |(name, schedule): (&String, &Schedule)| {
                (name.clone(), schedule.show(self.started.get(name).copied(), at))
            };
            view["scalingScheduleStatus"] = Value::Object(policy.schedules.iter().map(state).collect());
        }
        view
    }
}

/// Those of the service's types that make an autoscaler's status ERROR.
const ERRORS: &[&str] =
    &["SCALING_TARGET_DOES_NOT_EXIST", "CUSTOM_METRIC_INVALID", "BACKEND_SERVICE_DOES_NOT_EXIST"];

/// The types that apply: of the declaration, of the signals, of the group.
fn details(scaler: &Scaler, policy: &Policy, group: Option<&Group>, world: &World) -> Vec<&'static str> {
    let mut details = Vec::new();
    let mut say = |applies: bool, kind| {
        if applies {
            details.push(kind);
        }
    };
    say(group.is_none(), "SCALING_TARGET_DOES_NOT_EXIST");
    say(policy.metrics.iter().any(|metric| !is_metric(&metric.name)), "CUSTOM_METRIC_INVALID");
    say(policy.load_balancing, "BACKEND_SERVICE_DOES_NOT_EXIST");
    say(policy.mode == Mode::Off, "MODE_OFF");
    say(policy.mode == Mode::OnlyScaleOut, "MODE_ONLY_SCALE_OUT");
    say(policy.mode == Mode::OnlyUp, "MODE_ONLY_UP");
    say(policy.least == policy.most, "MIN_EQUALS_MAX");
    say(scaler.wanted > policy.most, "CAPPED_AT_MAX_NUM_REPLICAS");
    say(!scaler.unfed.is_empty(), "MISSING_CUSTOM_METRIC_DATA_POINTS");
    let on = || policy.schedules.values().filter(|schedule| !schedule.disabled);
    say(on().any(|schedule| schedule.least > policy.most), "SCHEDULED_INSTANCES_GREATER_THAN_AUTOSCALER_MAX");
    say(on().any(|schedule| schedule.least < policy.least), "SCHEDULED_INSTANCES_LESS_THAN_AUTOSCALER_MIN");
    let Some(group) = group else { return details };
    let failed = |code: &str, zone: Option<&String>| {
        group.live().any(|instance| {
            instance.last_attempt.as_ref().is_some_and(|attempt| attempt.code == code)
                && zone.is_none_or(|zone| *zone == instance.zone)
        })
    };
    let zones = group.intent().zones;
    let out = zones.iter().filter(|zone| failed("ZONE_RESOURCE_POOL_EXHAUSTED", Some(zone))).count();
    say(out > 0, "ZONE_RESOURCE_STOCKOUT");
    say(out > 0 && out == zones.len(), "REGION_RESOURCE_STOCKOUT");
    say(failed("QUOTA_EXCEEDED", None), "NOT_ENOUGH_QUOTA_AVAILABLE");
    let project = crate::reference::project(&group.path);
    let runs = |instance: &crate::group::ManagedInstance| {
        let path = crate::reference::instance(project, &instance.zone, &instance.name);
        world.vms.get(&path).is_some_and(|vm| vm.status == Status::Running)
    };
    say(group.live_count() > 0 && !group.live().any(runs), "ALL_INSTANCES_UNHEALTHY");
    details
}

/// `custom.googleapis.com/queue_length`: a domain and a path.
fn is_metric(name: &str) -> bool {
    name.split_once('/').is_some_and(|(domain, path)| domain.contains('.') && !path.is_empty())
}

/// The service's own descriptions of its types.
fn message(kind: &str) -> &'static str {
    match kind {
        "ALL_INSTANCES_UNHEALTHY" => {
            "All instances in the instance group are unhealthy (not in RUNNING state)."
        }
        "BACKEND_SERVICE_DOES_NOT_EXIST" => "There is no backend service attached to the instance group.",
        "CAPPED_AT_MAX_NUM_REPLICAS" => "Autoscaler recommends a size greater than maxNumReplicas.",
        "CUSTOM_METRIC_INVALID" => {
            "The custom metric that was specified does not exist or does not have the necessary labels."
        }
        "MIN_EQUALS_MAX" => {
            "The minNumReplicas is equal to maxNumReplicas. This means the autoscaler cannot add or remove instances from \
             the instance group."
        }
        "MISSING_CUSTOM_METRIC_DATA_POINTS" => {
            "The autoscaler did not receive any data from the custom metric configured for autoscaling."
        }
        "MODE_OFF" => {
            "Autoscaling is turned off. The number of instances in the group won't change automatically. The autoscaling \
             configuration is preserved."
        }
        "MODE_ONLY_SCALE_OUT" => {
            "Autoscaling is in the \"Autoscale only scale out\" mode. Instances in the group will be only added."
        }
        "MODE_ONLY_UP" => {
            "Autoscaling is in the \"Autoscale only out\" mode. Instances in the group will be only added."
        }
        "NOT_ENOUGH_QUOTA_AVAILABLE" => {
            "There is insufficient quota for the necessary resources, such as CPU or number of instances."
        }
        "REGION_RESOURCE_STOCKOUT" => {
            "Showed only for regional autoscalers: there is a resource stockout in the chosen region."
        }
        "SCALING_TARGET_DOES_NOT_EXIST" => "The target to be scaled does not exist.",
        "SCHEDULED_INSTANCES_GREATER_THAN_AUTOSCALER_MAX" => {
            "For some scaling schedules minRequiredReplicas is greater than maxNumReplicas. Autoscaler always recommends at \
             most maxNumReplicas instances."
        }
        "SCHEDULED_INSTANCES_LESS_THAN_AUTOSCALER_MIN" => {
            "For some scaling schedules minRequiredReplicas is less than minNumReplicas. Autoscaler always recommends at \
             least minNumReplicas instances."
        }
        "ZONE_RESOURCE_STOCKOUT" => {
            "For regional autoscalers: in at least one of the zones you're using there is a resource stockout."
        }
        _ => "",
    }
}
