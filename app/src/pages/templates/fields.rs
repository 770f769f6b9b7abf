//! The fields of a template with their help: what the agent type usually has, and what stands for an empty field.

use domain::{environment::EnvironmentSpec, machine_type, name, rules::DISK_TYPES, template::TemplateSpec};
use leptos::prelude::*;

use super::form::{INHERIT, NO, YES, texts};
use crate::{
    components::field::{CheckField, LinesField, NumberField, SelectField, TextField},
    form::{Posted, Problems},
};

/// `template` is what the fields begin with. An existing template keeps its name.
pub fn fields(
    environment: &EnvironmentSpec,
    template: &TemplateSpec,
    exists: bool,
    posted: &Posted,
    problems: Problems,
) -> AnyView {
    let begin = texts(template);
    let value = |field: &'static str| {
        let own = begin.iter().find(|(name, _)| *name == field).map(|(_, text)| text.clone());
        posted.value(field, own.unwrap_or_default())
    };
    let usual = template.agent_type.defaults();
    let machine = RwSignal::new(value("machine_type"));
    let default_machine = environment.default_agent_machine_type.clone();
    let machine_hint = Signal::derive(move || {
        let typed = machine.get();
        let (said, named) = if typed.trim().is_empty() {
            (default_machine.as_str(), "the default")
        } else {
            (typed.trim(), "this one")
        };
        let own = match machine_type::parse(said).map(|parsed| parsed.size) {
            Ok(Some((vcpus, mib))) => format!("; {named} has {vcpus} vCPU, {} GB", machine_type::gib(mib)),
            _ => String::new(),
        };
        format!("{} vCPU, {} GB for this type{own}.", usual.vcpus, usual.memory_gib)
    });
    let name_hint = if exists {
        "A template keeps its name: pools refer to it.".to_owned()
    } else {
        format!(
            "Each version is called {} and a digest of its content.",
            name::instance_template(&environment.name_prefix, "name", "")
        )
    };
    let yes_no = |default: bool| {
        let word = if default { "yes" } else { "no" };
        choices(&format!("As the environment: {word}"))
    };
    let account = environment
        .default_agent_service_account
        .clone()
        .unwrap_or_else(|| "the project's default account".to_owned());
    let network = match usual.network {
        domain::agent_type::NetworkStance::Internal => {
            "This type works inside the network. Without an address, VMs reach the outside by Cloud NAT."
        }
        domain::agent_type::NetworkStance::External => "This type works with cloud APIs and the outside.",
        domain::agent_type::NetworkStance::Restricted => {
            "This type is restricted to what its firewall rules open: private addresses suit it."
        }
    };
    let kept = environment.disk_encryption_key.clone().map_or_else(
        || "Encrypted with a key that Google manages.".to_owned(),
        |key| format!("Encrypted with {}.", name::last_segment(&key)),
    );
    view! {
        <input type="hidden" name=super::form::ENVIRONMENT value=environment.environment.clone() />
        <fieldset class="fields-of">
            <legend>"Template"</legend>
            <TextField
                name="name"
                label="Name"
                value=value("name")
                mono=true
                required=true
                readonly=exists
                hint=name_hint
                problem=problems.of("name")
            />
            <TextField
                name="agent_type"
                label="Agent type"
                value=template.agent_type.to_string()
                mono=true
                readonly=true
                hint=format!("{}. Installed at boot: {}.", usual.purpose, usual.tools)
                problem=problems.of("agent_type")
            />
        </fieldset>
        <fieldset class="fields-of">
            <legend>"Machine"</legend>
            <TextField
                name="machine_type"
                label="Machine type"
                value=value("machine_type")
                placeholder=environment.default_agent_machine_type.clone()
                mono=true
                suggestions=machine_type::within(usual.vcpus, usual.memory_gib)
                typed=machine
                hint=machine_hint
                problem=problems.of("machine_type")
            />
            <div class="two">
                <SelectField
                    name="preemptible"
                    label="Spot VMs"
                    value=value("preemptible")
                    options=yes_no(environment.default_preemptible)
                    hint="Cheaper; Google may take them back at any time."
                    problem=problems.of("preemptible")
                />
                <SelectField
                    name="automatic_restart"
                    label="Restart by itself"
                    value=value("automatic_restart")
                    options=choices("Unless they are Spot")
                    hint="After Compute Engine stopped the VM."
                    problem=problems.of("automatic_restart")
                />
            </div>
            <CheckField
                name="enable_confidential_compute"
                label="Confidential VM"
                ticked=posted.ticked("enable_confidential_compute", template.enable_confidential_compute)
                hint=format!("Memory is encrypted. Families that have it: {}.", machine_type::confidential_families())
                problem=problems.of("enable_confidential_compute")
            />
        </fieldset>
        <fieldset class="fields-of">
            <legend>"Image and disks"</legend>
            <TextField
                name="source_image"
                label="Image"
                value=value("source_image")
                placeholder=environment.default_agent_image.clone()
                mono=true
                hint="project/family, or a path to an image. Empty: the environment's."
                problem=problems.of("source_image")
            />
            <div class="two">
                <NumberField
                    name="disk_size_gb"
                    label="Boot disk"
                    value=value("disk_size_gb")
                    unit="GB"
                    placeholder=environment.default_disk_size_gb.to_string()
                    hint=kept
                    problem=problems.of("disk_size_gb")
                />
                <SelectField
                    name="disk_type"
                    label="Disk type"
                    value=value("disk_type")
                    options=DISK_TYPES.map(|kind| (kind.to_owned(), kind.to_owned())).to_vec()
                    hint="Of both disks."
                    problem=problems.of("disk_type")
                />
            </div>
            <CheckField
                name="enable_workspace_disk"
                label="Workspace disk"
                ticked=posted.ticked("enable_workspace_disk", template.enable_workspace_disk)
                hint="One for each VM, mounted at /var/lib/agent/workspace. It goes when the VM goes."
                problem=problems.of("enable_workspace_disk")
            />
            <NumberField
                name="workspace_size_gb"
                label="Workspace size"
                value=value("workspace_size_gb")
                unit="GB"
                hint=format!("{} GB is usual for this type.", usual.workspace_size_gb)
                problem=problems.of("workspace_size_gb")
            />
        </fieldset>
        <fieldset class="fields-of">
            <legend>"Network and account"</legend>
            <SelectField
                name="enable_external_ip"
                label="External address"
                value=value("enable_external_ip")
                options=yes_no(environment.default_enable_external_ip)
                hint=network
                problem=problems.of("enable_external_ip")
            />
            <TextField
                name="service_account_email"
                label="Service account"
                value=value("service_account_email")
                placeholder=account.clone()
                mono=true
                hint=format!("Empty: {account}.")
                problem=problems.of("service_account_email")
            />
            <LinesField
                name="scopes"
                label="Scopes"
                value=value("scopes")
                placeholder=environment.default_agent_scopes.join("\n")
                hint="One a line, as cloud-platform or a URL. Empty: the environment's."
                problem=problems.of("scopes")
            />
            <LinesField
                name="additional_tags"
                label="Additional network tags"
                value=value("additional_tags")
                hint=format!("One a line. VMs have these anyway: agent-vm, agent-{}.", template.agent_type)
                problem=problems.of("additional_tags")
            />
        </fieldset>
        <fieldset class="fields-of">
            <legend>"Labels, metadata and configuration"</legend>
            <LinesField
                name="labels"
                label="Labels"
                value=value("labels")
                placeholder="team = payments"
                hint="key = value, one a line."
                problem=problems.of("labels")
            />
            <LinesField
                name="metadata"
                label="Metadata"
                value=value("metadata")
                placeholder="key = value"
                hint="key = value, one a line. Readable by everything on the VM: no secrets."
                problem=problems.of("metadata")
            />
            <LinesField
                name="custom_config"
                label="Configuration of the agent"
                value=value("custom_config")
                placeholder="{\"log_level\": \"info\"}"
                hint="A JSON text, handed to the agent as it is. No secrets."
                problem=problems.of("custom_config")
            />
        </fieldset>
    }
    .into_any()
}

fn choices(default: &str) -> Vec<(String, String)> {
    [(INHERIT, default), (YES, "Yes"), (NO, "No")]
        .map(|(sent, read)| (sent.to_owned(), read.to_owned()))
        .to_vec()
}
