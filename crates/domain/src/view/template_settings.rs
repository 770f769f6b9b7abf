//! A template's attributes as they are in force: its own, or its environment's defaults.

use super::template::TemplateSetting;
use crate::{derive::short_scope, environment::EnvironmentSpec, machine_type, template::TemplateSpec};

/// In the order in which a person asks for them.
pub(super) fn template_settings(
    environment: &EnvironmentSpec,
    template: &TemplateSpec,
) -> Vec<TemplateSetting> {
    let mut settings = Vec::new();
    let mut add = |name: &str, value: String, inherited: bool| {
        settings.push(TemplateSetting { name: name.to_owned(), value, inherited });
    };
    let or = |own: &Option<String>, default: &str| own.clone().unwrap_or_else(|| default.to_owned());
    add(
        "Machine type",
        machine(&or(&template.machine_type, &environment.default_agent_machine_type)),
        template.machine_type.is_none(),
    );
    add(
        "Image",
        or(&template.source_image, &environment.default_agent_image),
        template.source_image.is_none(),
    );
    let size = template.disk_size_gb.unwrap_or(environment.default_disk_size_gb);
    add("Boot disk", format!("{size} GB {}", template.disk_type), template.disk_size_gb.is_none());
    let workspace = match template.enable_workspace_disk {
        true => format!("{} GB {}", template.workspace_size_gb, template.disk_type),
        false => "none".to_owned(),
    };
    add("Workspace disk", workspace, false);
    let external = template.enable_external_ip.unwrap_or(environment.default_enable_external_ip);
    add("External address", yes_or_no(external), template.enable_external_ip.is_none());
    let account = environment.default_agent_service_account.as_deref();
    add(
        "Service account",
        or(&template.service_account_email, account.unwrap_or("the project's default account")),
        template.service_account_email.is_none(),
    );
    let scopes = template.scopes.as_ref().unwrap_or(&environment.default_agent_scopes);
    let scopes: Vec<String> = scopes.iter().map(|scope| short_scope(scope).to_owned()).collect();
    add("Scopes", listed(&scopes), template.scopes.is_none());
    let spot = template.preemptible.unwrap_or(environment.default_preemptible);
    add("Provisioning", if spot { "Spot" } else { "standard" }.to_owned(), template.preemptible.is_none());
    add("Restarts by itself", yes_or_no(template.automatic_restart.unwrap_or(!spot)), false);
    add("Confidential", yes_or_no(template.enable_confidential_compute), false);
    add("Additional tags", listed(&template.additional_tags), false);
    let entries = |entries: &std::collections::BTreeMap<String, String>| {
        listed(&entries.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>())
    };
    add("Labels", entries(&template.labels), false);
    add("Metadata", entries(&template.metadata), false);
    add("Configuration", template.custom_config.clone().unwrap_or_else(|| "none".to_owned()), false);
    settings
}

/// `e2-standard-2: 2 vCPU, 8 GB`.
fn machine(name: &str) -> String {
    match machine_type::parse(name).map(|parsed| parsed.size) {
        Ok(Some((vcpus, mib))) => format!("{name}: {vcpus} vCPU, {} GB", machine_type::gib(mib)),
        _ => name.to_owned(),
    }
}

fn yes_or_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

fn listed(items: &[String]) -> String {
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AgentType;

    #[test]
    fn what_is_inherited_is_said_so() {
        let environment = EnvironmentSpec::new("acme-agents", "europe-west1", "dev", "v", "s");
        let mut template = TemplateSpec::new("web", AgentType::BackendDeveloper);
        template.machine_type = Some("n2-standard-4".into());
        template.labels.insert("team".into(), "a".into());
        let settings = template_settings(&environment, &template);
        let of = |name: &str| {
            let setting = settings.iter().find(|setting| setting.name == name).unwrap();
            (setting.value.as_str(), setting.inherited)
        };
        assert_eq!(of("Machine type"), ("n2-standard-4: 4 vCPU, 16 GB", false));
        assert_eq!(of("Image"), ("ubuntu-os-cloud/ubuntu-2204-lts", true));
        assert_eq!(of("Boot disk"), ("20 GB pd-ssd", true));
        assert_eq!(of("Scopes"), ("cloud-platform, compute, monitoring, logging.write", true));
        assert_eq!(of("Labels"), ("team=a", false));
        assert_eq!(of("Service account"), ("the project's default account", true));
    }
}
