//! Every rule, broken in the ways that people break it: the word, the attribute and the fix. A rule without a case
//! here fails the last test, and so does a case whose rule is not listed.

use std::collections::BTreeSet;

use domain::{
    Amount, FleetSpec, ObservedFleet,
    autoscaling::ScalingSchedule,
    derive,
    environment::{CustomMetric, NamedPort},
    firewall::{Direction, FirewallRuleSpec, Traffic},
    observed::Location,
    plan::Violation,
    pool::{CanarySpec, ReplacementMethod},
    rules::{RULES, check},
};

use crate::examples::{applied, basic, nothing};

type Break = fn(&mut FleetSpec);

/// Rule, attribute, fix (empty: none), and what breaks it.
#[rustfmt::skip]
const CASES: &[(&str, &str, &str, Break)] = &[
    ("agent_type_mismatch", "agent_pools[0].agent_type", "platform-engineer", |f| pool(f).template_name = "platform-eng".into()),
    ("allow_xor_deny", "firewall_rules[\"allow-agent-ssh\"].allow", "", |f| ssh(f).allow.clear()),
    ("allow_xor_deny", "firewall_rules[\"allow-agent-ssh\"].deny", "", |f| ssh(f).deny = ssh(f).allow.clone()),
    ("agent_type_mismatch", "agent_pools[0].canary.template_name", "", |f| pool(f).canary = Some(tries("platform-eng", 1))),
    ("canary_same_version", "agent_pools[0].canary", "", |f| pool(f).canary = Some(tries("backend-dev", 1))),
    ("canary_size", "agent_pools[0].canary.target_size", "1", |f| { hold(f); pool(f).canary = Some(tries("backend-dev", 0)); }),
    ("cidr", "firewall_rules[\"allow-agent-ssh\"].source_ranges[0]", "10.0.0.0/8", |f| ssh(f).source_ranges = vec!["10.1.2.3/8".into()]),
    ("cidr", "firewall_rules[\"allow-agent-ssh\"].source_ranges[0]", "10.1.2.3/32", |f| ssh(f).source_ranges = vec!["10.1.2.3".into()]),
    ("cidr", "firewall_rules[\"allow-agent-ssh\"].source_ranges[0]", "", |f| ssh(f).source_ranges = vec!["10.0.0.0/33".into()]),
    ("cidr", "firewall_rules[\"allow-agent-ssh\"].source_ranges", "", |f| ssh(f).source_ranges = vec!["10.0.0.0/8".into(), "fd00::/8".into()]),
    ("confidential_machine_type", "agent_vm_templates[1].enable_confidential_compute", "", |f| f.agent_vm_templates[1].enable_confidential_compute = true),
    ("cooldown", "default_cooldown_period", "15", |f| f.environment.default_cooldown_period = 14),
    ("cooldown", "default_cooldown_period", "3600", |f| f.environment.default_cooldown_period = 3_601),
    ("cpu_target", "agent_pools[0].cpu_target", "", |f| pool(f).cpu_target = Some(0.0)),
    ("cpu_target", "agent_pools[0].cpu_target", "0.7", |f| pool(f).cpu_target = Some(70.0)),
    ("cpu_target", "default_cpu_target", "", |f| f.environment.default_cpu_target = f64::NAN),
    ("custom_config_json", "agent_vm_templates[0].custom_config", "", |f| f.agent_vm_templates[0].custom_config = Some("{a: 1}".into())),
    ("custom_metric", "agent_pools[0].custom_metrics[0].type", "GAUGE", |f| pool(f).custom_metrics = Some(vec![metric("a.b/m", 1.0, "gauge")])),
    ("custom_metric", "agent_pools[0].custom_metrics[0].target", "", |f| pool(f).custom_metrics = Some(vec![metric("a.b/m", 0.0, "GAUGE")])),
    ("custom_metric", "agent_pools[0].custom_metrics[0].name", "", |f| pool(f).custom_metrics = Some(vec![metric("tasks", 1.0, "GAUGE")])),
    ("custom_metric", "default_custom_metrics[0].name", "", |f| f.environment.default_custom_metrics = vec![metric(" ", 1.0, "GAUGE")]),
    ("disk_size", "agent_vm_templates[0].disk_size_gb", "10", |f| f.agent_vm_templates[0].disk_size_gb = Some(9)),
    ("disk_size", "agent_vm_templates[0].workspace_size_gb", "65536", |f| f.agent_vm_templates[0].workspace_size_gb = 65_537),
    ("disk_size", "default_disk_size_gb", "10", |f| f.environment.default_disk_size_gb = 0),
    ("disk_type", "agent_vm_templates[0].disk_type", "", |f| f.agent_vm_templates[0].disk_type = "ssd".into()),
    ("disk_type", "agent_vm_templates[0].disk_type", "hyperdisk-balanced", |f| f.agent_vm_templates[0].machine_type = Some("n4-standard-2".into())),
    ("disk_type", "agent_vm_templates[0].disk_type", "pd-ssd", |f| f.agent_vm_templates[0].disk_type = "hyperdisk-balanced".into()),
    ("firewall_destinations", "firewall_rules[\"out\"].destination_ranges", "", |f| out(f).destination_ranges.clear()),
    ("firewall_sources", "firewall_rules[\"allow-agent-ssh\"].source_ranges", "", |f| ssh(f).source_ranges.clear()),
    ("firewall_sources", "firewall_rules[\"out\"].source_tags", "", |f| out(f).source_tags = vec!["agent-vm".into()]),
    ("group_too_large", "agent_pools[0].max_replicas", "2000", |f| pool(f).max_replicas = Some(2_001)),
    ("group_too_large", "default_pool_size", "2000", |f| f.environment.default_pool_size = 9_999),
    ("health_interval", "health_check_interval", "", |f| f.environment.health_check_interval = 301),
    ("health_path", "default_health_path", "/health", |f| f.environment.default_health_path = "health".into()),
    ("health_threshold", "health_check_unhealthy_threshold", "", |f| f.environment.health_check_unhealthy_threshold = 0),
    ("health_timeout", "health_check_timeout", "5", |f| f.environment.health_check_timeout = 6),
    ("heartbeat_thresholds", "agent_pools[0].heartbeat_silent_after", "3600", |f| pool(f).heartbeat_silent_after = Some(7200)),
    ("heartbeat_thresholds", "agent_pools[0].heartbeat_late_after", "", |f| pool(f).heartbeat_late_after = Some(30)),
    ("image_syntax", "agent_vm_templates[0].source_image", "", |f| f.agent_vm_templates[0].source_image = Some("Ubuntu 22.04".into())),
    ("image_syntax", "default_agent_image", "", |f| f.environment.default_agent_image = "projects/debian-12".into()),
    ("initial_delay", "agent_pools[0].health_check_initial_delay", "3600", |f| pool(f).health_check_initial_delay = 3601),
    ("integrity_without_vtpm", "enable_integrity_monitoring", "", |f| f.environment.enable_vtpm = false),
    ("kms_key_region", "disk_encryption_key", "", |f| f.environment.disk_encryption_key = Some(key("europe-west1"))),
    ("kms_key_syntax", "disk_encryption_key", "", |f| f.environment.disk_encryption_key = Some("my-key".into())),
    ("label_syntax", "labels[\"Team\"]", "", |f| { f.environment.labels.insert("Team".into(), "a".into()); }),
    ("label_syntax", "agent_vm_templates[0].labels[\"team\"]", "data-platform", |f| { f.agent_vm_templates[0].labels.insert("team".into(), "Data Platform".into()); }),
    ("label_syntax", "agent_pools[0].labels[\"team\"]", "a-b", |f| { pool(f).labels.insert("team".into(), "a.b".into()); }),
    ("label_syntax", "agent_vm_templates[0].labels", "", |f| f.environment.labels.extend((0..60).map(|n| (format!("k{n}"), String::new())))),
    ("machine_type_unknown", "agent_vm_templates[0].machine_type", "", |f| f.agent_vm_templates[0].machine_type = Some("e2-standard-3".into())),
    ("machine_type_unknown", "default_agent_machine_type", "", |f| { f.agent_vm_templates[0].machine_type = None; f.environment.default_agent_machine_type = "big".into(); }),
    ("metadata", "agent_vm_templates[0].metadata[\"a key\"]", "", |f| { f.agent_vm_templates[0].metadata.insert("a key".into(), String::new()); }),
    ("metadata", "agent_vm_templates[0].metadata[\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\"]", "", |f| { f.agent_vm_templates[0].metadata.insert("k".repeat(128), String::new()); }),
    ("metadata", "agent_vm_templates[0].metadata[\"big\"]", "", |f| { f.agent_vm_templates[0].metadata.insert("big".into(), "x".repeat(300_000)); }),
    ("metadata_reserved", "agent_vm_templates[0].metadata[\"startup-script\"]", "", |f| { f.agent_vm_templates[0].metadata.insert("startup-script".into(), "true".into()); }),
    ("min_above_max", "agent_pools[0].min_replicas", "", |f| pool(f).min_replicas = Some(6)),
    ("min_above_max", "agent_pools[0].max_replicas", "1", |f| pool(f).max_replicas = Some(0)),
    ("name_duplicate", "agent_pools[1].name", "", |f| { let twin = pool(f).clone(); f.agent_pools.push(twin); }),
    ("name_duplicate", "agent_vm_templates[1].name", "", |f| f.agent_vm_templates[1].name = "backend-dev".into()),
    ("name_syntax", "agent_pools[0].name", "backend-pool", |f| pool(f).name = "Backend_Pool".into()),
    ("name_syntax", "name_prefix", "", |f| f.environment.name_prefix = "1".into()),
    ("name_syntax", "environment", "dev-1", |f| f.environment.environment = "Dev_1".into()),
    ("name_syntax", "agent_pools[0].named_ports[0].name", "http", |f| pool(f).named_ports = Some(vec![port("HTTP", 80)])),
    ("name_syntax", "firewall_rules[\"a b\"]", "a-b", |f| { let rule = ssh(f).clone(); f.firewall_rules.insert("a b".into(), rule); }),
    ("name_too_long", "agent_pools[0].name", "", |f| pool(f).name = "a".repeat(45)),
    ("name_too_long", "agent_vm_templates[1].name", "", |f| f.agent_vm_templates[1].name = "a".repeat(41)),
    ("network_syntax", "network_id", "", |f| f.environment.network_id = "any name".into()),
    ("network_syntax", "network_id", "", |f| f.environment.network_id = "regions/us-central1/networks/n".into()),
    ("network_syntax", "network_id", "", |f| f.environment.network_id = "projects/p/global/networks/".into()),
    ("no_surge_no_unavailable", "agent_pools[0].max_surge", "3", |f| pool(f).max_surge = Some(Amount::Fixed(0))),
    ("port", "default_health_port", "8080", |f| f.environment.default_health_port = 0),
    ("port", "default_named_ports[1].name", "", |f| f.environment.default_named_ports = vec![port("http", 80), port("http", 80)]),
    ("ports", "firewall_rules[\"allow-agent-ssh\"].allow[0].ports[0]", "", |f| ssh(f).allow[0].ports = vec!["9-8".into()]),
    ("ports", "firewall_rules[\"allow-agent-ssh\"].allow[0].ports[0]", "", |f| ssh(f).allow[0].ports = vec!["65536".into()]),
    ("ports", "firewall_rules[\"allow-agent-ssh\"].allow[0].ports", "", |f| ssh(f).allow[0].protocol = "icmp".into()),
    ("priority", "firewall_rules[\"allow-agent-ssh\"].priority", "65535", |f| ssh(f).priority = 65_536),
    ("project_id_syntax", "project_id", "", |f| f.environment.project_id = "My Project".into()),
    ("protocol", "firewall_rules[\"allow-agent-ssh\"].allow[0].protocol", "", |f| ssh(f).allow[0].protocol = "http".into()),
    ("recreate_surges", "agent_pools[0].max_surge", "0", |f| { recreates(f); pool(f).max_surge = Some(Amount::Fixed(3)); }),
    ("no_surge_no_unavailable", "agent_pools[0].max_unavailable", "3", |f| { recreates(f); pool(f).max_unavailable = Amount::NONE; }),
    ("region_unknown", "region", "us-central1", |f| f.environment.region = "us-central1-a".into()),
    ("region_unknown", "region", "", |f| { f.environment.region = "us-nowhere9".into(); f.environment.zones.clear(); }),
    ("required", "network_id", "", |f| f.environment.network_id.clear()),
    ("required", "environment", "", |f| f.environment.environment.clear()),
    ("required", "agent_vm_templates[1].name", "", |f| f.agent_vm_templates[1].name.clear()),
    ("scale_in", "scale_down_max_percent", "", |f| f.environment.scale_down_max_percent = 101),
    ("scale_in", "scale_down_time_window", "3600", |f| f.environment.scale_down_time_window = 3_601),
    ("scale_in", "scale_down_time_window", "60", |f| f.environment.scale_down_time_window = 59),
    ("cooldown", "agent_pools[0].cooldown_period", "15", |f| pool(f).cooldown_period = Some(14)),
    ("cooldown", "agent_pools[0].cooldown_period", "3600", |f| pool(f).cooldown_period = Some(3_601)),
    ("scale_in", "agent_pools[0].scale_down_max_percent", "", |f| pool(f).scale_down_max_percent = Some(0)),
    ("scale_in", "agent_pools[0].scale_down_time_window", "60", |f| pool(f).scale_down_time_window = Some(59)),
    ("scale_in", "agent_pools[0].scale_down_time_window", "60", |f| pool(f).scale_down_time_window = Some(0)),
    ("scaling_schedule", "agent_pools[0].scaling_schedules[0].name", "office-hours", |f| scheduled(f, |s| s.name = "Office Hours".into())),
    ("scaling_schedule", "agent_pools[0].scaling_schedules[1].name", "", |f| { scheduled(f, |_| ()); scheduled(f, |_| ()); }),
    ("scaling_schedule", "agent_pools[0].scaling_schedules[0].schedule", "", |f| scheduled(f, |s| s.schedule = "0 8 * *".into())),
    ("scaling_schedule", "agent_pools[0].scaling_schedules[0].schedule", "", |f| scheduled(f, |s| s.schedule = "0 8 30 2 *".into())),
    ("scaling_schedule", "agent_pools[0].scaling_schedules[0].time_zone", "Europe/Berlin", |f| scheduled(f, |s| s.time_zone = "europe/berlin".into())),
    ("scaling_schedule", "agent_pools[0].scaling_schedules[0].time_zone", "", |f| scheduled(f, |s| s.time_zone = "Berlin".into())),
    ("scaling_schedule", "agent_pools[0].scaling_schedules[0].duration_sec", "300", |f| scheduled(f, |s| s.duration_sec = 299)),
    ("scaling_schedule", "agent_pools[0].scaling_schedules[0].min_required_replicas", "2000", |f| scheduled(f, |s| s.min_required_replicas = 2_001)),
    ("scope_unknown", "agent_vm_templates[0].scopes[0]", "compute-rw", |f| f.agent_vm_templates[0].scopes = Some(vec!["compute-write".into()])),
    ("scope_unknown", "default_agent_scopes[0]", "", |f| f.environment.default_agent_scopes = vec!["everything".into()]),
    ("service_account_syntax", "agent_vm_templates[0].service_account_email", "", |f| f.agent_vm_templates[0].service_account_email = Some("agent".into())),
    ("share_of_small_group", "agent_pools[0].max_surge", "3", |f| pool(f).max_surge = Some(Amount::Percent(20))),
    ("share_of_small_group", "agent_pools[0].max_unavailable", "100%", |f| pool(f).max_unavailable = Amount::Percent(101)),
    ("size_out_of_bounds", "agent_pools[0].target_size", "5", |f| pool(f).target_size = Some(7)),
    ("spot_automatic_restart", "agent_vm_templates[0].automatic_restart", "false", |f| { f.agent_vm_templates[0].preemptible = Some(true); f.agent_vm_templates[0].automatic_restart = Some(true); }),
    ("startup_script_url", "agent_startup_script_url", "", |f| f.environment.agent_startup_script_url = "bucket/script.sh".into()),
    ("subnet_region", "subnet_id", "", |f| f.environment.subnet_id = "projects/p/regions/us-east1/subnetworks/s".into()),
    ("subnet_syntax", "subnet_id", "", |f| f.environment.subnet_id = "\"; drop".into()),
    ("subnet_syntax", "subnet_id", "", |f| f.environment.subnet_id = "regions/us-central1/networks/n".into()),
    ("subnet_syntax", "subnet_id", "", |f| f.environment.subnet_id = "projects//regions/us-central1/subnetworks/s".into()),
    ("surge_below_zones", "agent_pools[0].max_surge", "3", |f| pool(f).max_surge = Some(Amount::Fixed(1))),
    ("tag_syntax", "network_tags[0]", "my-tag", |f| f.environment.network_tags[0] = "My Tag".into()),
    ("tag_syntax", "agent_vm_templates[0].additional_tags[0]", "", |f| f.agent_vm_templates[0].additional_tags = vec!["_".into()]),
    ("unavailable_below_zones", "agent_pools[0].max_unavailable", "3", |f| pool(f).max_unavailable = Amount::Fixed(2)),
    ("unknown_template", "agent_pools[0].template_name", "backend-dev", |f| pool(f).template_name = "backend".into()),
    ("unknown_template", "agent_pools[0].canary.template_name", "", |f| pool(f).canary = Some(tries("backend", 1))),
    ("unknown_version", "agent_pools[0].canary.template_version", "ac374abc", |f| pool(f).canary = Some(CanarySpec { template_version: Some("00000000".into()), ..tries("backend-dev", 1) })),
    ("unknown_version", "agent_pools[0].template_version", "ac374abc", |f| pool(f).template_version = Some("0a1b2c3d".into())),
    ("unknown_version", "agent_pools[0].template_version", "", |f| { hold(f); f.template_versions.values_mut().for_each(|version| version.external_ip = !version.external_ip); }),
    ("zone_not_in_region", "zones[2]", "", |f| f.environment.zones[2] = "us-east1-b".into()),
    ("zone_not_in_region", "zones[1]", "", |f| f.environment.zones[1] = "us-central1-a".into()),
];

