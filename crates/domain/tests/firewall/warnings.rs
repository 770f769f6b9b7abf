//! Warnings as people read them.

use domain::{
    AgentType, Amount, FleetSpec, ObservedFleet, derive,
    environment::EnvironmentSpec,
    firewall::{Direction, FirewallRuleSpec, Traffic, WarningKind, warnings},
    plan::{plan, render},
    pool::{CanarySpec, PoolSpec},
    template::TemplateSpec,
};

fn traffic(protocol: &str, ports: &[&str]) -> Vec<Traffic> {
    vec![Traffic {
        protocol: protocol.to_owned(),
        ports: ports.iter().map(|&port| port.to_owned()).collect(),
    }]
}

fn rule(priority: u32, ranges: &[&str], targets: &[&str]) -> FirewallRuleSpec {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    FirewallRuleSpec {
        priority,
        source_ranges: owned(ranges),
        target_tags: owned(targets),
        ..FirewallRuleSpec::new("", Direction::Ingress)
    }
}

fn fleet(rules: &[(&str, FirewallRuleSpec)], external: bool) -> FleetSpec {
    let mut environment = EnvironmentSpec::new("p-project", "us-central1", "dev", "n", "s");
    environment.default_enable_external_ip = external;
    environment.zones = vec!["us-central1-a".to_owned()];
    let mut fleet = FleetSpec::new(environment);
    fleet.agent_vm_templates = vec![
        TemplateSpec::new("web", AgentType::FrontendDeveloper),
        TemplateSpec {
            additional_tags: vec!["db".to_owned()],
            ..TemplateSpec::new("db", AgentType::Architect)
        },
    ];
    fleet.agent_pools = vec![
        PoolSpec::new("web", AgentType::FrontendDeveloper, "web"),
        PoolSpec::new("db", AgentType::Architect, "db"),
    ];
    fleet.firewall_rules = rules.iter().map(|(key, rule)| ((*key).to_owned(), rule.clone())).collect();
    fleet
}

/// The lines of the plan that speak of rules.
fn said(fleet: &FleetSpec) -> String {
    let plan = plan(fleet, &ObservedFleet::default(), Default::default());
    let text = render(&plan);
    let lines = text.lines().filter(|line| {
        line.contains("firewall_rules") || line.contains("allowed") || line.trim_start().starts_with("from ")
    });
    lines.map(str::trim_start).collect::<Vec<_>>().join("\n")
}

fn probers(port: &str) -> FirewallRuleSpec {
    FirewallRuleSpec {
        allow: traffic("tcp", &[port]),
        ..rule(900, &["130.211.0.0/22", "35.191.0.0/16"], &[])
    }
}

#[test]
fn a_door_open_to_the_internet_is_said_with_what_it_opens() {
    let ssh = FirewallRuleSpec { allow: traffic("tcp", &["22"]), ..rule(1000, &["0.0.0.0/0"], &["db"]) };
    let web = FirewallRuleSpec { allow: traffic("tcp", &["443"]), ..rule(1000, &["::/0"], &[]) };
    let not_ssh = FirewallRuleSpec { deny: traffic("tcp", &["22"]), ..rule(10, &["0.0.0.0/0"], &["db"]) };
    let rules = [("probers", probers("8080")), ("ssh", ssh), ("web", web)];
    insta::assert_snapshot!("open", said(&fleet(&rules, true)));
    insta::assert_snapshot!("open_without_addresses", said(&fleet(&rules, false)));
    let shut: Vec<_> = rules.into_iter().chain([("not-ssh", not_ssh)]).collect();
    insta::assert_snapshot!("shut_again", said(&fleet(&shut, true)));
}

#[test]
fn a_door_is_said_to_be_open_before_there_is_a_pool() {
    let ssh = FirewallRuleSpec { allow: traffic("tcp", &["22"]), ..rule(1000, &["0.0.0.0/0"], &[]) };
    let web =
        FirewallRuleSpec { allow: traffic("tcp", &["443"]), ..rule(1000, &["0.0.0.0/0"], &["db", "web"]) };
    let inside = FirewallRuleSpec { allow: traffic("tcp", &["5432"]), ..rule(1000, &["10.0.0.0/8"], &[]) };
    let rules = [("inside", inside), ("ssh", ssh), ("web", web)];
    let found = |rules: &[(&str, FirewallRuleSpec)]| -> Vec<String> {
        let mut fleet = fleet(rules, true);
        fleet.agent_pools.clear();
        let resources = derive::resources(&fleet, &["us-central1-a".to_owned()]);
        let said = warnings("genesis", &resources).into_iter();
        said.map(|one| {
            assert_eq!((one.kind, one.pools.len()), (WarningKind::OpenToTheInternet, 0));
            format!("{:?}: {} {}", one.severity, one.rule.unwrap_or_default(), one.message)
        })
        .collect()
    };
    let open = "of the VMs that it holds for to the whole internet (0.0.0.0/0)";
    let (ssh, web) = (format!("Warning: ssh opens tcp 22 {open}"), format!("Info: web opens tcp 443 {open}"));
    assert_eq!(found(&rules), [ssh.clone(), web.clone()]);

    // What one of the tags shuts is open to the VMs of the other.
    let shut =
        |tags: &[&str]| FirewallRuleSpec { deny: traffic("tcp", &["443"]), ..rule(10, &["0.0.0.0/0"], tags) };
    let with =
        |tags: &[&str]| -> Vec<_> { rules.clone().into_iter().chain([("shut", shut(tags))]).collect() };
    assert_eq!(found(&with(&["db"])), [ssh, web]);
}

