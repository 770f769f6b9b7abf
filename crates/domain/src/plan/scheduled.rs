//! Schedules that a plan gives its pools and that are on as somebody looks at it. No part of the plan, which says the same at every hour:
//! a vote is over its digest, and must not be void because a schedule began.

use super::{FieldChange, Plan, Step, autoscaler_of, pool_of};
use crate::{
    FleetSpec, ObservedFleet, Timestamp,
    autoscaling::schedule_in_force,
    cost::{Money, Monthly, PriceBook},
    derive,
    name::last_segment,
    resource::{Autoscaler, InstanceGroup, ResourceSet},
};

/// What of an autoscaler decides whether a schedule adds VMs.
const DECIDE: [&str; 4] = ["scaling_schedules", "min_replicas", "max_replicas", "autoscaling_mode"];

/// A sentence for each pool that has VMs by a schedule which the plan gives it and which is on: what counts VMs and dollars does not
/// count them.
pub fn in_force_words(desired: &FleetSpec, plan: &Plan, now: Timestamp) -> Vec<String> {
    let given: Vec<&str> = plan.actions.iter().filter_map(|one| gives(&one.step, &one.changes)).collect();
    if given.is_empty() {
        return Vec::new();
    }
    // Of what exists only the zones matter, and no schedule and no price depends on them.
    let wanted = derive::desired(desired, &ObservedFleet::default());
    let region = &desired.environment.region;
    let said = given.into_iter().filter_map(|group| {
        let group = wanted.groups.get(group)?;
        words(&wanted, group, autoscaler_of(&wanted, &group.name)?, (region, now))
    });
    said.collect()
}

/// The group whose autoscaler the step makes, or changes where schedules matter.
fn gives<'a>(step: &'a Step, changes: &[FieldChange]) -> Option<&'a str> {
    match step {
        Step::CreateAutoscaler { autoscaler } => Some(last_segment(&autoscaler.group)),
        Step::UpdateAutoscaler { autoscaler } => {
            let decides = changes.iter().any(|change| DECIDE.contains(&change.attribute.as_str()));
            decides.then(|| last_segment(&autoscaler.group))
        }
        _ => None,
    }
}

/// None: no schedule is on, or the least that the pool has is as many.
fn words(
    wanted: &ResourceSet,
    group: &InstanceGroup,
    scaler: &Autoscaler,
    (region, now): (&str, Timestamp),
) -> Option<String> {
    let schedule = schedule_in_force(scaler, now)?;
    let asks = schedule.min_required_replicas.min(scaler.max_replicas);
    let more = asks.saturating_sub(scaler.min_replicas);
    if more == 0 {
        return None;
    }
    let cost =
        difference(&month(wanted, group, scaler.min_replicas, region), &month(wanted, group, asks, region));
    let cost = cost.map_or_else(
        || "what they cost is unknown".to_owned(),
        |cost| format!("{} a month at list prices", cost.short()),
    );
    let vms = if schedule.min_required_replicas == 1 { "VM" } else { "VMs" };
    Some(format!(
        "Schedule {} of {} is in force until {} and asks for {} {vms}: {more} more than its least, {cost}.",
        schedule.name,
        pool_of(group),
        schedule.until_words(now),
        schedule.min_required_replicas,
    ))
}

/// What the group costs at that size.
fn month(wanted: &ResourceSet, group: &InstanceGroup, size: u32, region: &str) -> Monthly {
    let mut month = Monthly::default();
    for (version, vms) in group.shares(size).into_iter().filter(|(_, vms)| *vms > 0) {
        match wanted.templates.get(last_segment(version)) {
            Some(template) => month.add(vms, template, region, PriceBook::shipped()),
            None => {
                month.unknown.insert(last_segment(version).to_owned());
            }
        }
    }
    month
}

