//! A managed instance group as Compute Engine writes it, and as the domain does.

use domain::{
    Amount,
    environment::NamedPort,
    observed::GroupStatus,
    pool::{ReplacementMethod, UpdateType},
    resource::{AutoHealing, Canary, InstanceGroup, UpdatePolicy},
};
use google_cloud_compute_v1::model::{
    DistributionPolicy, DistributionPolicyZoneConfiguration, FixedOrPercent, InstanceGroupManager as Wire,
    InstanceGroupManagerAutoHealingPolicy, InstanceGroupManagerUpdatePolicy, InstanceGroupManagerVersion,
    NamedPort as WirePort,
    distribution_policy::TargetShape,
    instance_group_manager::ListManagedInstancesResults,
    instance_group_manager_update_policy::{
        InstanceRedistributionType, MinimalAction, ReplacementMethod as WireMethod, Type,
    },
};

use crate::{
    Error, Scope, link,
    number::{from_wire, to_wire},
};

/// What a group is created with, and all of it but name, size and zones is what a patch sets.
fn settings(scope: &Scope, group: &InstanceGroup) -> Wire {
    let policy = InstanceGroupManagerUpdatePolicy::new()
        .set_type(match group.update_policy.update_type {
            UpdateType::Proactive => Type::Proactive,
            UpdateType::Opportunistic => Type::Opportunistic,
        })
        .set_minimal_action(MinimalAction::Replace)
        .set_replacement_method(match group.update_policy.replacement_method {
            ReplacementMethod::Substitute => WireMethod::Substitute,
            ReplacementMethod::Recreate => WireMethod::Recreate,
        })
        .set_instance_redistribution_type(InstanceRedistributionType::Proactive)
        .set_max_surge(amount(group.update_policy.max_surge))
        .set_max_unavailable(amount(group.update_policy.max_unavailable));
    let healing = group.auto_healing.iter().map(|healing| {
        InstanceGroupManagerAutoHealingPolicy::new()
            .set_health_check(scope.health_check(&healing.health_check))
            .set_initial_delay_sec(to_wire(healing.initial_delay_sec))
    });
    Wire::new()
        .set_description(&group.description)
        .set_base_instance_name(&group.base_instance_name)
        .set_versions(versions(scope, group))
        .set_named_ports(
            group
                .named_ports
                .iter()
                .map(|port| WirePort::new().set_name(&port.name).set_port(i32::from(port.port))),
        )
        .set_update_policy(policy)
        .set_auto_healing_policies(healing)
        // Without it the service ignores page sizes and tokens when it lists the group's instances.
        .set_list_managed_instances_results(ListManagedInstancesResults::Paginated)
}

/// Exactly one has no size of its own: the rest of the group. A rollback is the same list without the canary.
fn versions(scope: &Scope, group: &InstanceGroup) -> Vec<InstanceGroupManagerVersion> {
    let version = |name: &str, template: &str| {
        InstanceGroupManagerVersion::new()
            .set_name(name)
            .set_instance_template(scope.instance_template(template))
    };
    let canary = group
        .canary
        .iter()
        .map(|canary| version(CANARY, &canary.template).set_target_size(amount(canary.target_size)));
    std::iter::once(version(STABLE, &group.template)).chain(canary).collect()
}

/// The versions' names, as people see them in Compute Engine's own console.
const STABLE: &str = "stable";
const CANARY: &str = "canary";

fn amount(amount: Amount) -> FixedOrPercent {
    match amount {
        Amount::Fixed(count) => FixedOrPercent::new().set_fixed(to_wire(count)),
        Amount::Percent(percent) => FixedOrPercent::new().set_percent(to_wire(percent)),
    }
}

fn from_amount(wire: FixedOrPercent) -> Amount {
    match (wire.percent, wire.fixed.or(wire.calculated)) {
        (Some(percent), _) => Amount::Percent(from_wire(percent)),
        (None, fixed) => Amount::Fixed(from_wire(fixed.unwrap_or_default())),
    }
}

