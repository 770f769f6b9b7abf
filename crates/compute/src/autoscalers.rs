//! Regional autoscalers, by CPU and by metrics of Cloud Monitoring.

use domain::{
    environment::CustomMetric,
    resource::{Autoscaler, ResourceKind, ScaleInControl},
};
use google_cloud_compute_v1::model::{
    Autoscaler as Wire, AutoscalingPolicy, AutoscalingPolicyCpuUtilization,
    AutoscalingPolicyCustomMetricUtilization, AutoscalingPolicyScaleInControl, FixedOrPercent,
    autoscaling_policy::Mode, autoscaling_policy_cpu_utilization::PredictiveMethod,
    autoscaling_policy_custom_metric_utilization::UtilizationTargetType,
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
    ) -> Result<Vec<Autoscaler>, Error> {
        let list = self
            .0
            .region_autoscalers
            .list()
            .set_project(&scope.project)
            .set_region(&scope.region)
            .set_filter(filter)
            .repeatable();
        Ok(all!(list).into_iter().map(from_google).collect())
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
    let policy = AutoscalingPolicy::new()
        .set_mode(Mode::On)
        .set_min_num_replicas(to_wire(autoscaler.min_replicas))
        .set_max_num_replicas(to_wire(autoscaler.max_replicas))
        .set_cool_down_period_sec(to_wire(autoscaler.cooldown_sec))
        .set_cpu_utilization(
            AutoscalingPolicyCpuUtilization::new()
                .set_utilization_target(autoscaler.cpu_target)
                .set_predictive_method(predictive),
        )
        .set_custom_metric_utilizations(metrics)
        .set_scale_in_control(scale_in);
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
    }
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
            };
            prop_assert_eq!(from_google(to_google(&Scope::new("p", "r"), &autoscaler)), autoscaler);
        }
    }
}