fn tries(template: &str, vms: u32) -> CanarySpec {
    CanarySpec {
        template_name: Some(template.to_owned()),
        template_version: None,
        target_size: Amount::Fixed(vms),
    }
}

/// The pool keeps the version that it runs, and its template becomes another one.
fn hold(fleet: &mut FleetSpec) {
    derive::hold_pool(fleet, "backend-pool");
    fleet.agent_vm_templates[0].disk_size_gb = Some(77);
}

fn recreates(fleet: &mut FleetSpec) {
    pool(fleet).replacement_method = ReplacementMethod::Recreate;
    pool(fleet).max_unavailable = Amount::Fixed(3);
}

fn pool(fleet: &mut FleetSpec) -> &mut domain::pool::PoolSpec {
    &mut fleet.agent_pools[0]
}

fn ssh(fleet: &mut FleetSpec) -> &mut FirewallRuleSpec {
    fleet
        .firewall_rules
        .entry("allow-agent-ssh".into())
        .or_insert_with(|| FirewallRuleSpec::new("", Direction::Ingress))
}

/// A sound EGRESS rule, added when first asked for.
fn out(fleet: &mut FleetSpec) -> &mut FirewallRuleSpec {
    fleet.firewall_rules.entry("out".into()).or_insert_with(|| FirewallRuleSpec {
        destination_ranges: vec!["0.0.0.0/0".into()],
        deny: vec![Traffic { protocol: "all".into(), ports: vec![] }],
        ..FirewallRuleSpec::new("", Direction::Egress)
    })
}

