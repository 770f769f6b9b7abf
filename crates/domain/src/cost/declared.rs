//! What the pools that a plan touches cost as they are declared: where the month's amount comes from.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{PriceBook, VmPrice, vm_price};
use crate::{
    FleetSpec, ObservedFleet, derive,
    name::{self, last_segment},
    plan::{Plan, Step, autoscaler_of},
};

/// One pool, by the month of 730 hours and at list prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolPrice {
    pub pool: String,
    /// Of one VM, a canary's left aside; None where its template cannot be derived.
    pub vm: Option<VmPrice>,
    /// VMs: the declared size, or the bounds of an autoscaler.
    pub least: u32,
    pub most: u32,
}

/// In the declaration's order. Pools that the plan takes away are in no declaration.
pub fn declared_prices(declared: &FleetSpec, plan: &Plan) -> Vec<PoolPrice> {
    let touched: BTreeSet<&str> = plan.actions.iter().filter_map(|action| group_of(&action.step)).collect();
    if touched.is_empty() {
        return Vec::new();
    }
    // Of what exists only the zones matter here, and no price depends on them.
    let wanted = derive::desired(declared, &ObservedFleet::default());
    let environment = &declared.environment;
    let pools = declared.agent_pools.iter().filter_map(|pool| {
        let group = wanted.groups.get(&name::instance_group(&environment.name_prefix, &pool.name))?;
        let template = wanted.templates.get(last_segment(&group.template));
        let scaler = autoscaler_of(&wanted, &group.name);
        let (least, most) = scaler.map_or((group.target_size, group.target_size), |scaler| {
            (scaler.min_replicas, scaler.max_replicas)
        });
        touched.contains(group.name.as_str()).then(|| PoolPrice {
            pool: pool.name.clone(),
            vm: template.map(|template| vm_price(template, &environment.region, PriceBook::shipped())),
            least,
            most,
        })
    });
    pools.collect()
}

/// The instance group that a step makes larger, smaller or different.
fn group_of(step: &Step) -> Option<&str> {
    match step {
        Step::CreateInstanceGroup { instance_group } | Step::UpdateInstanceGroup { instance_group } => {
            Some(instance_group.name.as_str())
        }
        Step::ResizeInstanceGroup { name, .. } => Some(name.as_str()),
        Step::CreateAutoscaler { autoscaler } | Step::UpdateAutoscaler { autoscaler } => {
            Some(last_segment(&autoscaler.group))
        }
        Step::DeleteAutoscaler { name } => name.strip_suffix("-autoscaler"),
        other => other.instance().map(|vm| vm.group.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AgentType, Timestamp,
        cost::Money,
        environment::EnvironmentSpec,
        plan::{Action, plan},
        pool::PoolSpec,
        template::TemplateSpec,
    };

    fn fleet() -> FleetSpec {
        let mut environment = EnvironmentSpec::new(
            "genesis-project-dev",
            "us-central1",
            "dev",
            "projects/genesis-project-dev/global/networks/genesis",
            "projects/genesis-project-dev/regions/us-central1/subnetworks/agents",
        );
        environment.zones = ["us-central1-a", "us-central1-b", "us-central1-c"].map(str::to_owned).to_vec();
        let kind = AgentType::BackendDeveloper;
        let pool = |name: &str| PoolSpec { target_size: Some(2), ..PoolSpec::new(name, kind, "backend") };
        FleetSpec {
            agent_vm_templates: vec![TemplateSpec {
                machine_type: Some("e2-standard-2".to_owned()),
                ..TemplateSpec::new("backend", kind)
            }],
            agent_pools: vec![
                PoolSpec {
                    enable_autoscaling: Some(true),
                    min_replicas: Some(1),
                    max_replicas: Some(5),
                    ..pool("scaled")
                },
                pool("fixed"),
            ],
            ..FleetSpec::new(environment)
        }
    }

    #[test]
    fn the_pools_of_a_plan_add_up_to_the_month_that_it_costs_at_most() {
        let fleet = fleet();
        let observed = ObservedFleet { observed_at: Some(Timestamp::default()), ..ObservedFleet::default() };
        let mut plan = plan(&fleet, &observed, Timestamp::default());
        let prices = declared_prices(&fleet, &plan);
        let said: Vec<_> = prices.iter().map(|one| (one.pool.as_str(), one.least, one.most)).collect();
        assert_eq!(said, [("scaled", 1, 5), ("fixed", 2, 2)]);
        let at_most: Money =
            prices.iter().map(|one| one.vm.as_ref().unwrap().known().times(one.most.into())).sum();
        assert_eq!(plan.impact.cost.clone().unwrap().at_most.unwrap().known, at_most);

        // What touches one group tells of one pool.
        let resize = Step::ResizeInstanceGroup {
            name: name::instance_group(&fleet.environment.name_prefix, "fixed"),
            from: 1,
            to: 2,
        };
        plan.actions = vec![Action { step: resize, reason: String::new(), changes: Vec::new() }];
        assert_eq!(declared_prices(&fleet, &plan), prices[1..]);
        plan.actions.clear();
        assert_eq!(declared_prices(&fleet, &plan), []);
    }
}
