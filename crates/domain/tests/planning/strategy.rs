//! Arbitrary fleets that keep the rules, and now and then one that does not.

use std::collections::BTreeMap;

use domain::{
    AgentType, Amount, FleetSpec, derive,
    environment::EnvironmentSpec,
    firewall::{Direction, FirewallRuleSpec, Traffic},
    name,
    pool::{CanarySpec, PoolSpec, ReplacementMethod, UpdateType},
    template::TemplateSpec,
};
use proptest::{collection, option, prelude::*, sample};

const MACHINES: &[&str] = &["e2-standard-2", "e2-standard-4", "n2d-standard-4", "n1-standard-2", "e2-medium"];

fn agent_type() -> impl Strategy<Value = AgentType> {
    sample::select(AgentType::ALL.as_slice())
}

prop_compose! {
    fn template(name: &'static str)(
        agent_type in agent_type(),
        machine in option::of(sample::select(MACHINES)),
        disk in option::of(10_u32..100),
        workspace in any::<bool>(),
        preemptible in option::of(any::<bool>()),
        external in option::of(any::<bool>()),
        team in option::of("[a-z]{1,8}"),
    ) -> TemplateSpec {
        TemplateSpec {
            machine_type: machine.map(str::to_owned),
            disk_size_gb: disk,
            enable_workspace_disk: workspace,
            preemptible,
            enable_external_ip: external,
            labels: team.map(|team| ("team".to_owned(), team)).into_iter().collect(),
            ..TemplateSpec::new(name, agent_type)
        }
    }
}

/// Disk sizes of the versions that a pool holds to and tries; the sizes are the versions.
type Versions = (Option<u32>, Option<(u32, Amount)>);

fn versions() -> impl Strategy<Value = Versions> {
    let size = prop_oneof![(1_u32..4).prop_map(Amount::Fixed), (1_u32..100).prop_map(Amount::Percent)];
    (option::weighted(0.3, 201_u32..203), option::weighted(0.4, (203_u32..205, size)))
}

/// Makes the pool hold to a version that its template was once, and try another one.
fn hold(fleet: &mut FleetSpec, index: usize, (held, tried): Versions) {
    let name = fleet.agent_pools[index].template_name.clone();
    let mut carry = |disk: u32| {
        let declared = fleet.agent_vm_templates.iter().find(|template| template.name == name).unwrap();
        let once = TemplateSpec { disk_size_gb: Some(disk), ..declared.clone() };
        let version = derive::present_version(fleet, &once);
        let digits = name::version_digits(&version.name).to_owned();
        fleet.template_versions.insert(version.name.clone(), version);
        digits
    };
    let held = held.map(&mut carry);
    let tried = tried.map(|(disk, target_size)| CanarySpec {
        template_name: None,
        template_version: Some(carry(disk)),
        target_size,
    });
    let pool = &mut fleet.agent_pools[index];
    (pool.template_version, pool.canary) = (held, tried);
}

prop_compose! {
    /// Of the template at the index, over three zones at most.
    fn pool(name: &'static str)(
        template in any::<sample::Index>(),
        size in 0_u32..9,
        autoscaling in any::<bool>(),
        least in 0_u32..5,
        span in 1_u32..5,
        surge in option::of(3_u32..6),
        unavailable in prop_oneof![Just(0_u32), 3_u32..5],
        delay in 0_u32..600,
        (opportunistic, recreates) in (any::<bool>(), any::<bool>()),
        versions in versions(),
    ) -> (sample::Index, Versions, PoolSpec) {
        let bounded = size.max(least).min(least + span);
        let unavailable = if recreates { unavailable.max(3) } else { unavailable };
        (template, versions, PoolSpec {
            target_size: Some(if autoscaling { bounded } else { size }),
            enable_autoscaling: Some(autoscaling),
            min_replicas: Some(least),
            max_replicas: Some(least + span),
            update_type: if opportunistic { UpdateType::Opportunistic } else { UpdateType::Proactive },
            replacement_method:
                if recreates { ReplacementMethod::Recreate } else { ReplacementMethod::Substitute },
            max_surge: surge.filter(|_| !recreates).map(Amount::Fixed),
            max_unavailable: Amount::Fixed(unavailable),
            health_check_initial_delay: delay,
            ..PoolSpec::new(name, AgentType::Architect, "")
        })
    }
}

