//! Rules of what hangs on VMs: labels, network tags and metadata.

use std::collections::BTreeMap;

use super::{Findings, Rule, Scope};
use crate::{derive, name};

/// Of one VM: <https://cloud.google.com/compute/docs/labeling-resources>, <https://cloud.google.com/vpc/docs/add-remove-network-tags>
const MOST_LABELS: usize = 64;
const MOST_TAGS: usize = 64;
/// Bytes. A key has less than 128: <https://cloud.google.com/compute/docs/reference/rest/v1/Metadata>
const LONGEST_METADATA_KEY: usize = 127;
/// <https://cloud.google.com/compute/docs/metadata/setting-custom-metadata>
const LONGEST_METADATA_VALUE: usize = 256 * 1024;
const MOST_METADATA: usize = 512 * 1024;

pub(super) fn check(scope: &Scope<'_>, findings: &mut Findings) {
    let environment = &scope.spec.environment;
    labels("labels", &environment.labels, findings);
    tags("network_tags", &environment.network_tags, findings);
    for (index, declared) in scope.spec.agent_vm_templates.iter().enumerate() {
        let at = |attribute: &str| format!("agent_vm_templates[{index}].{attribute}");
        labels(&at("labels"), &declared.labels, findings);
        tags(&at("additional_tags"), &declared.additional_tags, findings);
        metadata(&at("metadata"), &declared.metadata, findings);
        if let Some(config) = &declared.custom_config
            && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(config)
        {
            findings.breaks(
                Rule::CustomConfigJson,
                at("custom_config"),
                format!("it is no JSON text: {error}; write it with jsonencode({{…}})"),
            );
        }
        // Counted with what the product adds.
        let Some(template) = scope.version_of(&declared.name) else { continue };
        if template.labels.len() > MOST_LABELS {
            let message =
                format!("the VM would have {} labels: at most {MOST_LABELS}", template.labels.len());
            findings.breaks(Rule::LabelSyntax, at("labels"), message);
        }
        if template.tags.len() > MOST_TAGS {
            let message =
                format!("the VM would have {} network tags: at most {MOST_TAGS}", template.tags.len());
            findings.breaks(Rule::TagSyntax, at("additional_tags"), message);
        }
        let bytes: usize = template.metadata.iter().map(|(key, value)| key.len() + value.len()).sum();
        if bytes > MOST_METADATA {
            let message = format!("the VM's metadata would have {bytes} bytes: at most {MOST_METADATA}");
            findings.breaks(Rule::Metadata, at("metadata"), message);
        }
    }
    for (index, pool) in scope.spec.agent_pools.iter().enumerate() {
        labels(&format!("agent_pools[{index}].labels"), &pool.labels, findings);
    }
    for (key, rule) in &scope.spec.firewall_rules {
        tags(&format!("firewall_rules[\"{key}\"].source_tags"), &rule.source_tags, findings);
        tags(&format!("firewall_rules[\"{key}\"].target_tags"), &rule.target_tags, findings);
    }
}

fn labels(attribute: &str, labels: &BTreeMap<String, String>, findings: &mut Findings) {
    for (key, value) in labels {
        let attribute = format!("{attribute}[\"{key}\"]");
        if !name::is_label_key(key) {
            findings.breaks(
                Rule::LabelSyntax,
                attribute,
                format!("`{key}` is no label's key: a lower-case letter, then letters, digits, _ and -, at most 63"),
            );
        } else if !name::is_label_value(value) {
            let message =
                format!("`{value}` is no label's value: lower-case letters, digits, _ and -, at most 63");
            findings.breaks_with_fix(Rule::LabelSyntax, attribute, message, name::to_label_value(value));
        }
    }
}

fn tags(attribute: &str, tags: &[String], findings: &mut Findings) {
    for (index, tag) in tags.iter().enumerate() {
        if !name::is_rfc1035(tag) {
            let message =
                format!("`{tag}` is no network tag: lower-case letters, digits and hyphens, at most 63");
            findings.add(Rule::TagSyntax, format!("{attribute}[{index}]"), message, name::to_rfc1035(tag));
        }
    }
}

fn metadata(attribute: &str, metadata: &BTreeMap<String, String>, findings: &mut Findings) {
    for (key, value) in metadata {
        let attribute = format!("{attribute}[\"{key}\"]");
        let well_formed = !key.is_empty()
            && key.len() <= LONGEST_METADATA_KEY
            && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if let Some((_, setting)) = derive::OWN_METADATA.iter().find(|(own, _)| own == key) {
            let instead = if setting.is_empty() {
                "it is always set".to_owned()
            } else {
                format!("declare `{setting}` instead")
            };
            findings.breaks(
                Rule::MetadataReserved,
                attribute,
                format!("the product sets `{key}`: {instead}"),
            );
        } else if !well_formed {
            let message = format!(
                "`{key}` is no metadata key: letters, digits, _ and -, at most {LONGEST_METADATA_KEY}"
            );
            findings.breaks(Rule::Metadata, attribute, message);
        } else if value.len() > LONGEST_METADATA_VALUE {
            let message = format!("the value has {} bytes: at most {LONGEST_METADATA_VALUE}", value.len());
            findings.breaks(Rule::Metadata, attribute, message);
        }
    }
}
