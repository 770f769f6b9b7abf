//! Rules of pools: their template, sizes, rollout numbers.

use super::{Findings, LARGEST_GROUP, Rule, Scope, sizes};
use crate::{
    Amount,
    agent::Thresholds,
    derive, name,
    pool::{CanarySpec, PoolSpec, ReplacementMethod},
};

/// A share of a regional group's VMs may surge or be away only where the group has that many:
/// <https://cloud.google.com/compute/docs/instance-groups/rolling-out-updates-to-managed-instance-groups>
const LEAST_FOR_SHARES: u32 = 10;

pub(super) fn check(scope: &Scope<'_>, findings: &mut Findings) {
    for (index, pool) in scope.spec.agent_pools.iter().enumerate() {
        let at = |attribute: &str| format!("agent_pools[{index}].{attribute}");
        template(scope, pool, &at, findings);
        version(scope, pool, &at, findings);
        if let Some(canary) = &pool.canary {
            check_canary(scope, pool, canary, &at, findings);
        }
        rollout(scope, pool, &at, findings);
        size(scope, pool, &at, findings);
        if let Some(ports) = &pool.named_ports {
            sizes::named_ports(&at("named_ports"), ports, findings);
        }
        heartbeats(pool, &at, findings);
        if pool.health_check_initial_delay > 3600 {
            let message = format!(
                "{} s is too long: Compute Engine takes 0 to 3600 s",
                pool.health_check_initial_delay
            );
            findings.breaks_with_fix(Rule::InitialDelay, at("health_check_initial_delay"), message, "3600");
        }
    }
}

/// Ours, not Compute Engine's: when an agent counts as late, silent, or never started.
fn heartbeats(pool: &PoolSpec, at: &dyn Fn(&str) -> String, findings: &mut Findings) {
    let thresholds = Thresholds::of(pool);
    let (late, silent) = (thresholds.late_after_seconds, thresholds.silent_after_seconds);
    let declared = [
        ("heartbeat_late_after", pool.heartbeat_late_after, 5..=3600),
        ("heartbeat_silent_after", pool.heartbeat_silent_after, 5..=3600),
        ("heartbeat_start_within", pool.heartbeat_start_within, 30..=7200),
    ];
    for (name, value, range) in declared {
        let Some(value) = value.filter(|value| !range.contains(value)) else { continue };
        let message = format!("{value} s is out of bounds: take {} to {} s", range.start(), range.end());
        let fix = value.clamp(*range.start(), *range.end()).to_string();
        findings.breaks_with_fix(Rule::HeartbeatThresholds, at(name), message, fix);
    }
    if late >= silent {
        let name = if pool.heartbeat_silent_after.is_some() {
            "heartbeat_silent_after"
        } else {
            "heartbeat_late_after"
        };
        let message = format!("an agent would be silent after {silent} s, and late only after {late} s");
        findings.breaks(Rule::HeartbeatThresholds, at(name), message);
    }
}

fn template(scope: &Scope<'_>, pool: &PoolSpec, at: &dyn Fn(&str) -> String, findings: &mut Findings) {
    let declared = &scope.spec.agent_vm_templates;
    match derive::template_of(scope.spec, &pool.template_name) {
        Some(template) if template.agent_type != pool.agent_type => {
            let message = format!(
                "the pool is of {} agents and its template `{}` of {}",
                pool.agent_type, template.name, template.agent_type
            );
            let fix = template.agent_type.as_str();
            findings.breaks_with_fix(Rule::AgentTypeMismatch, at("agent_type"), message, fix);
        }
        Some(_) => {}
        None => {
            let names: Vec<&str> = declared.iter().map(|template| template.name.as_str()).collect();
            let known = match names.as_slice() {
                [] => "agent_vm_templates declares none".to_owned(),
                names => format!("declared are {}", names.join(", ")),
            };
            let message = format!("no template is named `{}`: {known}", pool.template_name);
            let mut alike = declared.iter().filter(|template| template.agent_type == pool.agent_type);
            let fix = match (alike.next(), alike.next()) {
                (Some(only), None) => Some(only.name.clone()),
                _ => None,
            };
            findings.add(Rule::UnknownTemplate, at("template_name"), message, fix);
        }
    }
}

