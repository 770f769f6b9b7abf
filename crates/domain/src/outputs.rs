//! The outputs of the Terraform module, by its names: what other modules and scripts read of a fleet.
//! What is declared and what was observed stand beside each other, as everywhere.

mod shape;

use std::collections::{BTreeMap, BTreeSet};

pub use shape::{
    AgentConfigurationOutput, AutoscalerOutput, CostOptimizationOutput, HealthCheckOutput, NetworkTagsOutput,
    Outputs, PoolOutput, ServiceAccountOutput, SummaryOutput, TemplateOutput,
};

use crate::{
    FleetSpec, ObservedFleet,
    cost::cost_impact,
    derive, name,
    resource::{InstanceGroup, InstanceTemplate},
};

const COMPUTE: &str = "https://www.googleapis.com/compute/v1/projects";

/// What the fleet hands to others. `observed` is empty where nothing was seen yet, and needs no VMs: `running` says how many of each
/// declared pool run.
pub fn outputs(spec: &FleetSpec, observed: &ObservedFleet, running: &BTreeMap<String, u32>) -> Outputs {
    let desired = derive::desired(spec, observed);
    let environment = &spec.environment;
    let project = &environment.project_id;
    let global = |kind: &str, name: &str| format!("{COMPUTE}/{project}/global/{kind}/{name}");
    let regional =
        |kind: &str, name: &str| format!("{COMPUTE}/{project}/regions/{}/{kind}/{name}", environment.region);

    // What they are declared as: versions that pools hold to bear their names too.
    let templates: BTreeMap<&str, InstanceTemplate> = spec
        .agent_vm_templates
        .iter()
        .map(|declared| (declared.name.as_str(), derive::present_version(spec, declared)))
        .collect();
    let pools: BTreeMap<&str, &InstanceGroup> = spec
        .agent_pools
        .iter()
        .filter_map(|pool| {
            let group = name::instance_group(&environment.name_prefix, &pool.name);
            Some((pool.name.as_str(), desired.groups.get(&group)?))
        })
        .collect();

    let agent_vm_templates = spec.agent_vm_templates.iter().filter_map(|declared| {
        let template = templates.get(declared.name.as_str())?;
        let output = TemplateOutput {
            self_link: global("instanceTemplates", &template.name),
            agent_type: declared.agent_type,
            machine_type: template.machine_type.clone(),
            source_image: template.source_image.clone(),
            disk_size_gb: template.boot_disk.size_gb,
            workspace_size_gb: template.workspace_disk.as_ref().map(|disk| disk.size_gb),
            preemptible: template.scheduling.spot,
            exists: observed.resources.templates.contains_key(&template.name),
            name: template.name.clone(),
        };
        Some((declared.name.clone(), output))
    });
    let agent_pools: BTreeMap<String, PoolOutput> = spec
        .agent_pools
        .iter()
        .filter_map(|declared| {
            let group = pools.get(declared.name.as_str())?;
            let status = observed.groups.get(&group.name);
            let autoscaled = desired.autoscalers.values().any(|scaler| scaler.group == group.name);
            let output = PoolOutput {
                self_link: regional("instanceGroupManagers", &group.name),
                instance_group: regional("instanceGroups", &group.name),
                agent_type: declared.agent_type,
                template: declared.template_name.clone(),
                base_instance_name: group.base_instance_name.clone(),
                zones: group.zones.clone(),
                named_ports: group.named_ports.clone(),
                // Under an autoscaler the group's own target is the wish of the moment.
                target_size: status
                    .filter(|_| autoscaled)
                    .map_or(group.target_size, |status| status.target_size),
                running: status.and_then(|_| running.get(&declared.name).copied()),
                is_stable: status.map(|status| status.is_stable),
                name: group.name.clone(),
            };
            Some((declared.name.clone(), output))
        })
        .collect();
    let autoscalers: BTreeMap<String, AutoscalerOutput> = pools
        .iter()
        .filter_map(|(pool, group)| {
            let scaler = desired.autoscalers.values().find(|scaler| scaler.group == group.name)?;
            let status = observed.autoscalers.get(&scaler.name);
            let output = AutoscalerOutput {
                name: scaler.name.clone(),
                pool: (*pool).to_owned(),
                min_replicas: scaler.min_replicas,
                max_replicas: scaler.max_replicas,
                cpu_target: scaler.cpu_target,
                cooldown_period: scaler.cooldown_sec,
                predictive: scaler.predictive,
                custom_metrics: scaler.custom_metrics.clone(),
                exists: observed.resources.autoscalers.contains_key(&scaler.name),
                status: status.map(|status| status.status.clone()),
                recommended_size: status.and_then(|status| status.recommended_size),
                status_details: status.map(|status| status.details.clone()).unwrap_or_default(),
            };
            Some(((*pool).to_owned(), output))
        })
        .collect();
    let health_checks = pools.keys().filter_map(|pool| {
        let check = desired.health_checks.get(&name::health_check(&environment.name_prefix, pool))?;
        let output = HealthCheckOutput {
            self_link: global("healthChecks", &check.name),
            exists: observed.resources.health_checks.contains_key(&check.name),
            check: check.clone(),
        };
        Some(((*pool).to_owned(), output))
    });
    let urls = agent_pools.iter().map(|(pool, output)| (pool.clone(), output.instance_group.clone()));
    let accounts = templates.iter().map(|(name, template)| {
        let account = template.service_account.clone();
        ((*name).to_owned(), ServiceAccountOutput { email: account, scopes: template.scopes.clone() })
    });
    let bounds = |output: &PoolOutput, bound: fn(&AutoscalerOutput) -> u32| {
        autoscalers
            .values()
            .find(|scaler| agent_pools.get(&scaler.pool).is_some_and(|pool| pool.name == output.name))
            .map_or(output.target_size, bound)
    };
    // Priced as a plan prices the fleet after it.
    let cost = cost_impact(&desired, observed, &BTreeSet::new(), &environment.region);

    Outputs {
        instance_group_urls: urls.collect(),
        health_checks: health_checks.collect(),
        network_tags: network_tags(spec, &templates),
        service_accounts: accounts.collect(),
        vm_management_summary: SummaryOutput {
            environment: environment.environment.clone(),
            project_id: project.clone(),
            region: environment.region.clone(),
            zones: derive::zones(spec, observed.location.as_ref()).zones,
            templates: spec.agent_vm_templates.len(),
            pools: spec.agent_pools.len(),
            autoscaled_pools: autoscalers.len(),
            health_checks: desired.health_checks.len(),
            firewall_rules: spec.firewall_rules.len(),
            target_size: agent_pools.values().map(|pool| pool.target_size).sum(),
            running: agent_pools.values().filter_map(|pool| pool.running).sum(),
            agent_types: spec.agent_pools.iter().map(|pool| pool.agent_type).collect(),
        },
        cost_optimization: CostOptimizationOutput {
            preemptible_templates: templates
                .iter()
                .filter(|(_, template)| template.scheduling.spot)
                .map(|(name, _)| (*name).to_owned())
                .collect(),
            autoscaled_pools: autoscalers.keys().cloned().collect(),
            most_vms: agent_pools.values().map(|pool| bounds(pool, |scaler| scaler.max_replicas)).sum(),
            fewest_vms: agent_pools.values().map(|pool| bounds(pool, |scaler| scaler.min_replicas)).sum(),
            scale_down_max_percent: environment.scale_down_max_percent,
            scale_down_time_window: environment.scale_down_time_window,
            predictive_autoscaling: environment.enable_predictive_autoscaling,
            monthly_usd: cost.after,
            monthly_usd_at_most: cost.at_most,
            price_book: cost.book,
        },
        agent_configuration: AgentConfigurationOutput {
            agent_cage_version: environment.agent_cage_version.clone(),
            startup_script_url: Some(environment.agent_startup_script_url.clone())
                .filter(|url| !url.is_empty()),
            health_port: environment.default_health_port,
            health_path: environment.default_health_path.clone(),
            named_ports: environment.default_named_ports.clone(),
            monitoring: environment.enable_monitoring,
            os_login: true,
            secure_boot: environment.enable_secure_boot,
            vtpm: environment.enable_vtpm,
            integrity_monitoring: environment.enable_integrity_monitoring,
            disk_encryption: environment.enable_disk_encryption,
            disk_encryption_key: environment.disk_encryption_key.clone(),
        },
        agent_vm_templates: agent_vm_templates.collect(),
        agent_pools,
        autoscalers,
    }
}

