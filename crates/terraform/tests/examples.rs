//! The shipped examples, as a user would import them.

#![expect(clippy::unwrap_used, reason = "a helper fails as the test that calls it")]

use std::{collections::BTreeMap, fs, path::Path};

use domain::{
    AgentType, FleetSpec,
    fleet::default_firewall_rules,
    view::import::{ImportInput, Reading, SourceFile, UnresolvedReference},
};

fn example(name: &str) -> ImportInput {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    let text = fs::read_to_string(path).unwrap();
    ImportInput { files: vec![SourceFile { name: name.to_owned(), text }], ..ImportInput::default() }
}

fn unresolved(reading: Reading) -> Vec<UnresolvedReference> {
    match reading {
        Reading::Unresolved { references } => references,
        other => panic!("{other:?}"),
    }
}

fn complete(reading: Reading) -> FleetSpec {
    match reading {
        Reading::Complete { desired } => *desired,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_basic_block_asks_for_two_references() {
    let mut input = example("basic.tf");
    let references = unresolved(terraform::read(&input));
    let asked: Vec<_> = references
        .iter()
        .map(|found| (&*found.reference, &*found.attribute, found.position.line, found.position.column))
        .collect();
    assert_eq!(
        asked,
        [
            ("module.networking.vpc_id", "network_id", 9, 16),
            ("module.networking.subnet_id", "subnet_id", 10, 16)
        ]
    );

    input.references = BTreeMap::from([
        ("module.networking.vpc_id".to_owned(), "genesis-vpc".to_owned()),
        ("module.networking.subnet_id".to_owned(), " genesis-agents\n".to_owned()),
    ]);
    let fleet = complete(terraform::read(&input));
    assert_eq!(fleet.environment.network_id, "genesis-vpc");
    assert_eq!(fleet.environment.subnet_id, "genesis-agents");
    assert_eq!(fleet.environment.zones.len(), 3);
    assert_eq!(fleet.agent_vm_templates.len(), 2);
    assert_eq!(fleet.agent_vm_templates[1].agent_type, AgentType::PlatformEngineer);
    assert_eq!(fleet.agent_vm_templates[1].machine_type.as_deref(), Some("e2-standard-4"));
    let [pool] = fleet.agent_pools.as_slice() else { panic!("{:?}", fleet.agent_pools) };
    assert_eq!((pool.target_size, pool.min_replicas, pool.max_replicas), (Some(2), Some(1), Some(5)));
    assert_eq!(pool.max_surge, None, "what the text leaves open stays open");
    assert_eq!(fleet.firewall_rules, default_firewall_rules());
}

#[test]
fn the_production_block_asks_for_the_network_it_leaves_out() {
    let mut input = example("production.tf");
    let references = unresolved(terraform::read(&input));
    let asked: Vec<_> =
        references.iter().map(|found| (&*found.reference, &*found.attribute, found.position.line)).collect();
    assert_eq!(asked, [("network_id", "network_id", 1), ("subnet_id", "subnet_id", 1)]);

    input.references.insert("network_id".to_owned(), "vpc".to_owned());
    input.references.insert("subnet_id".to_owned(), String::new());
    let references = unresolved(terraform::read(&input));
    assert_eq!(references.len(), 1, "an empty answer is none: {references:?}");

    input.references.insert("subnet_id".to_owned(), "agents".to_owned());
    let fleet = complete(terraform::read(&input));
    assert!(fleet.environment.disk_encryption_key.is_some_and(|key| key.ends_with("/vm-encryption")));
    assert_eq!(fleet.firewall_rules.keys().collect::<Vec<_>>(), ["allow-prod-backend"]);
    assert_eq!(fleet.agent_pools[0].cpu_target, Some(0.7));
}

#[test]
fn the_development_fleet_imports_without_a_question() {
    let fleet = complete(terraform::read(&example("development-fleet.tf")));
    let mut types: Vec<_> = fleet.agent_vm_templates.iter().map(|template| template.agent_type).collect();
    types.sort();
    types.dedup();
    assert_eq!(types.len(), AgentType::ALL.len(), "{types:?}");
    for pool in &fleet.agent_pools {
        let template = fleet.agent_vm_templates.iter().find(|found| found.name == pool.template_name);
        assert_eq!(template.map(|found| found.agent_type), Some(pool.agent_type), "{}", pool.name);
    }
    insta::assert_json_snapshot!(fleet);
}
