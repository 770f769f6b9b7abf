//! Rules of templates: machine, disks, scheduling, account.

use super::{DISK_GB, Findings, Rule, Scope, sizes};
use crate::{
    derive,
    machine_type::{self, DiskSupport, InvalidMachineType, MachineType},
    template::TemplateSpec,
};

/// As Compute Engine calls them.
pub const DISK_TYPES: [&str; 8] = [
    "pd-ssd",
    "pd-balanced",
    "pd-standard",
    "pd-extreme",
    "hyperdisk-balanced",
    "hyperdisk-extreme",
    "hyperdisk-throughput",
    "hyperdisk-ml",
];

pub(super) fn check(scope: &Scope<'_>, findings: &mut Findings) {
    let default_used = scope.spec.agent_vm_templates.iter().any(|template| template.machine_type.is_none());
    if default_used {
        let default = &scope.spec.environment.default_agent_machine_type;
        machine("default_agent_machine_type", default, findings);
    }
    for (index, template) in scope.spec.agent_vm_templates.iter().enumerate() {
        one(scope, index, template, findings);
    }
}

fn one(scope: &Scope<'_>, index: usize, template: &TemplateSpec, findings: &mut Findings) {
    let environment = &scope.spec.environment;
    let at = |attribute: &str| format!("agent_vm_templates[{index}].{attribute}");
    let own = template.machine_type.as_deref();
    let machine_type = own.unwrap_or(&environment.default_agent_machine_type);
    if own.is_some() {
        machine(&at("machine_type"), machine_type, findings);
    }
    if let Ok(parsed) = machine_type::parse(machine_type) {
        confidential(&at("enable_confidential_compute"), template, machine_type, &parsed, findings);
        disk_family(&at("disk_type"), template, &parsed, findings);
    }
    everywhere(scope, index, template, machine_type, findings);
    if let Some(image) = &template.source_image {
        sizes::image(at("source_image"), image, findings);
    }
    if let Some(size) = template.disk_size_gb
        && !DISK_GB.contains(&size)
    {
        sizes::disk(at("disk_size_gb"), size, findings);
    }
    if template.enable_workspace_disk && !DISK_GB.contains(&template.workspace_size_gb) {
        sizes::disk(at("workspace_size_gb"), template.workspace_size_gb, findings);
    }
    let spot = template.preemptible.unwrap_or(environment.default_preemptible);
    if spot && template.automatic_restart == Some(true) {
        findings.breaks_with_fix(
            Rule::SpotAutomaticRestart,
            at("automatic_restart"),
            "a Spot VM is not restarted when Google takes it back; its group makes another one",
            "false",
        );
    }
    sizes::service_account(at("service_account_email"), template.service_account_email.as_deref(), findings);
    for (place, scope) in template.scopes.iter().flatten().enumerate() {
        if derive::expand_scope(scope).is_none() {
            sizes::unknown_scope(at(&format!("scopes[{place}]")), scope, findings);
        }
    }
}

/// A family that is not in the table may be newer than it: Compute Engine decides, and a note says so.
fn machine(attribute: &str, text: &str, findings: &mut Findings) {
    match machine_type::parse(text) {
        Ok(_) | Err(InvalidMachineType::UnknownFamily(_)) => {}
        Err(error) => findings.breaks(Rule::MachineTypeUnknown, attribute, error.to_string()),
    }
}

fn confidential(
    attribute: &str,
    template: &TemplateSpec,
    text: &str,
    parsed: &MachineType,
    findings: &mut Findings,
) {
    if template.enable_confidential_compute && !parsed.confidential {
        let families = machine_type::confidential_families();
        let message = format!("{text} has no confidential VMs: choose a machine type of {families}");
        findings.breaks(Rule::ConfidentialMachineType, attribute, message);
    }
}

fn disk_family(attribute: &str, template: &TemplateSpec, parsed: &MachineType, findings: &mut Findings) {
    let disk_type = template.disk_type.as_str();
    if !DISK_TYPES.contains(&disk_type) {
        let message = format!("`{disk_type}` is no disk type: {}", DISK_TYPES.join(", "));
        findings.breaks(Rule::DiskType, attribute, message);
    } else if parsed.disks == DiskSupport::HyperdiskOnly && disk_type.starts_with("pd-") {
        let message = format!("{} VMs have Hyperdisk alone, not {disk_type}", parsed.family);
        findings.breaks_with_fix(Rule::DiskType, attribute, message, "hyperdisk-balanced");
    } else if parsed.family == "e2" && disk_type.starts_with("hyperdisk-") {
        let message = format!("e2 VMs have persistent disks alone, not {disk_type}");
        findings.breaks_with_fix(Rule::DiskType, attribute, message, "pd-ssd");
    }
}

/// Where the API told which zones have the type.
fn everywhere(
    scope: &Scope<'_>,
    index: usize,
    template: &TemplateSpec,
    machine_type: &str,
    findings: &mut Findings,
) {
    let known =
        scope.observed.location.as_ref().and_then(|location| location.machine_types.get(machine_type));
    let Some(known) = known else { return };
    let missing: Vec<&str> =
        scope.zones.iter().filter(|zone| !known.contains(*zone)).map(String::as_str).collect();
    let used = scope.spec.agent_pools.iter().any(|pool| pool.uses(&template.name));
    if used && !missing.is_empty() {
        findings.breaks(
            Rule::MachineTypeUnavailable,
            format!("agent_vm_templates[{index}].machine_type"),
            format!("{machine_type} does not exist in {}", missing.join(", ")),
        );
    }
}
