//! Regional autoscalers, by CPU and by metrics of Cloud Monitoring.

use std::{collections::HashMap, str::FromStr as _};

use domain::{
    Timestamp,
    autoscaling::{AutoscalerStatus, AutoscalingMode, ScalingSchedule, ScheduleStatus, StatusDetail},
    environment::CustomMetric,
    resource::{Autoscaler, ResourceKind, ScaleInControl},
};
use google_cloud_compute_v1::model::{
    Autoscaler as Wire, AutoscalingPolicy, AutoscalingPolicyCpuUtilization,
    AutoscalingPolicyCustomMetricUtilization, AutoscalingPolicyScaleInControl,
    AutoscalingPolicyScalingSchedule, FixedOrPercent, autoscaler::Status, autoscaler_status_details::Type,
    autoscaling_policy::Mode, autoscaling_policy_cpu_utilization::PredictiveMethod,
    autoscaling_policy_custom_metric_utilization::UtilizationTargetType, scaling_schedule_status::State,
};

use crate::{
    Compute, Error, OperationScope, Scope, Submitted,
    client::{Call, all},
    link,
    number::{from_wire, to_wire},
    submit::{deleted, existing, started},
};

impl Compute {
    pub(crate) async fn list_autoscalers(
        &self,
        scope: &Scope,
        filter: String,
    ) -> Result<Vec<(Autoscaler, AutoscalerStatus)>, Error> {
        let list = self
            .0
            .region_autoscalers
            .list()
            .set_project(&scope.project)
            .set_region(&scope.region)
            .set_filter(filter)
            .repeatable();
        Ok(all!(list).into_iter().map(|wire| (from_google(wire.clone()), status(wire))).collect())
    }

    pub(crate) async fn create_autoscaler(
        &self,
        scope: &Scope,
        wanted: &Autoscaler,
        request_id: String,
    ) -> Result<Submitted, Error> {
        let insert = self
            .0
            .region_autoscalers
            .insert()
            .set_project(&scope.project)
            .set_region(&scope.region)
            .set_request_id(request_id)
            .set_body(to_google(scope, wanted));
        match started(OperationScope::Region, insert.repeatable().send().await) {
            Err(Error::AlreadyExists { .. }) => {
                let get = self
                    .0
                    .region_autoscalers
                    .get()
                    .set_project(&scope.project)
                    .set_region(&scope.region)
                    .set_autoscaler(&wanted.name);
                let found = get.repeatable().send().await.map(from_google).map_err(Error::from);
                existing(ResourceKind::Autoscaler, &wanted.name, wanted, found)
            }
            other => other,
        }
    }

    /// By PUT, which can also drop the last custom metric (trap 6). The name travels in the query, not in the path.
    pub(crate) async fn update_autoscaler(
        &self,
        scope: &Scope,
        wanted: &Autoscaler,
        request_id: String,
    ) -> Result<Submitted, Error> {
        let update = self
            .0
            .region_autoscalers
            .update()
            .set_project(&scope.project)
            .set_region(&scope.region)
            .set_autoscaler(&wanted.name)
            .set_request_id(request_id)
            .set_body(to_google(scope, wanted));
        started(OperationScope::Region, update.repeatable().send().await)
    }

    pub(crate) async fn delete_autoscaler(
        &self,
        scope: &Scope,
        name: &str,
        request_id: String,
    ) -> Result<Submitted, Error> {
        let delete = self
            .0
            .region_autoscalers
            .delete()
            .set_project(&scope.project)
            .set_region(&scope.region)
            .set_autoscaler(name)
            .set_request_id(request_id);
        deleted(OperationScope::Region, delete.repeatable().send().await)
    }
}

