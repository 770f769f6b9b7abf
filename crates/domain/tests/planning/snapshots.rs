//! What people read of a plan, whole.

use domain::{
    Amount,
    plan::{plan, render},
};

use crate::examples::{applied, basic, fixed, nothing, now};

#[test]
fn the_basic_block_on_an_empty_project() {
    insta::assert_snapshot!(render(&plan(&basic(), &nothing(), now())));
}

#[test]
fn the_basic_block_when_it_is_there() {
    let observed = applied(&basic(), &nothing());
    insta::assert_snapshot!(render(&plan(&basic(), &observed, now())));
}

#[test]
fn another_machine_type_replaces_vms() {
    let observed = applied(&fixed(4), &nothing());
    let mut desired = fixed(4);
    desired.agent_vm_templates[0].machine_type = Some("e2-standard-8".to_owned());
    desired.agent_pools[0].max_unavailable = Amount::Fixed(3);
    insta::assert_snapshot!(render(&plan(&desired, &observed, now())));
}

#[test]
fn a_fleet_that_breaks_rules() {
    let mut desired = basic();
    desired.agent_pools[0].max_surge = Some(Amount::Fixed(1));
    desired.agent_pools[0].template_name = "backend".to_owned();
    desired.agent_vm_templates[1].enable_confidential_compute = true;
    desired.firewall_rules.get_mut("allow-agent-ssh").unwrap().source_ranges.clear();
    insta::assert_snapshot!(render(&plan(&desired, &nothing(), now())));
}

#[test]
fn everything_goes() {
    let observed = applied(&basic(), &nothing());
    let mut desired = basic();
    desired.agent_pools.clear();
    desired.agent_vm_templates.clear();
    desired.firewall_rules.clear();
    insta::assert_snapshot!(render(&plan(&desired, &observed, now())));
}

/// A new name of an unchanged template replaces every VM of every fleet: only a change of content may move this.
#[test]
fn the_names_of_the_basic_block() {
    let resources = domain::derive::resources(&basic(), &basic().environment.zones);
    let names: Vec<&str> = [
        resources.health_checks.keys().collect::<Vec<_>>(),
        resources.firewall_rules.keys().collect(),
        resources.templates.keys().collect(),
        resources.groups.keys().collect(),
        resources.autoscalers.keys().collect(),
    ]
    .concat()
    .into_iter()
    .map(String::as_str)
    .collect();
    insta::assert_snapshot!(names.join("\n"));
}

#[test]
fn the_startup_script_of_a_backend_developer() {
    let resources = domain::derive::resources(&basic(), &basic().environment.zones);
    let template = resources.templates.values().find(|t| t.name.contains("backend-dev")).unwrap();
    insta::assert_snapshot!(template.metadata["startup-script"]);
}