pub(crate) fn to_google(scope: &Scope, group: &InstanceGroup) -> Wire {
    let zones =
        group.zones.iter().map(|zone| DistributionPolicyZoneConfiguration::new().set_zone(scope.zone(zone)));
    settings(scope, group)
        .set_name(&group.name)
        .set_target_size(to_wire(group.target_size))
        .set_distribution_policy(
            DistributionPolicy::new().set_target_shape(TargetShape::Even).set_zones(zones),
        )
}

/// Empty lists never leave this client (trap 6). Autohealing is cleared by one empty policy instead; for named ports there is
/// no such way, so their removal is refused here rather than silently not done.
pub(crate) fn patch(scope: &Scope, wanted: &InstanceGroup, current: &Wire) -> Result<Wire, Error> {
    if wanted.named_ports.is_empty() && !current.named_ports.is_empty() {
        return Err(Error::Invalid {
            message: format!(
                "named_ports of {}: the last named port of a group cannot be removed; keep one, or create the pool anew",
                wanted.name
            ),
        });
    }
    let mut body = settings(scope, wanted);
    if wanted.auto_healing.is_none() && !current.auto_healing_policies.is_empty() {
        body.auto_healing_policies = vec![InstanceGroupManagerAutoHealingPolicy::new()];
    }
    body.fingerprint = current.fingerprint.clone();
    Ok(body)
}

pub(crate) fn status(wire: &Wire) -> GroupStatus {
    let status = wire.status.as_ref();
    GroupStatus {
        target_size: from_wire(wire.target_size.unwrap_or_default()),
        is_stable: status.and_then(|status| status.is_stable).unwrap_or_default(),
        version_reached: status
            .and_then(|status| status.version_target.as_ref()?.is_reached)
            .unwrap_or_default(),
        instances: Vec::new(),
    }
}