/// One more schedule of the first pool, good but for what `change` does to it.
fn scheduled(fleet: &mut FleetSpec, change: fn(&mut ScalingSchedule)) {
    let mut schedule = ScalingSchedule {
        name: "office".into(),
        description: String::new(),
        schedule: "0 8 * * Mon-Fri".into(),
        time_zone: "Europe/Berlin".into(),
        duration_sec: 36_000,
        min_required_replicas: 3,
        disabled: false,
    };
    change(&mut schedule);
    pool(fleet).scaling_schedules.push(schedule);
}

fn metric(name: &str, target: f64, kind: &str) -> CustomMetric {
    CustomMetric { name: name.into(), target, kind: kind.into() }
}

fn port(name: &str, port: u16) -> NamedPort {
    NamedPort { name: name.into(), port }
}

fn key(location: &str) -> String {
    format!("projects/p/locations/{location}/keyRings/r/cryptoKeys/k")
}

fn found(violations: &[Violation], rule: &str, attribute: &str) -> Option<Violation> {
    violations.iter().find(|v| v.rule == rule && v.attribute == attribute).cloned()
}

#[test]
fn each_rule_names_its_attribute_and_its_fix() {
    for (rule, attribute, fix, break_it) in CASES {
        let mut fleet = basic();
        break_it(&mut fleet);
        let violations = check(&fleet, &nothing());
        let violation = found(&violations, rule, attribute)
            .unwrap_or_else(|| panic!("{rule} at {attribute} is not among {violations:#?}"));
        assert_eq!(violation.fix.as_deref().unwrap_or(""), *fix, "{rule} at {attribute}");
        assert!(!violation.message.is_empty());
    }
}