fn to_google(scope: &Scope, autoscaler: &Autoscaler) -> Wire {
    let predictive =
        if autoscaler.predictive { PredictiveMethod::OptimizeAvailability } else { PredictiveMethod::None };
    let metrics = autoscaler.custom_metrics.iter().map(|metric| {
        AutoscalingPolicyCustomMetricUtilization::new()
            .set_metric(&metric.name)
            .set_utilization_target(metric.target)
            .set_utilization_target_type(UtilizationTargetType::from(metric.kind.as_str()))
    });
    let scale_in = AutoscalingPolicyScaleInControl::new()
        .set_max_scaled_in_replicas(
            FixedOrPercent::new().set_percent(to_wire(autoscaler.scale_in.max_percent)),
        )
        .set_time_window_sec(to_wire(autoscaler.scale_in.time_window_sec));
    let schedules = autoscaler.schedules.iter().map(|schedule| {
        let wire = AutoscalingPolicyScalingSchedule::new()
            .set_description(&schedule.description)
            .set_schedule(&schedule.schedule)
            .set_time_zone(&schedule.time_zone)
            .set_duration_sec(to_wire(schedule.duration_sec))
            .set_min_required_replicas(to_wire(schedule.min_required_replicas))
            .set_disabled(schedule.disabled);
        (schedule.name.clone(), wire)
    });
    let policy = AutoscalingPolicy::new()
        .set_mode(Mode::from(autoscaler.mode.as_str()))
        .set_min_num_replicas(to_wire(autoscaler.min_replicas))
        .set_max_num_replicas(to_wire(autoscaler.max_replicas))
        .set_cool_down_period_sec(to_wire(autoscaler.cooldown_sec))
        .set_cpu_utilization(
            AutoscalingPolicyCpuUtilization::new()
                .set_utilization_target(autoscaler.cpu_target)
                .set_predictive_method(predictive),
        )
        .set_custom_metric_utilizations(metrics)
        .set_scale_in_control(scale_in)
        .set_scaling_schedules(schedules);
    Wire::new()
        .set_name(&autoscaler.name)
        .set_target(scope.instance_group_manager(&autoscaler.group))
        .set_autoscaling_policy(policy)
}

/// What is absent there is 0 here, so that it differs from every declared one; the cooldown has the service's default.
fn from_google(wire: Wire) -> Autoscaler {
    let policy = wire.autoscaling_policy.unwrap_or_default();
    let cpu = policy.cpu_utilization.unwrap_or_default();
    let scale_in = policy.scale_in_control.unwrap_or_default();
    Autoscaler {
        name: wire.name.unwrap_or_default(),
        group: link::name(&wire.target.unwrap_or_default()).to_owned(),
        min_replicas: from_wire(policy.min_num_replicas.unwrap_or_default()),
        max_replicas: from_wire(policy.max_num_replicas.unwrap_or_default()),
        cooldown_sec: from_wire(policy.cool_down_period_sec.unwrap_or(60)),
        cpu_target: cpu.utilization_target.unwrap_or_default(),
        predictive: cpu.predictive_method == Some(PredictiveMethod::OptimizeAvailability),
        custom_metrics: policy
            .custom_metric_utilizations
            .into_iter()
            .map(|metric| CustomMetric {
                name: metric.metric.unwrap_or_default(),
                target: metric.utilization_target.unwrap_or_default(),
                kind: metric
                    .utilization_target_type
                    .and_then(|kind| kind.name().map(str::to_owned))
                    .unwrap_or_default(),
            })
            .collect(),
        scale_in: ScaleInControl {
            max_percent: from_wire(
                scale_in.max_scaled_in_replicas.and_then(|replicas| replicas.percent).unwrap_or_default(),
            ),
            time_window_sec: from_wire(scale_in.time_window_sec.unwrap_or_default()),
        },
        mode: mode(policy.mode),
        schedules: schedules(policy.scaling_schedules),
    }
}

