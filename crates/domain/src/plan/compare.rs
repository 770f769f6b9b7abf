//! What differs between a resource as declared and as observed, by the attributes' declared names.
//! Two spellings of one value (a URL and a path, a list in another order) are no difference.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::FieldChange;
use crate::{
    autoscaling::ScalingSchedule,
    environment::{CustomMetric, NamedPort},
    firewall::Traffic,
    name::same_reference,
    resource::{Autoscaler, FirewallRule, HealthCheck, InstanceGroup},
};

/// Gathers differences in the order in which they are asked for.
#[derive(Default)]
pub(super) struct Comparison(Vec<FieldChange>);

impl Comparison {
    pub(super) fn field<T: Display + PartialEq>(&mut self, attribute: &str, before: &T, after: &T) {
        if before != after {
            self.push(attribute, Some(before.to_string()), Some(after.to_string()));
        }
    }

    pub(super) fn optional<T: Display + PartialEq>(
        &mut self,
        attribute: &str,
        before: Option<&T>,
        after: Option<&T>,
    ) {
        if before != after {
            self.push(attribute, before.map(T::to_string), after.map(T::to_string));
        }
    }

    /// Lists whose order means nothing.
    pub(super) fn set(&mut self, attribute: &str, before: BTreeSet<String>, after: BTreeSet<String>) {
        if before != after {
            self.push(attribute, listed(&before), listed(&after));
        }
    }

    pub(super) fn reference(&mut self, attribute: &str, before: &str, after: &str) {
        if !same_reference(before, after) {
            self.push(attribute, Some(before.to_owned()), Some(after.to_owned()));
        }
    }

    pub(super) fn push(&mut self, attribute: &str, before: Option<String>, after: Option<String>) {
        self.0.push(FieldChange { attribute: attribute.to_owned(), before, after });
    }

    pub(super) fn done(self) -> Vec<FieldChange> {
        self.0
    }
}