#[test]
fn a_fix_is_what_mends_it() {
    let mut fleet = basic();
    pool(&mut fleet).max_surge = Some(Amount::Fixed(3));
    ssh(&mut fleet).source_ranges = vec!["10.1.2.3/32".into()];
    out(&mut fleet);
    fleet.environment.disk_encryption_key = Some(key("us-central1"));
    fleet.agent_vm_templates[1].machine_type = Some("n2d-standard-4".into());
    fleet.agent_vm_templates[1].enable_confidential_compute = true;
    assert_eq!(check(&fleet, &nothing()), []);
    fleet.environment.disk_encryption_key = Some(key("global"));
    assert_eq!(check(&fleet, &nothing()), []);
}

#[test]
fn every_spelling_of_an_image_a_network_and_a_subnet_is_taken() {
    let mut fleet = basic();
    for image in [
        "ubuntu-os-cloud/ubuntu-2204-lts",
        "agents",
        "global/images/agents-7",
        "projects/p/global/images/family/agents",
        "https://www.googleapis.com/compute/v1/projects/example.com:p/global/images/agents-7",
    ] {
        fleet.environment.default_agent_image = image.into();
        assert_eq!(check(&fleet, &nothing()), [], "{image}");
    }
    for subnet in [
        "agents",
        "regions/us-central1/subnetworks/agents",
        "projects/example.com:p/regions/us-central1/subnetworks/agents",
        "https://www.googleapis.com/compute/v1/projects/123456789012/regions/us-central1/subnetworks/agents",
    ] {
        fleet.environment.subnet_id = subnet.into();
        assert_eq!(check(&fleet, &nothing()), [], "{subnet}");
    }
    for network in [
        "default",
        "global/networks/agents",
        "projects/host-project/global/networks/agents",
        "https://compute.googleapis.com/compute/v1/projects/host-project/global/networks/agents",
    ] {
        fleet.environment.network_id = network.into();
        assert_eq!(check(&fleet, &nothing()), [], "{network}");
    }
}