/// The service's own words: read, never computed.
fn status(wire: Wire) -> AutoscalerStatus {
    // A schedule that never began has no time, or the year 1970.
    let time = |text: Option<String>| {
        text.and_then(|text| Timestamp::from_str(&text).ok()).filter(|at| at.timestamp() > 0)
    };
    AutoscalerStatus {
        status: wire.status.as_ref().and_then(Status::name).unwrap_or_default().to_owned(),
        recommended_size: wire.recommended_size.map(from_wire),
        details: wire
            .status_details
            .into_iter()
            .map(|detail| StatusDetail {
                kind: detail.r#type.as_ref().and_then(Type::name).unwrap_or_default().to_owned(),
                message: detail.message.unwrap_or_default(),
            })
            .collect(),
        schedules: wire
            .scaling_schedule_status
            .into_iter()
            .map(|(name, status)| {
                let state = status.state.as_ref().and_then(State::name).unwrap_or_default().to_owned();
                let (last_start, next_start) = (time(status.last_start_time), time(status.next_start_time));
                (name, ScheduleStatus { state, last_start, next_start })
            })
            .collect(),
    }
}

/// `ONLY_UP` is an older word for scaling out only.
fn mode(wire: Option<Mode>) -> AutoscalingMode {
    match wire.as_ref().and_then(Mode::name) {
        Some("OFF") => AutoscalingMode::Off,
        Some("ONLY_SCALE_OUT" | "ONLY_UP") => AutoscalingMode::OnlyScaleOut,
        _ => AutoscalingMode::On,
    }
}

fn schedules(wire: HashMap<String, AutoscalingPolicyScalingSchedule>) -> Vec<ScalingSchedule> {
    let mut schedules: Vec<ScalingSchedule> = wire
        .into_iter()
        .map(|(name, schedule)| ScalingSchedule {
            name,
            description: schedule.description.unwrap_or_default(),
            schedule: schedule.schedule.unwrap_or_default(),
            time_zone: schedule.time_zone.unwrap_or_else(|| "UTC".to_owned()),
            duration_sec: from_wire(schedule.duration_sec.unwrap_or_default()),
            min_required_replicas: from_wire(schedule.min_required_replicas.unwrap_or_default()),
            disabled: schedule.disabled.unwrap_or_default(),
        })
        .collect();
    schedules.sort_by(|a, b| a.name.cmp(&b.name));
    schedules
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn what_is_sent_reads_back(
            numbers in prop::array::uniform5(0..=i32::MAX as u32),
            cpu_target in 0.01..=1.0,
            predictive: bool,
            mode in 0_usize..3,
            schedules in collection::btree_map("[a-z]{1,9}", (0..=i32::MAX as u32, any::<bool>()), 0..3),
            metrics in collection::vec(("[a-z/.]{1,20}", 0.1..1e6, "GAUGE|DELTA_PER_SECOND|DELTA_PER_MINUTE"), 0..3),
        ) {
            let [min_replicas, max_replicas, cooldown_sec, max_percent, time_window_sec] = numbers;
            let autoscaler = Autoscaler {
                name: "genesis-pool-web-autoscaler".to_owned(),
                group: "genesis-pool-web".to_owned(),
                min_replicas,
                max_replicas,
                cooldown_sec,
                cpu_target,
                predictive,
                custom_metrics: metrics
                    .into_iter()
                    .map(|(name, target, kind)| CustomMetric { name, target, kind })
                    .collect(),
                scale_in: ScaleInControl { max_percent, time_window_sec },
                mode: AutoscalingMode::ALL[mode],
                schedules: schedules
                    .into_iter()
                    .map(|(name, (duration_sec, disabled))| ScalingSchedule {
                        name,
                        description: String::new(),
                        schedule: "0 8 * * Mon-Fri".to_owned(),
                        time_zone: "Europe/Berlin".to_owned(),
                        duration_sec,
                        min_required_replicas: min_replicas,
                        disabled,
                    })
                    .collect(),
            };
            prop_assert_eq!(from_google(to_google(&Scope::new("p", "r"), &autoscaler)), autoscaler);
        }
    }
}
