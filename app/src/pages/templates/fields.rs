//! The fields of a template with their help: what the agent type usually has, and what stands for an empty field.

use domain::{
    agent_type::NetworkStance, environment::EnvironmentSpec, machine_type, name, rules::DISK_TYPES,
    template::TemplateSpec,
};
use leptos::prelude::*;

use crate::{
    components::field::{Bound, CheckField, LinesField, NumberField, SelectField, TextField, options},
    form::{FormFields, INHERIT, NO, YES},
};

/// `template` is what the fields begin with. An existing template keeps its name.
pub fn fields(
    environment: &EnvironmentSpec,
    template: &TemplateSpec,
    exists: bool,
    at: &FormFields,
) -> AnyView {
    view! {
        <input type="hidden" name=super::form::ENVIRONMENT value=environment.environment.clone() />
        {identity(environment, template, exists, at)}
        {machine(environment, template, at)}
        {disks(environment, template, at)}
        {network(environment, template, at)}
        {handed_on(at)}
    }
    .into_any()
}

fn identity(
    environment: &EnvironmentSpec,
    template: &TemplateSpec,
    exists: bool,
    at: &FormFields,
) -> AnyView {
    let usual = template.agent_type.defaults();
    let name_hint = if exists {
        "A template keeps its name: pools refer to it.".to_owned()
    } else {
        format!(
            "Each version is called {} and a digest of its content.",
            name::instance_template(&environment.name_prefix, "name", "")
        )
    };
    view! {
        <fieldset class="fields-of">
            <legend>"Template"</legend>
            <TextField
                field=at.of("name")
                label="Name"
                mono=true
                required=true
                readonly=exists
                hint=name_hint
            />
            <TextField
                field=Bound { value: template.agent_type.to_string(), ..at.of("agent_type") }
                label="Agent type"
                mono=true
                readonly=true
                hint=format!("{}. Installed at boot: {}.", usual.purpose, usual.tools)
            />
        </fieldset>
    }
    .into_any()
}

fn machine(environment: &EnvironmentSpec, template: &TemplateSpec, at: &FormFields) -> AnyView {
    let usual = template.agent_type.defaults();
    let typed = RwSignal::new(at.text("machine_type"));
    let default_machine = environment.default_agent_machine_type.clone();
    let hint = Signal::derive(move || {
        let text = typed.get();
        let (said, named) = match text.trim() {
            "" => (default_machine.as_str(), "the default"),
            text => (text, "this one"),
        };
        let own = match machine_type::parse(said).map(|parsed| parsed.size) {
            Ok(Some((vcpus, mib))) => format!("; {named} has {vcpus} vCPU, {} GB", machine_type::gib(mib)),
            _ => String::new(),
        };
        format!("{} vCPU, {} GB for this type{own}.", usual.vcpus, usual.memory_gib)
    });
    view! {
        <fieldset class="fields-of">
            <legend>"Machine"</legend>
            <TextField
                field=at.of("machine_type")
                label="Machine type"
                placeholder=environment.default_agent_machine_type.clone()
                mono=true
                suggestions=machine_type::within(usual.vcpus, usual.memory_gib)
                typed=typed
                hint=hint
            />
            <div class="two">
                <SelectField
                    field=at.of("preemptible")
                    label="Spot VMs"
                    options=yes_no(environment.default_preemptible)
                    hint="Cheaper; Google may take them back at any time."
                />
                <SelectField
                    field=at.of("automatic_restart")
                    label="Restart by itself"
                    options=choices("Unless they are Spot")
                    hint="After Compute Engine stopped the VM."
                />
            </div>
            <CheckField
                field=at.tick("enable_confidential_compute", template.enable_confidential_compute)
                label="Confidential VM"
                hint=format!("Memory is encrypted. Families that have it: {}.", machine_type::confidential_families())
            />
        </fieldset>
    }
    .into_any()
}

