//! Single changes of a running fleet, each with the steps that it takes.

use domain::{
    Amount, FleetSpec,
    derive::{self, ZoneSource},
    instance::{CurrentAction, InstanceStatus},
    model,
    observed::Location,
    plan::{Capacity, Step, plan, retire},
    pool::CanarySpec,
};

use crate::examples::{applied, basic, fixed, nothing, now, titles};

#[test]
fn a_fixed_size_is_a_resize_and_an_autoscaled_one_is_none() {
    let observed = applied(&fixed(2), &nothing());
    let resized = plan(&fixed(5), &observed, now());
    assert_eq!(titles(&resized), ["resize instance group genesis-pool-backend-pool"]);
    assert_eq!(resized.impact.total().created, 3);
    assert_eq!(resized.impact.capacity, [Capacity { pool: "backend-pool".into(), lowest: 2, of: 2 }]);

    let mut observed = applied(&basic(), &nothing());
    observed.groups.get_mut("genesis-pool-backend-pool").unwrap().target_size = 4;
    let mut desired = basic();
    desired.agent_pools[0].target_size = Some(3);
    assert!(plan(&desired, &observed, now()).is_empty());
}

#[test]
fn the_autoscaler_goes_before_the_declared_size_comes() {
    let observed = applied(&basic(), &nothing());
    let plan = plan(&fixed(4), &observed, now());
    assert_eq!(
        titles(&plan),
        [
            "delete autoscaler genesis-pool-backend-pool-autoscaler",
            "resize instance group genesis-pool-backend-pool"
        ]
    );
}

#[test]
fn a_deleted_pool_takes_what_belongs_to_it_along_and_leaves_the_template() {
    let observed = applied(&basic(), &nothing());
    let mut desired = basic();
    desired.agent_pools.clear();
    let removal = plan(&desired, &observed, now());
    assert_eq!(
        titles(&removal),
        [
            "delete autoscaler genesis-pool-backend-pool-autoscaler",
            "delete instance group genesis-pool-backend-pool",
            "delete health check genesis-pool-backend-pool-health"
        ]
    );
    assert_eq!(removal.impact.total().deleted, 2);
    assert_eq!(removal.impact.capacity, [Capacity { pool: "backend-pool".into(), lowest: 0, of: 2 }]);
    assert_eq!(retire(&desired, &model::apply(&removal, &observed)), []);
}

#[test]
fn switching_health_checks_off_clears_healing_before_the_check_goes() {
    let observed = applied(&basic(), &nothing());
    let mut desired = basic();
    desired.environment.enable_health_checks = false;
    let plan = plan(&desired, &observed, now());
    assert_eq!(
        titles(&plan),
        [
            "update instance group genesis-pool-backend-pool",
            "delete health check genesis-pool-backend-pool-health"
        ]
    );
    let attributes: Vec<&str> = plan.actions[0].changes.iter().map(|c| c.attribute.as_str()).collect();
    assert_eq!(attributes, ["enable_health_checks", "health_check_initial_delay"]);
    assert_eq!(plan.impact.total().replaced, 0);
}

#[test]
fn an_old_version_is_retired_only_after_the_last_vm_left_it() {
    let observed = applied(&fixed(3), &nothing());
    let old = observed.resources.groups["genesis-pool-backend-pool"].template.clone();
    let mut desired = fixed(3);
    desired.agent_vm_templates[0].disk_size_gb = Some(30);
    let change = plan(&desired, &observed, now());
    assert!(change.actions.iter().all(|a| !matches!(a.step, Step::DeleteInstanceTemplate { .. })));
    assert_eq!(change.impact.total().replaced, 3);

    let mut rolling = model::apply(&change, &observed);
    rolling.groups.get_mut("genesis-pool-backend-pool").unwrap().instances[0].template = Some(old.clone());
    assert_eq!(retire(&desired, &rolling), []);
    let done = model::apply(&change, &observed);
    let retired: Vec<String> = retire(&desired, &done).iter().map(|a| a.step.name().to_owned()).collect();
    assert_eq!(retired, [old]);
}

#[test]
fn vms_that_have_the_new_version_already_are_not_counted_again() {
    let old = fixed(3);
    let mut new = fixed(3);
    new.agent_vm_templates[0].disk_size_gb = Some(30);
    let before = applied(&old, &nothing());
    let mut rolling = applied(&new, &before);
    // One VM still has the old version; then the change is taken back.
    let group = rolling.groups.get_mut("genesis-pool-backend-pool").unwrap();
    group.instances[0].template = Some(before.resources.groups["genesis-pool-backend-pool"].template.clone());
    assert_eq!(plan(&old, &rolling, now()).impact.total().replaced, 2);
}