/// What a pool holds to is carried by the declaration, and is what its name says.
fn version(scope: &Scope<'_>, pool: &PoolSpec, at: &dyn Fn(&str) -> String, findings: &mut Findings) {
    let Some(digits) = &pool.template_version else { return };
    known_version(scope, pool, (&pool.template_name, digits), at("template_version"), findings);
}

fn known_version(
    scope: &Scope<'_>,
    pool: &PoolSpec,
    (template, digits): (&str, &str),
    attribute: String,
    findings: &mut Findings,
) {
    let Some(declared) = derive::template_of(scope.spec, template) else { return };
    let resource = name::instance_template(&scope.spec.environment.name_prefix, template, digits);
    let present = derive::present_version(scope.spec, declared);
    match scope.spec.template_versions.get(&resource) {
        None if present.name == resource => {}
        None => {
            let fix = name::version_digits(&present.name);
            findings.breaks_with_fix(
                Rule::UnknownVersion,
                attribute,
                format!("no version `{digits}` of template {template} is known: the present one is {fix}"),
                fix,
            );
        }
        Some(version) if !derive::carried(&resource, version) => findings.breaks(
            Rule::UnknownVersion,
            attribute,
            format!("what the declaration carries as {resource} is something else: its digest differs"),
        ),
        Some(version) => {
            let kind = version.labels.get("agent_type").map_or("", String::as_str);
            if kind != pool.agent_type.as_str() {
                let message = format!("the pool is of {} agents and this version of {kind}", pool.agent_type);
                findings.breaks(Rule::AgentTypeMismatch, attribute, message);
            }
        }
    }
}

/// A second version is another one, of the same agents, on at least one VM.
fn check_canary(
    scope: &Scope<'_>,
    pool: &PoolSpec,
    canary: &CanarySpec,
    at: &dyn Fn(&str) -> String,
    findings: &mut Findings,
) {
    let template = canary.template_name.as_ref().unwrap_or(&pool.template_name);
    match derive::template_of(scope.spec, template) {
        None => {
            let message = format!("no template is named `{template}`");
            findings.breaks(Rule::UnknownTemplate, at("canary.template_name"), message);
        }
        Some(declared) if declared.agent_type != pool.agent_type => {
            let message = format!(
                "the pool is of {} agents and template `{template}` of {}",
                pool.agent_type, declared.agent_type
            );
            findings.breaks(Rule::AgentTypeMismatch, at("canary.template_name"), message);
        }
        Some(_) => {}
    }
    if let Some(digits) = &canary.template_version {
        known_version(scope, pool, (template, digits), at("canary.template_version"), findings);
    }
    if canary.target_size.is_none() {
        let message = "a canary of no VM tries nothing: at least 1, or leave it out";
        findings.breaks_with_fix(Rule::CanarySize, at("canary.target_size"), message, "1");
    }
    let group = name::instance_group(&scope.spec.environment.name_prefix, &pool.name);
    if let Some(group) = scope.resources.groups.get(&group)
        && group.canary.as_ref().is_some_and(|canary| canary.template == group.template)
    {
        findings.breaks(
            Rule::CanarySameVersion,
            at("canary"),
            "the canary is of the version that the pool runs: name another one, or leave it out",
        );
    }
}