pub(crate) fn from_google(wire: Wire) -> InstanceGroup {
    let policy = wire.update_policy.unwrap_or_default();
    let limit = |limit: Option<FixedOrPercent>| limit.map_or(Amount::NONE, from_amount);
    let canary = wire.versions.iter().find_map(|version| {
        Some(Canary {
            template: link::name(version.instance_template.as_ref()?).to_owned(),
            target_size: from_amount(version.target_size.clone()?),
        })
    });
    // During a canary there are two versions; the one without a size of its own is the rest of the group.
    let template = wire
        .versions
        .iter()
        .find(|version| version.target_size.is_none())
        .and_then(|version| version.instance_template.clone())
        .or(wire.instance_template)
        .unwrap_or_default();
    let zones = wire.distribution_policy.map(|distribution| distribution.zones).unwrap_or_default();
    let mut zones: Vec<_> =
        zones.into_iter().filter_map(|zone| Some(link::name(&zone.zone?).to_owned())).collect();
    zones.sort_unstable();
    InstanceGroup {
        name: wire.name.unwrap_or_default(),
        base_instance_name: wire.base_instance_name.unwrap_or_default(),
        description: wire.description.unwrap_or_default(),
        template: link::name(&template).to_owned(),
        canary,
        target_size: from_wire(wire.target_size.unwrap_or_default()),
        zones,
        named_ports: wire
            .named_ports
            .into_iter()
            .map(|port| NamedPort {
                name: port.name.unwrap_or_default(),
                port: port.port.and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
            })
            .collect(),
        update_policy: UpdatePolicy {
            // Whatever is not our word is Compute Engine's default.
            update_type: match policy.r#type {
                Some(Type::Proactive) => UpdateType::Proactive,
                _ => UpdateType::Opportunistic,
            },
            replacement_method: match policy.replacement_method {
                Some(WireMethod::Recreate) => ReplacementMethod::Recreate,
                _ => ReplacementMethod::Substitute,
            },
            max_surge: limit(policy.max_surge),
            max_unavailable: limit(policy.max_unavailable),
        },
        auto_healing: wire.auto_healing_policies.into_iter().find_map(|healing| {
            Some(AutoHealing {
                health_check: link::name(&healing.health_check?).to_owned(),
                initial_delay_sec: from_wire(healing.initial_delay_sec.unwrap_or_default()),
            })
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection, option, prelude::*};

    use super::*;

    fn group() -> InstanceGroup {
        InstanceGroup {
            name: "genesis-pool-web".to_owned(),
            base_instance_name: "agent-web".to_owned(),
            description: "Web agents".to_owned(),
            template: "genesis-agent-web-1".to_owned(),
            canary: None,
            target_size: 3,
            zones: vec!["us-central1-a".to_owned(), "us-central1-b".to_owned()],
            named_ports: vec![NamedPort { name: "http".to_owned(), port: 8080 }],
            update_policy: UpdatePolicy {
                update_type: UpdateType::Proactive,
                replacement_method: ReplacementMethod::Substitute,
                max_surge: Amount::Fixed(2),
                max_unavailable: Amount::NONE,
            },
            auto_healing: Some(AutoHealing { health_check: "web-health".to_owned(), initial_delay_sec: 300 }),
        }
    }

    proptest! {
        #[test]
        fn what_is_sent_reads_back(
            target_size in 0..=i32::MAX as u32,
            amounts in prop::array::uniform3(
                prop_oneof![(0..=i32::MAX as u32).prop_map(Amount::Fixed), (0..=100_u32).prop_map(Amount::Percent)]
            ),
            canary in option::of("[a-z]{1,9}"),
            opportunistic in any::<bool>(),
            recreates in any::<bool>(),
            description in ".{0,30}",
            zones in collection::btree_set("us-central1-[a-f]", 0..4),
            ports in collection::vec(("[a-z]{1,9}", any::<u16>()), 0..3),
            healing in option::of(("[a-z]{1,9}", 0..=3600_u32)),
        ) {
            let [tried, max_surge, max_unavailable] = amounts;
            let group = InstanceGroup {
                target_size,
                description,
                zones: zones.into_iter().collect(),
                named_ports: ports.into_iter().map(|(name, port)| NamedPort { name, port }).collect(),
                canary: canary.map(|template| Canary { template, target_size: tried }),
                update_policy: UpdatePolicy {
                    update_type: if opportunistic { UpdateType::Opportunistic } else { UpdateType::Proactive },
                    replacement_method:
                        if recreates { ReplacementMethod::Recreate } else { ReplacementMethod::Substitute },
                    max_surge,
                    max_unavailable,
                },
                auto_healing: healing
                    .map(|(health_check, initial_delay_sec)| AutoHealing { health_check, initial_delay_sec }),
                ..group()
            };
            prop_assert_eq!(from_google(to_google(&Scope::new("p", "us-central1"), &group)), group);
        }
    }

    #[test]
    fn trap_6_healing_is_cleared_by_one_empty_policy() {
        let scope = Scope::new("p", "us-central1");
        let current = to_google(&scope, &group());
        let body = patch(&scope, &InstanceGroup { auto_healing: None, ..group() }, &current).unwrap();
        let json = serde_json::to_value(&body).unwrap();
        assert_eq!(json["autoHealingPolicies"], serde_json::json!([{}]));
        assert_eq!(json.get("targetSize"), None, "a patch leaves the size alone");
        assert_eq!(json.get("distributionPolicy"), None, "a patch leaves the zones alone");
    }

    #[test]
    fn trap_6_removing_the_last_named_port_is_refused() {
        let scope = Scope::new("p", "us-central1");
        let current = to_google(&scope, &group());
        let error =
            patch(&scope, &InstanceGroup { named_ports: Vec::new(), ..group() }, &current).unwrap_err();
        assert!(error.to_string().contains("named_ports"), "{error}");
    }

    #[test]
    fn of_two_versions_the_one_with_a_size_is_the_canary() {
        let version = |template: &str| InstanceGroupManagerVersion::new().set_instance_template(template);
        let wire = Wire::new().set_instance_template("new").set_versions([
            version("new").set_target_size(FixedOrPercent::new().set_fixed(1)),
            version("projects/p/global/instanceTemplates/old"),
        ]);
        let group = from_google(wire);
        assert_eq!(group.template, "old");
        assert_eq!(group.canary, Some(Canary { template: "new".to_owned(), target_size: Amount::Fixed(1) }));
    }
}