#[test]
fn a_metadata_key_may_be_as_long_as_compute_engine_takes_it() {
    let mut fleet = basic();
    fleet.agent_vm_templates[0].metadata.insert("k".repeat(127), String::new());
    assert_eq!(check(&fleet, &nothing()), []);
}

fn with_location(zones: &[&str], machine: &str, machine_zones: &[&str]) -> ObservedFleet {
    let set = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect();
    ObservedFleet {
        location: Some(Location {
            zones: set(zones),
            machine_types: [(machine.to_owned(), set(machine_zones))].into(),
            ..Location::default()
        }),
        ..nothing()
    }
}

/// What breaks against what exists, or against what the API tells: rule, attribute, the fleet and what is observed.
fn beside_observed() -> Vec<(&'static str, &'static str, FleetSpec, ObservedFleet)> {
    let there = || applied(&basic(), &nothing());
    let all = ["us-central1-a", "us-central1-b", "us-central1-c"];
    let mut two_zones = basic();
    two_zones.environment.zones.pop();
    let mut other_network = basic();
    other_network.environment.network_id = "other".into();
    let mut turned = basic();
    *ssh(&mut turned) = out(&mut basic()).clone();
    let mut tried = basic();
    pool(&mut tried).canary = Some(tries("platform-eng", 1));
    vec![
        ("zones_fixed", "zones", two_zones, there()),
        ("network_fixed", "network_id", other_network, there()),
        ("direction_fixed", "firewall_rules[\"allow-agent-ssh\"].direction", turned, there()),
        ("zone_not_in_region", "zones[2]", basic(), with_location(&all[..2], "", &[])),
        (
            "machine_type_unavailable",
            "agent_vm_templates[0].machine_type",
            basic(),
            with_location(&all, "e2-standard-2", &all[1..]),
        ),
        (
            "machine_type_unavailable",
            "agent_vm_templates[1].machine_type",
            tried,
            with_location(&all, "e2-standard-4", &all[1..]),
        ),
    ]
}

#[test]
fn what_exists_and_what_the_api_tells_is_held_against_the_declaration() {
    for (rule, attribute, fleet, observed) in beside_observed() {
        let violations = check(&fleet, &observed);
        assert!(found(&violations, rule, attribute).is_some(), "{rule} is not among {violations:#?}");
    }
    assert_eq!(check(&basic(), &applied(&basic(), &nothing())), []);
}

#[test]
fn every_listed_rule_is_broken_here_and_every_broken_rule_is_listed() {
    let listed: BTreeSet<String> = RULES.iter().map(|(word, _)| (*word).to_owned()).collect();
    assert_eq!(listed.len(), RULES.len(), "a word is listed twice");
    let mut emitted: BTreeSet<String> = BTreeSet::new();
    for (.., break_it) in CASES {
        let mut fleet = basic();
        break_it(&mut fleet);
        emitted.extend(check(&fleet, &nothing()).into_iter().map(|violation| violation.rule));
    }
    for (.., fleet, observed) in beside_observed() {
        emitted.extend(check(&fleet, &observed).into_iter().map(|violation| violation.rule));
    }
    assert_eq!(emitted, listed);
}
