//! A declared pool as Compute Engine holds it: a regional group, its health check and its autoscaler.

use crate::{
    amount::Amount,
    autoscaling::ScalingSchedule,
    environment::EnvironmentSpec,
    name,
    pool::{PoolSpec, ReplacementMethod},
    resource::{AutoHealing, Autoscaler, Canary, HealthCheck, InstanceGroup, ScaleInControl, UpdatePolicy},
};

pub(super) fn health_check(environment: &EnvironmentSpec, pool: &PoolSpec) -> Option<HealthCheck> {
    environment.enable_health_checks.then(|| HealthCheck {
        name: name::health_check(&environment.name_prefix, &pool.name),
        port: environment.default_health_port,
        path: environment.default_health_path.clone(),
        interval_sec: environment.health_check_interval,
        timeout_sec: environment.health_check_timeout,
        healthy_threshold: environment.health_check_healthy_threshold,
        unhealthy_threshold: environment.health_check_unhealthy_threshold,
        logging: environment.enable_health_check_logging,
    })
}

pub(super) fn instance_group(
    environment: &EnvironmentSpec,
    pool: &PoolSpec,
    (template, canary): (String, Option<Canary>),
    health_check: Option<String>,
    zones: &[String],
) -> InstanceGroup {
    let zones = super::zones::sorted(zones);
    InstanceGroup {
        name: name::instance_group(&environment.name_prefix, &pool.name),
        base_instance_name: name::base_instance(&pool.name),
        description: format!(
            "Pool {} of {} agents in environment {}",
            pool.name, pool.agent_type, environment.environment
        ),
        template,
        canary,
        target_size: size_at_creation(environment, pool),
        update_policy: update_policy(pool, &zones),
        zones,
        named_ports: pool.named_ports.clone().unwrap_or_else(|| environment.default_named_ports.clone()),
        auto_healing: health_check.map(|health_check| AutoHealing {
            health_check,
            initial_delay_sec: pool.health_check_initial_delay,
        }),
    }
}

/// A surge that the declaration leaves open is the number of zones: the least that a regional group accepts. Names that
/// are kept leave no room for one.
pub(super) fn update_policy(pool: &PoolSpec, zones: &[String]) -> UpdatePolicy {
    let least = match pool.replacement_method {
        ReplacementMethod::Substitute => u32::try_from(zones.len()).unwrap_or(u32::MAX),
        ReplacementMethod::Recreate => 0,
    };
    UpdatePolicy {
        update_type: pool.update_type,
        replacement_method: pool.replacement_method,
        max_surge: pool.max_surge.unwrap_or(Amount::Fixed(least)),
        max_unavailable: pool.max_unavailable,
    }
}

pub(super) fn autoscaler(environment: &EnvironmentSpec, pool: &PoolSpec) -> Option<Autoscaler> {
    autoscaled(environment, pool).then(|| {
        let (min_replicas, max_replicas) = bounds(environment, pool);
        Autoscaler {
            name: name::autoscaler(&environment.name_prefix, &pool.name),
            group: name::instance_group(&environment.name_prefix, &pool.name),
            min_replicas,
            max_replicas,
            cooldown_sec: pool.cooldown_period.unwrap_or(environment.default_cooldown_period),
            cpu_target: pool.cpu_target.unwrap_or(environment.default_cpu_target),
            predictive: environment.enable_predictive_autoscaling,
            custom_metrics: pool
                .custom_metrics
                .clone()
                .unwrap_or_else(|| environment.default_custom_metrics.clone()),
            scale_in: ScaleInControl {
                max_percent: pool.scale_down_max_percent.unwrap_or(environment.scale_down_max_percent),
                time_window_sec: pool.scale_down_time_window.unwrap_or(environment.scale_down_time_window),
            },
            mode: pool.autoscaling_mode.unwrap_or_default(),
            schedules: schedules(pool),
        }
    })
}

/// By name: the service keeps no order.
fn schedules(pool: &PoolSpec) -> Vec<ScalingSchedule> {
    let mut schedules = pool.scaling_schedules.clone();
    schedules.sort_by(|a, b| a.name.cmp(&b.name));
    schedules
}

pub(crate) fn autoscaled(environment: &EnvironmentSpec, pool: &PoolSpec) -> bool {
    pool.enable_autoscaling.unwrap_or(environment.default_enable_autoscaling)
}

/// The fewest and the most VMs that the autoscaler may choose.
pub(crate) fn bounds(environment: &EnvironmentSpec, pool: &PoolSpec) -> (u32, u32) {
    (
        pool.min_replicas.unwrap_or(environment.default_min_replicas),
        pool.max_replicas.unwrap_or(environment.default_max_replicas),
    )
}

/// The declared size. The environment's default is written for no pool in particular, so in an autoscaled pool it
/// yields to the pool's bounds; a size that the pool itself declares does not, and breaks a rule instead.
pub(crate) fn size_at_creation(environment: &EnvironmentSpec, pool: &PoolSpec) -> u32 {
    if let Some(size) = pool.target_size {
        return size;
    }
    let size = environment.default_pool_size;
    if !autoscaled(environment, pool) {
        return size;
    }
    let (min, max) = bounds(environment, pool);
    size.max(min).min(max)
}
