//! What a plan does to the month.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Money, Monthly, PriceBook};
use crate::{
    ObservedFleet,
    name::last_segment,
    plan::Settled,
    resource::{InstanceGroup, ResourceSet},
};

/// List prices by the month of 730 hours, of groups at the sizes at which they settle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostImpact {
    pub before: Monthly,
    pub after: Monthly,
    /// With every autoscaled pool at its maximum. Absent where no autoscaler decides.
    pub at_most: Option<Monthly>,
    /// The version of the price book.
    pub book: String,
}

impl CostImpact {
    pub fn is_same(&self) -> bool {
        self.before == self.after
    }

    /// What the month costs more, or less where it is below zero. None: a price is missing on either side, so nobody knows.
    pub fn difference(&self) -> Option<Money> {
        let whole = self.before.unknown.is_empty() && self.after.unknown.is_empty();
        whole.then(|| self.after.known - self.before.known)
    }

    /// What has no price, before or after.
    pub fn unknown(&self) -> BTreeSet<&String> {
        self.before.unknown.union(&self.after.unknown).collect()
    }

    /// No VM runs before or after.
    pub fn is_nothing(&self) -> bool {
        self.before == Monthly::default() && self.after == Monthly::default()
    }
}

/// The month of what is there, of groups at the sizes at which they settle by themselves.
pub(crate) fn present_month(observed: &ObservedFleet, region: &str) -> Monthly {
    let mut month = Monthly::default();
    for (name, group) in &observed.resources.groups {
        add_group(&mut month, &observed.resources, (group, Settled::before(observed, name).size), region);
    }
    month
}

/// Each version of the group, which has so many VMs.
fn add_group(
    month: &mut Monthly,
    resources: &ResourceSet,
    (group, size): (&InstanceGroup, u32),
    region: &str,
) {
    for (version, vms) in group.shares(size).into_iter().filter(|(_, vms)| *vms > 0) {
        match resources.templates.get(last_segment(version)) {
            Some(template) => month.add(vms, template, region, PriceBook::shipped()),
            None => {
                month.unknown.insert(format!("template {} of {}", last_segment(version), group.name));
            }
        }
    }
}