fn network_tags(spec: &FleetSpec, templates: &BTreeMap<&str, InstanceTemplate>) -> NetworkTagsOutput {
    let mut common: Option<BTreeSet<String>> = None;
    for template in templates.values() {
        common = Some(match common {
            Some(tags) => tags.intersection(&template.tags).cloned().collect(),
            None => template.tags.clone(),
        });
    }
    NetworkTagsOutput {
        common: common.unwrap_or_default(),
        templates: templates
            .iter()
            .map(|(name, template)| ((*name).to_owned(), template.tags.clone()))
            .collect(),
        firewall_targets: spec
            .firewall_rules
            .iter()
            .map(|(key, rule)| (key.clone(), rule.target_tags.clone()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AgentType,
        autoscaling::{AutoscalerStatus, StatusDetail},
        cost::{Money, PriceBook},
        environment::EnvironmentSpec,
        pool::PoolSpec,
        template::TemplateSpec,
    };

    /// The names of the manual's "Outputs Reference".
    const NAMES: [&str; 10] = [
        "agent_vm_templates",
        "agent_pools",
        "autoscalers",
        "health_checks",
        "instance_group_urls",
        "network_tags",
        "service_accounts",
        "vm_management_summary",
        "cost_optimization",
        "agent_configuration",
    ];

    fn fleet() -> FleetSpec {
        let environment = EnvironmentSpec::new(
            "acme",
            "us-central1",
            "dev",
            "global/networks/vpc",
            "regions/x/subnetworks/s",
        );
        let web = AgentType::BackendDeveloper;
        FleetSpec {
            agent_vm_templates: vec![TemplateSpec {
                preemptible: Some(true),
                ..TemplateSpec::new("backend-dev", web)
            }],
            agent_pools: vec![
                PoolSpec { target_size: Some(2), ..PoolSpec::new("fixed", web, "backend-dev") },
                PoolSpec {
                    enable_autoscaling: Some(true),
                    min_replicas: Some(1),
                    max_replicas: Some(5),
                    ..PoolSpec::new("scaled", web, "backend-dev")
                },
            ],
            ..FleetSpec::new(environment)
        }
    }

    #[test]
    fn every_output_of_the_manual_is_there_by_its_name() {
        let all =
            serde_json::to_value(outputs(&fleet(), &ObservedFleet::default(), &BTreeMap::new())).unwrap();
        let names: BTreeSet<&str> = all.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, BTreeSet::from(NAMES));
    }

    #[test]
    fn a_template_is_what_it_is_declared_as_whatever_pools_hold_to() {
        // The digits of the names are those of the content: one of the sizes comes before the version that is held.
        for size in 30..46 {
            let mut spec = fleet();
            derive::hold_pool(&mut spec, "fixed");
            spec.agent_vm_templates[0].disk_size_gb = Some(size);
            spec.agent_vm_templates[0].machine_type = Some("e2-standard-8".to_owned());
            let present = derive::present_version(&spec, &spec.agent_vm_templates[0]);
            let told = outputs(&spec, &ObservedFleet::default(), &BTreeMap::new());
            let told = &told.agent_vm_templates["backend-dev"];
            assert_eq!((&told.name, told.disk_size_gb), (&present.name, size));
            assert_eq!(told.machine_type, "e2-standard-8");
        }
    }

    #[test]
    fn nothing_that_was_not_seen_is_said_to_exist() {
        let gone = BTreeMap::from([("fixed".to_owned(), 2)]);
        let none = outputs(&fleet(), &ObservedFleet::default(), &gone);
        assert!(none.agent_vm_templates.values().all(|template| !template.exists));
        assert!(none.agent_pools.values().all(|pool| pool.running.is_none()));
        assert_eq!(none.vm_management_summary.running, 0);
    }

    #[test]
    fn after_the_plan_the_outputs_are_those_of_the_fleet() {
        let spec = fleet();
        let now = crate::Timestamp::from_timestamp(1_700_000_000, 0).unwrap();
        let plan = crate::plan::plan(&spec, &ObservedFleet::default(), now);
        let observed = crate::model::apply(&plan, &ObservedFleet::default());
        let outputs = outputs(&spec, &observed, &BTreeMap::from([("fixed".to_owned(), 2)]));
        assert!(outputs.agent_vm_templates["backend-dev"].exists && outputs.autoscalers["scaled"].exists);
        let running = ["fixed", "scaled"].map(|pool| outputs.agent_pools[pool].running);
        assert_eq!(running, [Some(2), None], "what was not counted is not said to be nothing");
        assert_eq!(outputs.vm_management_summary.running, 2);
        assert_eq!(
            outputs.instance_group_urls["fixed"],
            "https://www.googleapis.com/compute/v1/projects/acme/regions/us-central1/instanceGroups/genesis-pool-fixed"
        );
        assert_eq!((outputs.cost_optimization.fewest_vms, outputs.cost_optimization.most_vms), (3, 7));
        assert_eq!(outputs.cost_optimization.preemptible_templates.len(), 1);
        assert!(outputs.network_tags.common.contains("agent-vm"));
        assert!(outputs.service_accounts["backend-dev"].email.is_none());
    }
    #[test]
    fn the_month_is_priced_at_the_present_size_and_at_the_most() {
        let nothing = ObservedFleet::default();
        let present = outputs(&fleet(), &nothing, &BTreeMap::new());
        // A Spot VM of two vCPU and 8 GiB with its disks and its address.
        let vm: Money = "43.07976".parse().unwrap();
        let (size, cost) = (present.vm_management_summary.target_size, present.cost_optimization);
        assert_eq!((cost.monthly_usd.known, cost.monthly_usd.unknown.len()), (vm.times(size.into()), 0));
        assert_eq!(cost.monthly_usd_at_most.map(|most| most.known), Some(vm.times(7)));
        assert_eq!(cost.price_book, PriceBook::shipped().version);
        let mut fixed = fleet();
        fixed.agent_pools.truncate(1);
        let cost = outputs(&fixed, &nothing, &BTreeMap::new()).cost_optimization;
        assert_eq!((cost.monthly_usd.known, cost.monthly_usd_at_most), (vm.times(2), None));
    }

    #[test]
    fn an_autoscaler_says_what_the_service_says_of_it() {
        let mut observed = ObservedFleet::default();
        let unseen = outputs(&fleet(), &observed, &BTreeMap::new()).autoscalers.remove("scaled").unwrap();
        assert_eq!((unseen.status, unseen.recommended_size), (None, None));
        let details = vec![StatusDetail {
            kind: "CAPPED_AT_MAX_NUM_REPLICAS".to_owned(),
            message: "The maximum is reached.".to_owned(),
        }];
        let status = AutoscalerStatus {
            status: "ACTIVE".to_owned(),
            recommended_size: Some(9),
            details: details.clone(),
            ..AutoscalerStatus::default()
        };
        observed.autoscalers.insert(unseen.name, status);
        let seen = outputs(&fleet(), &observed, &BTreeMap::new()).autoscalers.remove("scaled").unwrap();
        assert_eq!((seen.status.as_deref(), seen.recommended_size), (Some("ACTIVE"), Some(9)));
        assert_eq!(seen.status_details, details);
    }
}