prop_compose! {
    fn firewall_rule()(ports in collection::vec(1_u16..9999, 0..3), deny in any::<bool>()) -> FirewallRuleSpec {
        let traffic = vec![Traffic {
            protocol: "tcp".to_owned(),
            ports: ports.iter().map(u16::to_string).collect(),
        }];
        let (allow, deny) = if deny { (Vec::new(), traffic) } else { (traffic, Vec::new()) };
        FirewallRuleSpec {
            source_ranges: vec!["10.0.0.0/8".to_owned()],
            target_tags: vec!["agent-vm".to_owned()],
            allow,
            deny,
            ..FirewallRuleSpec::new("", Direction::Ingress)
        }
    }
}

/// A subset of a few names, each with what the strategy makes of it: two fleets then share some and not others.
fn some<T: std::fmt::Debug>(
    parts: Vec<impl Strategy<Value = T>>,
    least: usize,
) -> impl Strategy<Value = Vec<T>> {
    let count = parts.len();
    (parts, sample::subsequence((0..count).collect::<Vec<_>>(), least..=count)).prop_map(|(parts, chosen)| {
        parts
            .into_iter()
            .enumerate()
            .filter(|(index, _)| chosen.contains(index))
            .map(|(_, part)| part)
            .collect()
    })
}

/// Keeps every rule. Zones are the same in all of them: they are fixed after creation.
pub(crate) fn fleet() -> impl Strategy<Value = FleetSpec> {
    (
        some(vec![template("red"), template("green"), template("blue")], 1),
        some(vec![pool("north"), pool("south"), pool("east")], 0),
        collection::btree_map(sample::select(["web", "ssh", "none"].as_slice()), firewall_rule(), 0..3),
        any::<bool>(),
        5_u32..20,
        any::<bool>(),
    )
        .prop_map(|(templates, pools, rules, health_checks, interval, logging)| {
            let mut environment =
                EnvironmentSpec::new("some-project", "europe-west1", "dev", "vpc", "agents");
            environment.zones = ["b", "c", "d"].map(|letter| format!("europe-west1-{letter}")).to_vec();
            environment.enable_health_checks = health_checks;
            environment.health_check_interval = interval;
            environment.enable_firewall_logging = logging;
            let mut fleet = FleetSpec {
                environment,
                agent_pools: Vec::new(),
                template_versions: BTreeMap::new(),
                firewall_rules: rules.into_iter().map(|(key, rule)| (key.to_owned(), rule)).collect(),
                agent_vm_templates: templates,
            };
            for (at, (index, versions, pool)) in pools.into_iter().enumerate() {
                let template = index.get(&fleet.agent_vm_templates);
                let (agent_type, template_name) = (template.agent_type, template.name.clone());
                fleet.agent_pools.push(PoolSpec { agent_type, template_name, ..pool });
                hold(&mut fleet, at, versions);
            }
            fleet
        })
}

/// Any fleet, most of them against the rules.
pub(crate) fn broken_fleet() -> impl Strategy<Value = FleetSpec> {
    (fleet(), 0_u32..4, any::<u32>(), "\\PC{0,12}", any::<bool>()).prop_map(
        |(mut fleet, part, number, text, zones)| {
            if !zones {
                fleet.environment.zones.clear();
                fleet.environment.region.clone_from(&text);
            }
            for pool in &mut fleet.agent_pools {
                match part {
                    0 => pool.template_name.clone_from(&text),
                    1 => pool.min_replicas = Some(number),
                    2 => pool.max_surge = Some(Amount::Percent(number)),
                    _ => pool.name.clone_from(&text),
                }
            }
            fleet
        },
    )
}