/// None where a price is missing.
fn difference(before: &Monthly, after: &Monthly) -> Option<Money> {
    let whole = before.unknown.is_empty() && after.unknown.is_empty();
    whole.then(|| after.known - before.known)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        AgentType, autoscaling::ScalingSchedule, cost::vm_price, environment::EnvironmentSpec, model,
        plan::plan, pool::PoolSpec, template::TemplateSpec,
    };

    fn fleet(schedules: Vec<ScalingSchedule>) -> FleetSpec {
        let mut environment = EnvironmentSpec::new(
            "genesis-project-dev",
            "us-central1",
            "dev",
            "projects/genesis-project-dev/global/networks/genesis",
            "projects/genesis-project-dev/regions/us-central1/subnetworks/agents",
        );
        environment.zones = ["us-central1-a", "us-central1-b", "us-central1-c"].map(str::to_owned).to_vec();
        let kind = AgentType::BackendDeveloper;
        FleetSpec {
            agent_vm_templates: vec![TemplateSpec {
                machine_type: Some("e2-standard-2".to_owned()),
                ..TemplateSpec::new("backend", kind)
            }],
            agent_pools: vec![PoolSpec {
                enable_autoscaling: Some(true),
                min_replicas: Some(2),
                max_replicas: Some(5),
                scaling_schedules: schedules,
                ..PoolSpec::new("web", kind, "backend")
            }],
            ..FleetSpec::new(environment)
        }
    }

    fn day(least: u32) -> ScalingSchedule {
        ScalingSchedule {
            name: "day".to_owned(),
            description: String::new(),
            schedule: "0 8 * * 1-5".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            duration_sec: 36_000,
            min_required_replicas: least,
            disabled: false,
        }
    }

    /// As it is once the fleet without schedules is there.
    fn observed(now: Timestamp) -> ObservedFleet {
        let empty = ObservedFleet { observed_at: Some(now), ..ObservedFleet::default() };
        let built = model::apply(&plan(&fleet(Vec::new()), &empty, now), &empty);
        ObservedFleet { observed_at: Some(now), ..built }
    }

    fn said(fleet: &FleetSpec, now: &str) -> Vec<String> {
        let now: Timestamp = now.parse().unwrap();
        in_force_words(fleet, &plan(fleet, &observed(now), now), now)
    }

    const MONDAY: &str = "2026-11-23T08:16:00Z";

    #[test]
    fn what_a_schedule_adds_at_once_is_told_with_what_it_costs() {
        let asks = fleet(vec![day(4)]);
        let version = derive::present_version(&asks, &asks.agent_vm_templates[0]);
        let two = vm_price(&version, "us-central1", PriceBook::shipped()).known().times(2).short();
        let expected = format!(
            "Schedule day of web is in force until 17:00 UTC and asks for 4 VMs: 2 more than its least, {two} a month at list prices."
        );
        assert_eq!(said(&asks, MONDAY), [expected]);
        assert!(said(&asks, "2026-11-23T18:00:00Z").is_empty(), "it is over");
        assert!(said(&fleet(vec![day(2)]), MONDAY).is_empty(), "the pool has as many anyway");
        let rests = ScalingSchedule { disabled: true, ..day(4) };
        assert!(said(&fleet(vec![rests]), MONDAY).is_empty());
    }

    #[test]
    fn more_than_the_most_is_not_counted_and_a_missing_price_is_said() {
        let capped = said(&fleet(vec![day(9)]), MONDAY);
        assert!(capped[0].contains("asks for 9 VMs: 3 more than its least, $"), "{capped:?}");
        let mut unpriced = fleet(vec![day(4)]);
        unpriced.agent_vm_templates[0].machine_type = Some("e2-custom-2-4096".to_owned());
        let unpriced = said(&unpriced, MONDAY);
        assert!(unpriced[0].ends_with("2 more than its least, what they cost is unknown."), "{unpriced:?}");
    }

    #[test]
    fn a_plan_that_leaves_schedules_alone_tells_of_none() {
        let now: Timestamp = MONDAY.parse().unwrap();
        let stands = fleet(vec![day(4)]);
        let empty = ObservedFleet { observed_at: Some(now), ..ObservedFleet::default() };
        let built = model::apply(&plan(&stands, &empty, now), &empty);
        let mut hotter = stands.clone();
        hotter.agent_pools[0].cpu_target = Some(0.5);
        let update = plan(&hotter, &built, now);
        assert!(!update.is_empty());
        assert!(in_force_words(&hotter, &update, now).is_empty());
    }

    proptest! {
        /// What is voted on does not move with the clock, schedules or none.
        #[test]
        fn the_plan_is_the_same_whether_a_schedule_is_on(hours in 0_i64..336, least in 1_u32..8) {
            let fleet = fleet(vec![day(least)]);
            let monday: Timestamp = MONDAY.parse().unwrap();
            let later = monday + chrono::TimeDelta::hours(hours);
            prop_assert_eq!(
                plan(&fleet, &observed(monday), monday),
                plan(&fleet, &observed(later), later)
            );
        }
    }
}
