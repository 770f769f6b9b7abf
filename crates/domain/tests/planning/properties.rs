//! What holds of every plan. 64 cases each: the suite stays within seconds unoptimised.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    ObservedFleet, derive,
    model::{self, apply_actions},
    plan::{ZoneImpact, plan, plan_beside, respread, retire, spread},
    resource::ResourceKind,
};
use proptest::prelude::*;

use crate::{
    dependencies::refused,
    examples::{nothing, now},
    strategy::{broken_fleet, fleet},
};

/// The ids of VMs by zone: a name may come back with another VM.
fn vms(fleet: &ObservedFleet) -> BTreeMap<String, BTreeSet<String>> {
    let mut zones: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for vm in fleet.groups.values().flat_map(|group| &group.instances) {
        zones.entry(vm.zone.clone()).or_default().extend(vm.id.clone());
    }
    zones
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_same_question_gets_the_same_plan(old in fleet(), new in broken_fleet()) {
        let observed = model::apply(&plan(&old, &nothing(), now()), &nothing());
        prop_assert_eq!(plan(&new, &observed, now()), plan(&new, &observed, now()));
    }

    #[test]
    fn what_the_strategy_makes_keeps_the_rules(new in fleet()) {
        prop_assert_eq!(plan(&new, &nothing(), now()).violations, vec![]);
    }

    #[test]
    fn an_applied_plan_leaves_nothing_to_plan(old in fleet(), new in fleet()) {
        let observed = model::apply(&plan(&old, &nothing(), now()), &nothing());
        let settled = model::apply(&plan(&new, &observed, now()), &observed);
        prop_assert_eq!(plan(&new, &settled, now()).actions, vec![]);

        let tidied = apply_actions(&retire(&new, &settled), &settled);
        prop_assert_eq!(plan(&new, &tidied, now()).actions, vec![]);
        prop_assert_eq!(retire(&new, &tidied), vec![]);
        // Where updates wait to be asked for, VMs still run versions that are not declared any more.
        let used: BTreeSet<&str> =
            settled.groups.values().flat_map(|group| &group.instances).filter_map(|vm| vm.template.as_deref()).collect();
        let mut expected = derive_as_settled(&new, &settled);
        for (name, template) in settled.resources.templates.iter().filter(|(name, _)| used.contains(name.as_str())) {
            expected.templates.entry(name.clone()).or_insert_with(|| template.clone());
        }
        prop_assert_eq!(tidied.resources, expected);
    }

    #[test]
    fn sizes_stay_within_bounds(old in fleet(), new in fleet()) {
        let observed = model::apply(&plan(&old, &nothing(), now()), &nothing());
        let settled = model::apply(&plan(&new, &observed, now()), &observed);
        for (name, status) in &settled.groups {
            let group = &settled.resources.groups[name];
            prop_assert_eq!(status.instances.len(), status.target_size as usize);
            match settled.resources.autoscalers.values().find(|scaler| &scaler.group == name) {
                Some(scaler) => prop_assert!(
                    (scaler.min_replicas..=scaler.max_replicas).contains(&status.target_size)
                ),
                None => prop_assert_eq!(status.target_size, group.target_size),
            }
            let mut here: BTreeMap<&str, u32> = group.zones.iter().map(|zone| (zone.as_str(), 0)).collect();
            for vm in &status.instances {
                *here.get_mut(vm.zone.as_str()).unwrap() += 1;
            }
            prop_assert!(here.values().max().unwrap() - here.values().min().unwrap() <= 1);
        }
    }

    #[test]
    fn the_impact_is_what_happens_in_the_model(old in fleet(), new in fleet()) {
        let before = model::apply(&plan(&old, &nothing(), now()), &nothing());
        let plan = plan(&new, &before, now());
        let after = model::apply(&plan, &before);
        let (was, is) = (vms(&before), vms(&after));
        let zones: BTreeSet<&String> = was.keys().chain(is.keys()).chain(plan.impact.zones.keys()).collect();
        let none = BTreeSet::new();
        for zone in zones {
            let (was, is) = (was.get(zone).unwrap_or(&none), is.get(zone).unwrap_or(&none));
            let impact = plan.impact.zones.get(zone).copied().unwrap_or_default();
            prop_assert_eq!(is.difference(was).count(), (impact.created + impact.replaced) as usize, "{}", zone);
            prop_assert_eq!(was.difference(is).count(), (impact.deleted + impact.replaced) as usize, "{}", zone);
            prop_assert_eq!(impact.restarted, 0);
        }
        prop_assert!(plan.impact.zones.values().all(|zone| *zone != ZoneImpact::default()));
        for capacity in &plan.impact.capacity {
            prop_assert!(capacity.lowest <= capacity.of);
        }
    }

    #[test]
    fn no_call_comes_too_early_or_too_late(old in fleet(), new in fleet()) {
        let observed = model::apply(&plan(&old, &nothing(), now()), &nothing());
        let plan = plan(&new, &observed, now());
        prop_assert_eq!(refused(&plan, &observed), Ok(()));
        prop_assert!(plan.actions.is_sorted_by_key(|action| action.step.rank()));
        let keys: BTreeSet<String> = plan.actions.iter().map(|action| action.key()).collect();
        prop_assert_eq!(keys.len(), plan.actions.len());
    }

    #[test]
    fn of_what_is_taken_nothing_is_planned(new in fleet()) {
        let resources = derive::resources(&new, &[]);
        let of = |kind: ResourceKind| move |name: &String| (kind, name.clone());
        let groups = resources.groups.keys().map(of(ResourceKind::InstanceGroup));
        let rules = resources.firewall_rules.keys().map(of(ResourceKind::FirewallRule));
        let taken: BTreeSet<(ResourceKind, String)> = groups.chain(rules).collect();
        let beside = plan_beside(&new, &nothing(), &taken, now());
        for action in &beside.actions {
            prop_assert!(!taken.contains(&(action.step.kind(), action.step.name().to_owned())), "{}", action.title());
            prop_assert!(action.step.kind() != ResourceKind::Autoscaler, "{}", action.title());
        }
        prop_assert_eq!(&beside.impact.zones, &BTreeMap::new());
        let alone = plan(&new, &nothing(), now());
        prop_assert_eq!(&beside.violations, &alone.violations);
        prop_assert_eq!(plan_beside(&new, &nothing(), &BTreeSet::new(), now()), alone);
    }

    #[test]
    fn a_broken_fleet_is_planned_without_a_panic(old in fleet(), new in broken_fleet()) {
        let observed = model::apply(&plan(&old, &nothing(), now()), &nothing());
        let plan = plan(&new, &observed, now());
        domain::plan::render(&plan);
        model::apply(&plan, &observed);
    }

    #[test]
    fn a_spread_is_even_and_whole(size in 0_u32..50, now in prop::collection::vec(0_u32..9, 1..6)) {
        let zones: Vec<String> = (0..now.len()).map(|index| format!("z{index}")).collect();
        let current = zones.iter().cloned().zip(now).collect();
        for spread in [spread(size, &zones), respread(&current, size, &zones)] {
            prop_assert_eq!(spread.values().sum::<u32>(), size);
            prop_assert!(spread.values().max().unwrap() - spread.values().min().unwrap() <= 1);
        }
    }
}

/// The declaration's resources, with the sizes that autoscalers decided.
fn derive_as_settled(desired: &domain::FleetSpec, settled: &ObservedFleet) -> domain::resource::ResourceSet {
    let mut resources = derive::desired(desired, settled);
    for (name, group) in &mut resources.groups {
        group.target_size = settled.groups[name].target_size;
    }
    resources
}