/// `held` are groups that the plan leaves alone although nothing derives to them. Every version has its own price: a
/// canary's VMs cost what its template costs, from the first of them.
pub(crate) fn cost_impact(
    wanted: &ResourceSet,
    observed: &ObservedFleet,
    held: &BTreeSet<String>,
    region: &str,
) -> CostImpact {
    let book = PriceBook::shipped();
    let mut impact = CostImpact {
        before: present_month(observed, region),
        book: book.version.clone(),
        ..CostImpact::default()
    };
    let mut at_most = Monthly::default();
    let mut scaled = false;
    let names: BTreeSet<&String> = wanted.groups.keys().chain(observed.resources.groups.keys()).collect();
    for name in names {
        let before = Settled::before(observed, name);
        let priced =
            |side: &mut Monthly, resources: &ResourceSet, group: Option<&InstanceGroup>, size: u32| {
                if let Some(group) = group {
                    add_group(side, resources, (group, size), region);
                }
            };
        let existing = observed.resources.groups.get(name);
        if held.contains(name) {
            priced(&mut impact.after, &observed.resources, existing, before.size);
            priced(&mut at_most, &observed.resources, existing, before.size);
            continue;
        }
        let after = Settled::after(wanted, observed, name, &before);
        let next = wanted.groups.get(name);
        priced(&mut impact.after, wanted, next, after.size);
        let scaler = crate::plan::autoscaler_of(wanted, name);
        scaled |= scaler.is_some();
        priced(&mut at_most, wanted, next, scaler.map_or(after.size, |scaler| scaler.max_replicas));
    }
    impact.at_most = scaled.then_some(at_most);
    impact
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AgentType, Amount, FleetSpec, Timestamp,
        cost::vm_price,
        derive,
        environment::EnvironmentSpec,
        model, name,
        plan::{
            instances::{InstanceAction, InstanceVerb, plan_instances},
            plan,
        },
        pool::{CanarySpec, PoolSpec, UpdateType},
        template::TemplateSpec,
    };

    const REGION: &str = "us-central1";

    /// One pool of small VMs, of which `tried` are to run the large ones' template.
    fn fleet(tried: Option<Amount>) -> FleetSpec {
        let mut environment = EnvironmentSpec::new(
            "genesis-project-dev",
            REGION,
            "dev",
            "projects/genesis-project-dev/global/networks/genesis",
            "projects/genesis-project-dev/regions/us-central1/subnetworks/agents",
        );
        environment.zones = ["us-central1-a", "us-central1-b", "us-central1-c"].map(str::to_owned).to_vec();
        let kind = AgentType::BackendDeveloper;
        let template = |name: &str, machine: &str| TemplateSpec {
            machine_type: Some(machine.to_owned()),
            ..TemplateSpec::new(name, kind)
        };
        FleetSpec {
            agent_vm_templates: vec![
                template("small", "e2-standard-2"),
                template("large", "e2-standard-8"),
                template("unpriced", "e2-custom-2-4096"),
            ],
            agent_pools: vec![PoolSpec {
                target_size: Some(4),
                canary: tried.map(|target_size| CanarySpec {
                    template_name: Some("large".to_owned()),
                    template_version: None,
                    target_size,
                }),
                ..PoolSpec::new("web", kind, "small")
            }],
            ..FleetSpec::new(environment)
        }
    }

    fn empty() -> ObservedFleet {
        ObservedFleet { observed_at: Some(Timestamp::default()), ..ObservedFleet::default() }
    }

    /// The fleet as Compute Engine would have it.
    fn standing(fleet: &FleetSpec) -> ObservedFleet {
        ObservedFleet { resources: derive::desired(fleet, &empty()), ..empty() }
    }

    fn cost(fleet: &FleetSpec, observed: &ObservedFleet) -> CostImpact {
        plan(fleet, observed, Timestamp::default()).impact.cost.unwrap()
    }

    /// A VM of each template in the fleet's order.
    fn prices(fleet: &FleetSpec) -> Vec<Money> {
        let versions = fleet.agent_vm_templates.iter().map(|one| derive::present_version(fleet, one));
        versions.map(|version| vm_price(&version, REGION, PriceBook::shipped()).known()).collect()
    }

    #[test]
    fn a_canary_s_vms_cost_what_its_template_costs() {
        let (alone, tried) = (fleet(None), fleet(Some(Amount::Fixed(1))));
        let [small, large, _] = prices(&alone)[..] else { panic!("three templates") };
        assert!(small < large);

        let started = cost(&tried, &standing(&alone));
        assert_eq!((started.before.known, started.after.known), (small.times(4), small.times(3) + large));
        // The way back, and a canary that stays what it is.
        let given_up = cost(&alone, &standing(&tried));
        assert_eq!(given_up.difference(), Some(small - large));
        assert!(cost(&tried, &standing(&tried)).is_same());
    }

    #[test]
    fn a_pool_that_waits_for_people_comes_to_its_month_later() {
        let (mut alone, mut tried) = (fleet(None), fleet(Some(Amount::Fixed(1))));
        let later = |from: &FleetSpec, to: &FleetSpec| -> Vec<String> {
            let plan = plan(to, &standing(from), Timestamp::default());
            plan.taken_up_later()
        };
        assert!(later(&alone, &tried).is_empty());
        for fleet in [&mut alone, &mut tried] {
            fleet.agent_pools[0].update_type = UpdateType::Opportunistic;
        }
        assert_eq!(later(&alone, &tried), ["web"]);
        assert!(later(&tried, &tried).is_empty());
        // Who only grows waits for nobody.
        let mut grown = alone.clone();
        grown.agent_pools[0].target_size = Some(6);
        assert!(!cost(&grown, &standing(&alone)).is_same());
        assert!(later(&alone, &grown).is_empty());
    }

    /// Its VMs, the last of which is to leave by name.
    fn cost_without_one(declared: &FleetSpec, left: &FleetSpec) -> (u32, CostImpact) {
        let now = Timestamp::default();
        let observed = model::apply(&plan(declared, &empty(), now), &empty());
        let group = name::instance_group(&declared.environment.name_prefix, "web");
        let vms = &observed.groups[&group].instances;
        let last = vms.last().unwrap().name.clone();
        let action =
            InstanceAction { pool: "web".to_owned(), verb: InstanceVerb::Delete, instances: vec![last] };
        let plan = plan_instances(left, &observed, &action, now).unwrap();
        (u32::try_from(vms.len()).unwrap(), plan.impact.cost.unwrap())
    }

    #[test]
    fn a_vm_that_leaves_is_part_of_what_the_month_cost_before() {
        let mut declared = fleet(None);
        let small = prices(&declared)[0];
        let mut left = declared.clone();
        left.agent_pools[0].target_size = Some(3);
        let (vms, cost) = cost_without_one(&declared, &left);
        assert_eq!((vms, cost.before.known, cost.after.known), (4, small.times(4), small.times(3)));
        // Of a pool that sizes itself nothing else is declared.
        let pool = &mut declared.agent_pools[0];
        (pool.enable_autoscaling, pool.min_replicas, pool.max_replicas) = (Some(true), Some(1), Some(10));
        let (vms, cost) = cost_without_one(&declared, &declared);
        assert_eq!((vms, cost.before.known, cost.after.known), (4, small.times(4), small.times(3)));
    }

    /// A server of the version before reads a stored plan and digests it again: what it does not know would be missing there.
    #[test]
    fn the_digested_month_has_no_field_that_the_version_before_does_not_know() {
        let impact = CostImpact { at_most: Some(Monthly::default()), ..CostImpact::default() };
        let written = serde_json::to_value(impact).unwrap();
        let fields: Vec<&String> = written.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["after", "at_most", "before", "book"]);
    }

    #[test]
    fn a_canary_s_share_is_of_the_size_that_is_priced() {
        let mut scaled = fleet(Some(Amount::Percent(50)));
        let pool = &mut scaled.agent_pools[0];
        (pool.enable_autoscaling, pool.min_replicas, pool.max_replicas) = (Some(true), Some(4), Some(10));
        let [small, large, _] = prices(&scaled)[..] else { panic!("three templates") };
        let cost = cost(&scaled, &empty());
        assert_eq!(cost.after.known, small.times(2) + large.times(2));
        assert_eq!(cost.at_most.unwrap().known, small.times(5) + large.times(5));
    }

    #[test]
    fn a_canary_without_a_price_leaves_the_month_open() {
        let mut tried = fleet(Some(Amount::Fixed(1)));
        let canary = tried.agent_pools[0].canary.as_mut().unwrap();
        canary.template_name = Some("unpriced".to_owned());
        let cost = cost(&tried, &standing(&fleet(None)));
        assert_eq!((cost.difference(), cost.unknown().len()), (None, 1));
        // Of what is not tried nothing is missing.
        tried.agent_pools[0].canary.as_mut().unwrap().target_size = Amount::NONE;
        assert_eq!(self::cost(&tried, &standing(&fleet(None))).difference(), Some(Money::ZERO));
    }

    #[test]
    fn a_difference_with_a_price_missing_is_nobody_s_to_say() {
        let month = |dollars, unknown: &[&str]| Monthly {
            known: Money::from_dollars(dollars),
            unknown: unknown.iter().map(|&what| what.to_owned()).collect(),
        };
        let of = |before, after| CostImpact { before, after, ..CostImpact::default() };
        assert_eq!(of(month(5, &[]), month(2, &[])).difference(), Some(Money::from_dollars(-3)));
        let partly = of(month(5, &["a"]), month(9, &["a", "b"]));
        assert_eq!(partly.difference(), None);
        assert_eq!(partly.unknown(), BTreeSet::from([&"a".to_owned(), &"b".to_owned()]));
    }
}