fn listed(items: &BTreeSet<String>) -> Option<String> {
    (!items.is_empty()).then(|| items.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
}

pub(super) fn health_check(before: &HealthCheck, after: &HealthCheck) -> Vec<FieldChange> {
    let mut comparison = Comparison::default();
    comparison.field("default_health_port", &before.port, &after.port);
    comparison.field("default_health_path", &before.path, &after.path);
    comparison.field("health_check_interval", &before.interval_sec, &after.interval_sec);
    comparison.field("health_check_timeout", &before.timeout_sec, &after.timeout_sec);
    comparison.field("health_check_healthy_threshold", &before.healthy_threshold, &after.healthy_threshold);
    comparison.field(
        "health_check_unhealthy_threshold",
        &before.unhealthy_threshold,
        &after.unhealthy_threshold,
    );
    comparison.field("enable_health_check_logging", &before.logging, &after.logging);
    comparison.done()
}

/// Network and direction are left out: they are fixed, and a rule of [`crate::rules`] says so.
pub fn firewall_rule(before: &FirewallRule, after: &FirewallRule) -> Vec<FieldChange> {
    let mut comparison = Comparison::default();
    comparison.field("description", &before.description, &after.description);
    comparison.field("priority", &before.priority, &after.priority);
    comparison.set("source_ranges", before.source_ranges.clone(), after.source_ranges.clone());
    comparison.set("destination_ranges", before.destination_ranges.clone(), after.destination_ranges.clone());
    comparison.set("source_tags", before.source_tags.clone(), after.source_tags.clone());
    comparison.set("target_tags", before.target_tags.clone(), after.target_tags.clone());
    comparison.set("allow", traffic(&before.allow), traffic(&after.allow));
    comparison.set("deny", traffic(&before.deny), traffic(&after.deny));
    comparison.field("enable_firewall_logging", &before.logging, &after.logging);
    comparison.field("disabled", &before.disabled, &after.disabled);
    comparison.done()
}

/// One text per protocol and port: `tcp 8080`, or `icmp` for all of it.
fn traffic(traffic: &[Traffic]) -> BTreeSet<String> {
    traffic
        .iter()
        .flat_map(|one| {
            let protocol = one.protocol.to_lowercase();
            let ports: Vec<String> = one.ports.iter().map(|port| format!("{protocol} {port}")).collect();
            if ports.is_empty() { vec![protocol] } else { ports }
        })
        .collect()
}

/// The attributes by which a pool's VMs get another version.
pub(super) const TEMPLATE: &str = "template_name";
pub(super) const CANARY: &str = "canary.template_name";

/// Zones are left out (fixed), and so is the size (a step of its own).
pub(super) fn instance_group(before: &InstanceGroup, after: &InstanceGroup) -> Vec<FieldChange> {
    let mut comparison = Comparison::default();
    comparison.reference(TEMPLATE, &before.template, &after.template);
    comparison.field("description", &before.description, &after.description);
    let canary = |group: &InstanceGroup| group.canary.as_ref().map(|canary| canary.template.clone());
    match (canary(before), canary(after)) {
        (Some(before), Some(after)) => comparison.reference(CANARY, &before, &after),
        (before, after) => comparison.optional(CANARY, before.as_ref(), after.as_ref()),
    }
    let tried = |group: &InstanceGroup| group.canary.as_ref().map(|canary| canary.target_size);
    comparison.optional("canary.target_size", tried(before).as_ref(), tried(after).as_ref());
    let (old, new) = (&before.update_policy, &after.update_policy);
    comparison.field("update_type", &old.update_type.as_str(), &new.update_type.as_str());
    comparison.field(
        "replacement_method",
        &old.replacement_method.as_str(),
        &new.replacement_method.as_str(),
    );
    comparison.field("max_surge", &before.update_policy.max_surge, &after.update_policy.max_surge);
    comparison.field(
        "max_unavailable",
        &before.update_policy.max_unavailable,
        &after.update_policy.max_unavailable,
    );
    comparison.set("named_ports", named_ports(&before.named_ports), named_ports(&after.named_ports));
    let check =
        |group: &InstanceGroup| group.auto_healing.as_ref().map(|healing| healing.health_check.clone());
    match (check(before), check(after)) {
        (Some(before), Some(after)) => comparison.reference("enable_health_checks", &before, &after),
        (before, after) => comparison.optional("enable_health_checks", before.as_ref(), after.as_ref()),
    }
    let delay = |group: &InstanceGroup| group.auto_healing.as_ref().map(|healing| healing.initial_delay_sec);
    comparison.optional("health_check_initial_delay", delay(before).as_ref(), delay(after).as_ref());
    comparison.done()
}

fn named_ports(ports: &[NamedPort]) -> BTreeSet<String> {
    ports.iter().map(|port| format!("{} {}", port.name, port.port)).collect()
}

pub(super) fn autoscaler(before: &Autoscaler, after: &Autoscaler) -> Vec<FieldChange> {
    let mut comparison = Comparison::default();
    comparison.field("min_replicas", &before.min_replicas, &after.min_replicas);
    comparison.field("max_replicas", &before.max_replicas, &after.max_replicas);
    comparison.field("cpu_target", &before.cpu_target, &after.cpu_target);
    comparison.field("default_cooldown_period", &before.cooldown_sec, &after.cooldown_sec);
    comparison.field("enable_predictive_autoscaling", &before.predictive, &after.predictive);
    comparison.set("custom_metrics", metrics(&before.custom_metrics), metrics(&after.custom_metrics));
    comparison.field("scale_down_max_percent", &before.scale_in.max_percent, &after.scale_in.max_percent);
    comparison.field(
        "scale_down_time_window",
        &before.scale_in.time_window_sec,
        &after.scale_in.time_window_sec,
    );
    comparison.field("autoscaling_mode", &before.mode, &after.mode);
    comparison.set("scaling_schedules", schedules(&before.schedules), schedules(&after.schedules));
    comparison.done()
}

fn schedules(schedules: &[ScalingSchedule]) -> BTreeSet<String> {
    let described = |text: &str| if text.is_empty() { String::new() } else { format!(": {text}") };
    let line = |one: &ScalingSchedule| format!("{} {}{}", one.name, one.words(), described(&one.description));
    schedules.iter().map(line).collect()
}

fn metrics(metrics: &[CustomMetric]) -> BTreeSet<String> {
    metrics.iter().map(|metric| format!("{} {} {}", metric.name, metric.target, metric.kind)).collect()
}
