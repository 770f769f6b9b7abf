//! A declared template as Compute Engine holds it: one immutable version, named by its content.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{expand_scope, startup_script::startup_script};
use crate::{
    environment::EnvironmentSpec,
    name,
    resource::{Disk, InstanceTemplate, MaintenancePolicy, Scheduling, Shielded},
    template::TemplateSpec,
};

pub(super) fn instance_template(environment: &EnvironmentSpec, declared: &TemplateSpec) -> InstanceTemplate {
    let disk = |size_gb: u32| Disk {
        size_gb,
        disk_type: declared.disk_type.clone(),
        kms_key: environment.disk_encryption_key.clone().filter(|_| environment.enable_disk_encryption),
    };
    let mut template = InstanceTemplate {
        name: String::new(),
        description: format!(
            "Template {} of {} agents in environment {}",
            declared.name, declared.agent_type, environment.environment
        ),
        machine_type: text(&declared.machine_type, &environment.default_agent_machine_type),
        source_image: text(&declared.source_image, &environment.default_agent_image),
        boot_disk: disk(declared.disk_size_gb.unwrap_or(environment.default_disk_size_gb)),
        workspace_disk: declared.enable_workspace_disk.then(|| disk(declared.workspace_size_gb)),
        network: environment.network_id.clone(),
        subnetwork: environment.subnet_id.clone(),
        external_ip: declared.enable_external_ip.unwrap_or(environment.default_enable_external_ip),
        service_account: declared
            .service_account_email
            .clone()
            .or_else(|| environment.default_agent_service_account.clone()),
        scopes: scopes(declared.scopes.as_ref().unwrap_or(&environment.default_agent_scopes)),
        tags: tags(environment, declared),
        labels: labels(environment, declared),
        metadata: metadata(environment, declared),
        scheduling: scheduling(environment, declared),
        shielded: Shielded {
            secure_boot: environment.enable_secure_boot,
            vtpm: environment.enable_vtpm,
            integrity_monitoring: environment.enable_integrity_monitoring,
        },
        confidential: declared.enable_confidential_compute,
        resource_policies: environment.resource_policies.clone(),
    };
    template.name =
        name::instance_template(&environment.name_prefix, &declared.name, &content_digest(&template));
    template
}

fn text(own: &Option<String>, default: &str) -> String {
    own.clone().unwrap_or_else(|| default.to_owned())
}

/// As URLs, each once, in the declared order. What is no scope stays as it is, for the rules to name.
fn scopes(declared: &[String]) -> Vec<String> {
    let mut scopes: Vec<String> = Vec::new();
    for scope in declared {
        let scope = expand_scope(scope).unwrap_or_else(|| scope.clone());
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes
}

fn tags(environment: &EnvironmentSpec, declared: &TemplateSpec) -> BTreeSet<String> {
    let ours = [
        "agent-vm".to_owned(),
        format!("agent-{}", declared.agent_type),
        format!("environment-{}", environment.environment),
        "genesis-managed".to_owned(),
    ];
    environment.network_tags.iter().chain(&declared.additional_tags).cloned().chain(ours).collect()
}

/// The nearer declaration wins, and the two that other parts of the product read win over all.
fn labels(environment: &EnvironmentSpec, declared: &TemplateSpec) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::from(
        [
            ("managed_by", "agent-manager"),
            ("module", "vm-management"),
            ("environment", &environment.environment),
            ("component", "agent-vm"),
            ("purpose", "agent-runtime"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned())),
    );
    labels.extend(environment.labels.clone());
    labels.extend(declared.labels.clone());
    labels.insert("agent_type".to_owned(), declared.agent_type.to_string());
    labels.insert("vm_role".to_owned(), "agent-runtime".to_owned());
    labels
}

/// Keys that the product sets: a declared value of these is refused by the rules, not overwritten in silence.
pub(crate) const OWN_METADATA: &[(&str, &str)] = &[
    ("agent-cage-version", "agent_cage_version"),
    ("agent-config", "custom_config"),
    ("agent-environment", "environment"),
    ("agent-type", "agent_type"),
    ("enable-oslogin", ""),
    ("genesis-managed", ""),
    ("startup-script", "agent_startup_script_url"),
    ("startup-script-url", "agent_startup_script_url"),
];

fn metadata(environment: &EnvironmentSpec, declared: &TemplateSpec) -> BTreeMap<String, String> {
    let mut metadata = declared.metadata.clone();
    let mut set = |key: &str, value: String| metadata.insert(key.to_owned(), value);
    set("enable-oslogin", "TRUE".to_owned());
    set("agent-type", declared.agent_type.to_string());
    set("agent-environment", environment.environment.clone());
    set("agent-cage-version", environment.agent_cage_version.clone());
    set("genesis-managed", "true".to_owned());
    if environment.agent_startup_script_url.is_empty() {
        set("startup-script", startup_script(declared.agent_type, environment.enable_monitoring));
    } else {
        set("startup-script-url", environment.agent_startup_script_url.clone());
    }
    if let Some(config) = &declared.custom_config {
        set("agent-config", config.clone());
    }
    metadata
}

/// Spot VMs and confidential VMs cannot move to another host while it is maintained.
fn scheduling(environment: &EnvironmentSpec, declared: &TemplateSpec) -> Scheduling {
    let spot = declared.preemptible.unwrap_or(environment.default_preemptible);
    let terminate = spot || declared.enable_confidential_compute;
    Scheduling {
        spot,
        automatic_restart: declared.automatic_restart.unwrap_or(!spot),
        on_host_maintenance: if terminate {
            MaintenancePolicy::Terminate
        } else {
            MaintenancePolicy::Migrate
        },
    }
}

/// The first digits of SHA-256 over the template's canonical JSON, its name left out.
pub(crate) fn content_digest(template: &InstanceTemplate) -> String {
    let mut content = serde_json::to_value(template).unwrap_or_default();
    if let Value::Object(fields) = &mut content {
        fields.remove("name");
    }
    let mut canonical = String::new();
    write_canonical(&mut canonical, &content);
    let digest = Sha256::digest(canonical.as_bytes());
    let mut hex = String::new();
    for byte in digest.iter().take(name::TEMPLATE_DIGEST_DIGITS / 2) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// JSON with sorted keys and without what is not set: the order of our fields, a new optional one, or how serde_json
/// is built must never give an unchanged template another name, because that would replace every VM.
fn write_canonical(out: &mut String, value: &Value) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().filter(|(_, value)| !value.is_null()).collect();
            fields.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (index, (key, value)) in fields.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                let _ = write!(out, "{}:", Value::from(key.as_str()));
                write_canonical(out, value);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_canonical(out, item);
            }
            out.push(']');
        }
        scalar => {
            let _ = write!(out, "{scalar}");
        }
    }
}
