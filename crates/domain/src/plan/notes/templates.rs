//! Notes on templates: addresses, accounts, and whether the machine suits the agents.

use super::{Note, Scope, listed, note};
use crate::{
    agent_type::NetworkStance,
    machine_type::{self, InvalidMachineType},
    template::TemplateSpec,
};

pub(super) fn notes(scope: &Scope<'_>, notes: &mut Vec<Note>) {
    addresses(scope, notes);
    accounts(scope, notes);
    for (index, template) in scope.spec.agent_vm_templates.iter().enumerate() {
        let at = |attribute: &str| format!("agent_vm_templates[{index}].{attribute}");
        machine(scope, template, &at("machine_type"), notes);
        let usual = template.agent_type.defaults().workspace_size_gb;
        if template.enable_workspace_disk && template.workspace_size_gb < usual {
            note(
                notes,
                at("workspace_size_gb"),
                format!(
                    "{} GB: {} agents usually have {usual} GB",
                    template.workspace_size_gb, template.agent_type
                ),
            );
        }
        if !scope.spec.agent_pools.iter().any(|pool| pool.uses(&template.name)) {
            note(
                notes,
                at("name"),
                format!("no pool uses `{}`: its version is made and waits", template.name),
            );
        }
    }
}

fn addresses(scope: &Scope<'_>, notes: &mut Vec<Note>) {
    let default = scope.spec.environment.default_enable_external_ip;
    let mut by_default = Vec::new();
    for (index, template) in scope.spec.agent_vm_templates.iter().enumerate() {
        if !template.enable_external_ip.unwrap_or(default) {
            continue;
        }
        let attribute = format!("agent_vm_templates[{index}].enable_external_ip");
        if template.agent_type.defaults().network == NetworkStance::Restricted {
            note(
                notes,
                attribute,
                format!(
                    "{} agents are meant to be restricted, and these VMs get external addresses",
                    template.agent_type
                ),
            );
        } else if template.enable_external_ip.is_some() {
            note(
                notes,
                attribute,
                "these VMs get external addresses: private ones are safer where agents need no others",
            );
        } else {
            by_default.push(template.name.as_str());
        }
    }
    if !by_default.is_empty() {
        note(
            notes,
            "default_enable_external_ip",
            format!(
                "VMs of {} get external addresses: private ones are safer where agents need no others",
                listed(&by_default)
            ),
        );
    }
}

fn accounts(scope: &Scope<'_>, notes: &mut Vec<Note>) {
    if scope.spec.environment.default_agent_service_account.is_some() {
        return;
    }
    let without: Vec<&str> = scope
        .spec
        .agent_vm_templates
        .iter()
        .filter(|template| template.service_account_email.is_none())
        .map(|template| template.name.as_str())
        .collect();
    if !without.is_empty() {
        note(
            notes,
            "default_agent_service_account",
            format!(
                "not set: VMs of {} run as the project's default account, which may do more than agents need",
                listed(&without)
            ),
        );
    }
}

fn machine(scope: &Scope<'_>, template: &TemplateSpec, attribute: &str, notes: &mut Vec<Note>) {
    let text = template.machine_type.as_ref().unwrap_or(&scope.spec.environment.default_agent_machine_type);
    let (vcpus, mib) = match machine_type::parse(text).map(|parsed| parsed.size) {
        Ok(Some(size)) => size,
        Ok(None) => return,
        Err(InvalidMachineType::UnknownFamily(family)) => {
            note(
                notes,
                attribute,
                format!("the family of {text}, {family}, is not known here: Compute Engine decides"),
            );
            return;
        }
        // A violation says it.
        Err(_) => return,
    };
    let usual = template.agent_type.defaults();
    let memory_fits =
        mib >= usual.memory_gib.min.saturating_mul(1024) && mib <= usual.memory_gib.max.saturating_mul(1024);
    if usual.vcpus.contains(vcpus) && memory_fits {
        return;
    }
    note(
        notes,
        attribute,
        format!(
            "{} agents usually have {} vCPU and {} GiB: {text} has {vcpus} and {}",
            template.agent_type,
            usual.vcpus,
            usual.memory_gib,
            machine_type::gib(mib)
        ),
    );
}
