//! Rules of names: their form, the length of what is derived from them, and that none is declared twice.

use std::collections::BTreeSet;

use super::{Findings, Rule, Scope};
use crate::{
    derive,
    name::{self, MAX_BASE_INSTANCE_NAME, MAX_NAME},
};

pub(super) fn check(scope: &Scope<'_>, findings: &mut Findings) {
    let environment = &scope.spec.environment;
    let prefix = environment.name_prefix.as_str();
    if !name::is_rfc1035(prefix) {
        let message =
            format!("`{prefix}` cannot begin a name: lower-case letters, digits and hyphens, a letter first");
        findings.add(Rule::NameSyntax, "name_prefix".to_owned(), message, name::to_rfc1035(prefix));
    }
    environment_name(&environment.environment, findings);

    let mut seen = BTreeSet::new();
    for (index, template) in scope.spec.agent_vm_templates.iter().enumerate() {
        let attribute = format!("agent_vm_templates[{index}].name");
        let digits = "0".repeat(name::TEMPLATE_DIGEST_DIGITS);
        let derived = name::instance_template(prefix, &template.name, &digits);
        element(&attribute, &template.name, &[(derived, MAX_NAME)], findings);
        if !seen.insert(&template.name) {
            twice(attribute, &template.name, "template", findings);
        }
    }

    let mut seen = BTreeSet::new();
    for (index, pool) in scope.spec.agent_pools.iter().enumerate() {
        let attribute = format!("agent_pools[{index}].name");
        let mut derived = vec![
            (name::instance_group(prefix, &pool.name), MAX_NAME),
            (name::base_instance(&pool.name), MAX_BASE_INSTANCE_NAME),
        ];
        if derive::autoscaled(environment, pool) {
            derived.push((name::autoscaler(prefix, &pool.name), MAX_NAME));
        }
        if environment.enable_health_checks {
            derived.push((name::health_check(prefix, &pool.name), MAX_NAME));
        }
        element(&attribute, &pool.name, &derived, findings);
        if !seen.insert(&pool.name) {
            twice(attribute, &pool.name, "pool", findings);
        }
    }

    for key in scope.spec.firewall_rules.keys() {
        let derived = name::firewall_rule(prefix, key);
        element(&format!("firewall_rules[\"{key}\"]"), key, &[(derived, MAX_NAME)], findings);
    }
}

/// It is a label's value, and a tag with `environment-` before it.
fn environment_name(text: &str, findings: &mut Findings) {
    if text.is_empty() {
        findings.breaks(Rule::Required, "environment", "environment is empty");
    } else if !name::is_rfc1035(&format!("environment-{text}")) {
        let message = format!(
            "`{text}` cannot be in a network tag: lower-case letters, digits and hyphens, at most 51 characters"
        );
        let fix = name::to_rfc1035(text).filter(|fix| fix.len() <= 51);
        findings.add(Rule::NameSyntax, "environment".to_owned(), message, fix);
    }
}

/// The declared part, and the names that are made with it beside the length that each may have.
fn element(attribute: &str, declared: &str, derived: &[(String, usize)], findings: &mut Findings) {
    if declared.is_empty() {
        findings.breaks(Rule::Required, attribute, "the name is empty");
        return;
    }
    // The prefix gives the first letter, so that a digit may begin the declared part.
    if !name::is_rfc1035(&format!("a{declared}")) && declared.len() < MAX_NAME || declared.starts_with('-') {
        let message =
            format!("`{declared}` is no name: lower-case letters, digits and hyphens, none at the ends");
        findings.add(Rule::NameSyntax, attribute.to_owned(), message, name::to_rfc1035(declared));
        return;
    }
    let longest = derived
        .iter()
        .filter(|(name, limit)| name.len() > *limit)
        .max_by_key(|(name, limit)| name.len() - limit);
    if let Some((name, limit)) = longest {
        let room = declared.len().saturating_sub(name.len() - limit);
        let message = format!(
            "`{name}` has {} characters and may have {limit}: shorten the declared name to {room} or fewer",
            name.len()
        );
        findings.breaks(Rule::NameTooLong, attribute, message);
    }
}

fn twice(attribute: String, name: &str, noun: &str, findings: &mut Findings) {
    findings.breaks(Rule::NameDuplicate, attribute, format!("a {noun} named `{name}` is declared above"));
}