#[test]
fn a_group_that_still_converges_is_not_this_plans_doing() {
    let mut observed = applied(&fixed(3), &nothing());
    let group = observed.groups.get_mut("genesis-pool-backend-pool").unwrap();
    group.instances.truncate(1);
    group.instances[0].status = InstanceStatus::Staging;
    group.instances[0].current_action = CurrentAction::Creating;
    let empty = plan(&fixed(3), &observed, now());
    assert!(empty.is_empty() && empty.impact.zones.is_empty());
    let grown = plan(&fixed(5), &observed, now());
    assert_eq!((grown.impact.total().created, grown.impact.capacity[0].of), (2, 0));
}

#[test]
fn capacity_never_falls_below_what_the_rollout_keeps() {
    let observed = applied(&fixed(5), &nothing());
    let mut desired = fixed(5);
    desired.agent_vm_templates[0].machine_type = Some("e2-standard-4".to_owned());
    assert_eq!(plan(&desired, &observed, now()).impact.capacity[0].lowest, 5);
    desired.agent_pools[0].max_unavailable = Amount::Fixed(3);
    assert_eq!(plan(&desired, &observed, now()).impact.capacity[0].lowest, 2);
}

#[test]
fn what_is_read_back_in_another_spelling_is_no_difference() {
    let mut observed = applied(&basic(), &nothing());
    let root = "https://www.googleapis.com/compute/v1/projects/genesis-project-dev";
    for rule in observed.resources.firewall_rules.values_mut() {
        rule.network = format!("{root}/global/networks/genesis");
        for traffic in &mut rule.allow {
            traffic.ports.reverse();
        }
    }
    for group in observed.resources.groups.values_mut() {
        group.template = format!("{root}/global/instanceTemplates/{}", group.template);
        group.named_ports.reverse();
        let healing = group.auto_healing.as_mut().unwrap();
        healing.health_check = format!("{root}/global/healthChecks/{}", healing.health_check);
    }
    let plan = plan(&basic(), &observed, now());
    assert!(plan.is_empty() && plan.violations.is_empty(), "{plan:#?}");
}

#[test]
fn a_region_that_gets_another_zone_moves_no_pool() {
    let mut desired = fixed(3);
    desired.environment.zones.clear();
    let mut observed = nothing();
    let location = |letters: &str| {
        Some(Location {
            zones: letters.chars().map(|letter| format!("us-central1-{letter}")).collect(),
            ..Location::default()
        })
    };
    observed.location = location("abc");
    let mut observed = applied(&desired, &observed);
    observed.location = location("abcf");
    assert_eq!(derive::zones(&desired, observed.location.as_ref()).source, ZoneSource::Api);
    let plan = plan(&desired, &observed, now());
    assert!(plan.is_empty() && plan.violations.is_empty(), "{plan:#?}");
    assert!(plan.notes.iter().any(|note| note.message.contains("zones are fixed")));
}

#[test]
fn a_pool_whose_template_is_missing_is_refused_and_not_deleted() {
    let observed = applied(&basic(), &nothing());
    let mut desired = basic();
    desired.agent_pools[0].template_name = "typo".to_owned();
    let plan = plan(&desired, &observed, now());
    assert_eq!(plan.violations[0].rule, "unknown_template");
    assert!(plan.is_empty() && plan.impact.zones.is_empty(), "{:?}", titles(&plan));
}

#[test]
fn the_environments_default_size_yields_to_a_pools_bounds() {
    let mut desired = basic();
    desired.agent_pools[0].target_size = None;
    desired.agent_pools[0].min_replicas = Some(3);
    desired.agent_pools[0].max_replicas = Some(20);
    let plan = plan(&desired, &nothing(), now());
    assert_eq!(plan.violations, []);
    assert_eq!(plan.impact.total().created, 3);
}

#[test]
fn a_template_that_only_a_canary_runs_is_used() {
    let waits = |fleet: &FleetSpec| {
        plan(fleet, &nothing(), now()).notes.iter().any(|note| note.message.contains("made and waits"))
    };
    let mut desired = basic();
    desired.agent_vm_templates[1].agent_type = desired.agent_vm_templates[0].agent_type;
    assert!(waits(&desired), "no pool names the second template");
    desired.agent_pools[0].canary = Some(CanarySpec {
        template_name: Some("platform-eng".into()),
        template_version: None,
        target_size: Amount::Fixed(1),
    });
    assert!(!waits(&desired));
}