/// "Fixed updatePolicy.maxUnavailable for regional managed instance group has to be either 0 or at least equal to the
/// number of zones."
fn rollout(scope: &Scope<'_>, pool: &PoolSpec, at: &dyn Fn(&str) -> String, findings: &mut Findings) {
    let group = name::instance_group(&scope.spec.environment.name_prefix, &pool.name);
    let zones = scope.resources.groups.get(&group).map_or(&scope.zones, |group| &group.zones);
    let Ok(count) = u32::try_from(zones.len()) else { return };
    if count == 0 {
        return;
    }
    let size = least_size(scope, pool);
    let amount = |amount: Amount, rule: Rule, attribute: &str, findings: &mut Findings| match amount {
        Amount::Fixed(value) if value > 0 && value < count => {
            let message =
                format!("{value} is below the number of zones: a regional group takes 0, or {count} or more");
            findings.breaks_with_fix(rule, at(attribute), message, count.to_string());
        }
        Amount::Percent(percent) if percent > 100 => {
            let message = format!("{percent} % are more than the group: 0 to 100 %");
            findings.breaks_with_fix(Rule::ShareOfSmallGroup, at(attribute), message, "100%");
        }
        Amount::Percent(percent) if percent > 0 && size < LEAST_FOR_SHARES => {
            let message = format!(
                "a share needs a regional group of at least {LEAST_FOR_SHARES} VMs, and this one may have {size}: write a number"
            );
            findings.breaks_with_fix(Rule::ShareOfSmallGroup, at(attribute), message, count.to_string());
        }
        _ => {}
    };
    if let Some(surge) = pool.max_surge {
        amount(surge, Rule::SurgeBelowZones, "max_surge", findings);
    }
    amount(pool.max_unavailable, Rule::UnavailableBelowZones, "max_unavailable", findings);
    let by_name = pool.replacement_method == ReplacementMethod::Recreate;
    let surges = pool.max_surge.is_some_and(|surge| !surge.is_none());
    if by_name && surges {
        let message = "RECREATE keeps the names of VMs, so none can come before the old one is gone: write 0";
        findings.breaks_with_fix(Rule::RecreateSurges, at("max_surge"), message, "0");
    }
    if pool.max_unavailable.is_none() && (by_name || pool.max_surge.is_some() && !surges) {
        let attribute = if by_name { "max_unavailable" } else { "max_surge" };
        let message = format!(
            "with max_surge and max_unavailable both 0 no VM could ever be replaced: raise one to {count} or more"
        );
        findings.breaks_with_fix(Rule::NoSurgeNoUnavailable, at(attribute), message, count.to_string());
    }
}

/// The fewest VMs that the pool may have by its declaration.
fn least_size(scope: &Scope<'_>, pool: &PoolSpec) -> u32 {
    let environment = &scope.spec.environment;
    if derive::autoscaled(environment, pool) {
        derive::bounds(environment, pool).0
    } else {
        derive::size_at_creation(environment, pool)
    }
}

fn size(scope: &Scope<'_>, pool: &PoolSpec, at: &dyn Fn(&str) -> String, findings: &mut Findings) {
    let environment = &scope.spec.environment;
    for (attribute, size) in [
        ("target_size", pool.target_size),
        ("min_replicas", pool.min_replicas),
        ("max_replicas", pool.max_replicas),
    ] {
        if let Some(size) = size
            && size > LARGEST_GROUP
        {
            sizes::group(at(attribute), size, findings);
        }
    }
    if !derive::autoscaled(environment, pool) {
        return;
    }
    let (min, max) = derive::bounds(environment, pool);
    // The nearer declaration is the one to change.
    let named = |own: Option<u32>, attribute: &str, default: &str| {
        if own.is_some() { at(attribute) } else { default.to_owned() }
    };
    let least = named(pool.min_replicas, "min_replicas", "default_min_replicas");
    let most = named(pool.max_replicas, "max_replicas", "default_max_replicas");
    if max == 0 {
        findings.breaks_with_fix(
            Rule::MinAboveMax,
            at("max_replicas"),
            "an autoscaler's most is at least 1",
            "1",
        );
    } else if min > max {
        // Of the two the one that the pool declares is named; a default alone may fit other pools.
        let (attribute, message) = match (pool.min_replicas, pool.max_replicas) {
            (None, Some(_)) => (most, format!("at most {max} VMs is below {least}, which is {min}")),
            _ => (at("min_replicas"), format!("at least {min} VMs is above {most}, which is {max}")),
        };
        findings.breaks(Rule::MinAboveMax, attribute, message);
    } else if let Some(size) = pool.target_size
        && !(min..=max).contains(&size)
    {
        let fix = size.max(min).min(max).to_string();
        let message = format!("{size} VMs are outside the autoscaler's bounds, {min} to {max}");
        findings.breaks_with_fix(Rule::SizeOutOfBounds, at("target_size"), message, fix);
    }
}