#[test]
fn a_rule_without_effect_is_said_with_what_decides_instead() {
    let all = FirewallRuleSpec { allow: traffic("all", &[]), ..rule(100, &["10.0.0.0/8"], &["agent-vm"]) };
    let narrow =
        FirewallRuleSpec { allow: traffic("tcp", &["8080"]), ..rule(1000, &["10.1.0.0/16"], &["agent-vm"]) };
    let refusal =
        FirewallRuleSpec { deny: traffic("tcp", &["22"]), ..rule(1000, &["10.2.0.0/16"], &["agent-vm"]) };
    let nobody = FirewallRuleSpec {
        allow: traffic("tcp", &["5432"]),
        ..rule(1000, &["10.0.0.0/8"], &["cache", "queue"])
    };
    let rules = [
        ("all", all),
        ("narrow", narrow),
        ("refusal", refusal),
        ("probers", probers("8080")),
        ("nobody", nobody),
    ];
    insta::assert_snapshot!("without_effect", said(&fleet(&rules, false)));
}

#[test]
fn blocked_probes_are_said_with_what_blocks_them() {
    insta::assert_snapshot!("no_rule_for_probers", said(&fleet(&[("probers", probers("80"))], false)));
    let stop = FirewallRuleSpec { deny: traffic("tcp", &["8080"]), ..rule(10, &["35.191.0.0/16"], &["db"]) };
    let rules = [("probers", probers("8080")), ("stop", stop)];
    insta::assert_snapshot!("a_rule_against_probers", said(&fleet(&rules, false)));
}

#[test]
fn a_canary_is_warned_of_by_name_and_its_pool_is_meant() {
    let ssh = FirewallRuleSpec { allow: traffic("tcp", &["22"]), ..rule(1000, &["0.0.0.0/0"], &["trial"]) };
    let stop =
        FirewallRuleSpec { deny: traffic("tcp", &["8080"]), ..rule(10, &["35.191.0.0/16"], &["trial"]) };
    let mut fleet = fleet(&[("probers", probers("8080")), ("ssh", ssh), ("stop", stop)], true);
    let found = |fleet: &FleetSpec| {
        let resources = derive::resources(fleet, &["us-central1-a".to_owned()]);
        let of = |kind: WarningKind| {
            let all = warnings("genesis", &resources);
            all.into_iter()
                .filter(|one| one.kind == kind)
                .map(|one| (one.pools, one.message))
                .collect::<Vec<_>>()
        };
        [WarningKind::OpenToTheInternet, WarningKind::ProbesBlocked, WarningKind::NoTarget].map(of)
    };
    let [open, blocked, nobody] = found(&fleet);
    assert_eq!((open, blocked, nobody.len()), (vec![], vec![], 2), "no template of a pool is tagged trial");

    fleet.agent_vm_templates.push(TemplateSpec {
        additional_tags: vec!["trial".to_owned()],
        ..TemplateSpec::new("trial", AgentType::FrontendDeveloper)
    });
    fleet.agent_pools[0].canary = Some(CanarySpec {
        template_name: Some("trial".to_owned()),
        template_version: None,
        target_size: Amount::Fixed(1),
    });
    let [open, blocked, nobody] = found(&fleet);
    assert!(nobody.is_empty(), "{nobody:?}");
    for (found, said) in [(open, "opens tcp 22 of web (canary) to"), (blocked, "tcp 8080 of web (canary):")] {
        let [(pools, message)] = &found[..] else { panic!("{found:?}") };
        assert_eq!(pools, &["web"]);
        assert!(message.contains(said), "{message}");
    }

    // What holds for the whole pool is said of the pool alone.
    fleet.agent_vm_templates[0].additional_tags = vec!["trial".to_owned(), "own".to_owned()];
    let [open, blocked, _] = found(&fleet);
    for (found, said) in [(open, "opens tcp 22 of web to"), (blocked, "tcp 8080 of web:")] {
        let [(_, message)] = &found[..] else { panic!("{found:?}") };
        assert!(message.contains(said), "{message}");
    }
}

#[test]
fn five_hundred_rules_are_read_in_a_moment() {
    let rules: Vec<(String, FirewallRuleSpec)> = (0..500)
        .map(|index| {
            let range = format!("10.{}.{}.0/24", index / 250, index % 250);
            let port = (1000 + index).to_string();
            let one = FirewallRuleSpec {
                allow: traffic("tcp", &[&port]),
                ..rule(index, &[&range, "192.168.0.0/16"], &["agent-vm"])
            };
            (format!("r{index}"), one)
        })
        .collect();
    let rules: Vec<(&str, FirewallRuleSpec)> =
        rules.iter().map(|(key, rule)| (key.as_str(), rule.clone())).collect();
    let plan = plan(&fleet(&rules, true), &ObservedFleet::default(), Default::default());
    assert_eq!(plan.notes.iter().filter(|note| note.attribute.contains("r499")).count(), 0);
}