fn disks(environment: &EnvironmentSpec, template: &TemplateSpec, at: &FormFields) -> AnyView {
    let usual = template.agent_type.defaults();
    let kept = environment.disk_encryption_key.clone().map_or_else(
        || "Encrypted with a key that Google manages.".to_owned(),
        |key| format!("Encrypted with {}.", name::last_segment(&key)),
    );
    view! {
        <fieldset class="fields-of">
            <legend>"Image and disks"</legend>
            <TextField
                field=at.of("source_image")
                label="Image"
                placeholder=environment.default_agent_image.clone()
                mono=true
                hint="project/family, or a path to an image. Empty: the environment's. Whether it exists shows when VMs are made."
            />
            <div class="two">
                <NumberField
                    field=at.of("disk_size_gb")
                    label="Boot disk"
                    unit="GB"
                    placeholder=environment.default_disk_size_gb.to_string()
                    hint=kept
                />
                <SelectField
                    field=at.of("disk_type")
                    label="Disk type"
                    options=DISK_TYPES.map(|kind| (kind.to_owned(), kind.to_owned())).to_vec()
                    hint="Of both disks."
                />
            </div>
            <CheckField
                field=at.tick("enable_workspace_disk", template.enable_workspace_disk)
                label="Workspace disk"
                hint="One for each VM, mounted at /var/lib/agent/workspace. It goes when the VM goes."
            />
            <NumberField
                field=at.of("workspace_size_gb")
                label="Workspace size"
                unit="GB"
                hint=format!("{} GB is usual for this type.", usual.workspace_size_gb)
            />
        </fieldset>
    }
    .into_any()
}

fn network(environment: &EnvironmentSpec, template: &TemplateSpec, at: &FormFields) -> AnyView {
    let account = environment
        .default_agent_service_account
        .clone()
        .unwrap_or_else(|| "the project's default account".to_owned());
    let stance = match template.agent_type.defaults().network {
        NetworkStance::Internal => {
            "This type works inside the network. Without an address, VMs reach the outside by Cloud NAT."
        }
        NetworkStance::External => "This type works with cloud APIs and the outside.",
        NetworkStance::Restricted => {
            "This type is restricted to what its firewall rules open: private addresses suit it."
        }
    };
    view! {
        <fieldset class="fields-of">
            <legend>"Network and account"</legend>
            <SelectField
                field=at.of("enable_external_ip")
                label="External address"
                options=yes_no(environment.default_enable_external_ip)
                hint=stance
            />
            <TextField
                field=at.of("service_account_email")
                label="Service account"
                placeholder=account.clone()
                mono=true
                hint=format!("Empty: {account}.")
            />
            <LinesField
                field=at.of("scopes")
                label="Scopes"
                placeholder=environment.default_agent_scopes.join("\n")
                hint="One a line, as cloud-platform or a URL. Empty: the environment's."
            />
            <LinesField
                field=at.of("additional_tags")
                label="Additional network tags"
                hint=format!("One a line. VMs have these anyway: agent-vm, agent-{}.", template.agent_type)
            />
        </fieldset>
    }
    .into_any()
}

/// What the VM and its agent are given as it stands.
fn handed_on(at: &FormFields) -> AnyView {
    view! {
        <fieldset class="fields-of">
            <legend>"Labels, metadata and configuration"</legend>
            <LinesField
                field=at.of("labels")
                label="Labels"
                placeholder="team = payments"
                hint="key = value, one a line."
            />
            <LinesField
                field=at.of("metadata")
                label="Metadata"
                placeholder="key = value"
                hint="key = value, one a line. Readable by everything on the VM: no secrets."
            />
            <LinesField
                field=at.of("custom_config")
                label="Configuration of the agent"
                placeholder="{\"log_level\": \"info\"}"
                hint="A JSON text. It stands in the VM's metadata as agent-config, for what runs there. No secrets."
            />
        </fieldset>
    }
    .into_any()
}

fn yes_no(default: bool) -> Vec<(String, String)> {
    choices(&format!("As the environment: {}", if default { "yes" } else { "no" }))
}

fn choices(default: &str) -> Vec<(String, String)> {
    options([(INHERIT, default), (YES, "Yes"), (NO, "No")])
}
