//! What differs between two versions of an instance template, by the attributes' declared names: why a group's VMs
//! are replaced. Never whether they are: the versions' names decide that.

use std::collections::{BTreeMap, BTreeSet};

use super::{FieldChange, compare::Comparison};
use crate::resource::{Disk, InstanceTemplate};

/// Nothing where both have the same content.
pub fn instance_template(before: &InstanceTemplate, after: &InstanceTemplate) -> Vec<FieldChange> {
    let mut comparison = Comparison::default();
    comparison.reference("machine_type", &before.machine_type, &after.machine_type);
    comparison.reference("source_image", &before.source_image, &after.source_image);
    disk(&mut comparison, "disk_size_gb", Some(&before.boot_disk), Some(&after.boot_disk));
    comparison.reference("disk_type", &before.boot_disk.disk_type, &after.boot_disk.disk_type);
    key(&mut comparison, &before.boot_disk, &after.boot_disk);
    disk(&mut comparison, "workspace_size_gb", before.workspace_disk.as_ref(), after.workspace_disk.as_ref());
    comparison.reference("network_id", &before.network, &after.network);
    comparison.reference("subnet_id", &before.subnetwork, &after.subnetwork);
    comparison.field("enable_external_ip", &before.external_ip, &after.external_ip);
    comparison.optional(
        "service_account_email",
        before.service_account.as_ref(),
        after.service_account.as_ref(),
    );
    comparison.set("scopes", set(&before.scopes), set(&after.scopes));
    comparison.set("network_tags", before.tags.clone(), after.tags.clone());
    entries(&mut comparison, "labels", &before.labels, &after.labels);
    entries(&mut comparison, "metadata", &before.metadata, &after.metadata);
    comparison.field("preemptible", &before.scheduling.spot, &after.scheduling.spot);
    comparison.field(
        "automatic_restart",
        &before.scheduling.automatic_restart,
        &after.scheduling.automatic_restart,
    );
    comparison.field("enable_secure_boot", &before.shielded.secure_boot, &after.shielded.secure_boot);
    comparison.field("enable_vtpm", &before.shielded.vtpm, &after.shielded.vtpm);
    comparison.field(
        "enable_integrity_monitoring",
        &before.shielded.integrity_monitoring,
        &after.shielded.integrity_monitoring,
    );
    comparison.field("enable_confidential_compute", &before.confidential, &after.confidential);
    comparison.set("resource_policies", set(&before.resource_policies), set(&after.resource_policies));
    comparison.field("description", &before.description, &after.description);
    comparison.done()
}

fn set(items: &[String]) -> BTreeSet<String> {
    items.iter().cloned().collect()
}

fn disk(comparison: &mut Comparison, attribute: &str, before: Option<&Disk>, after: Option<&Disk>) {
    comparison.optional(attribute, before.map(|disk| &disk.size_gb), after.map(|disk| &disk.size_gb));
}

/// The API answers with the key's version, the declaration names the key.
fn key(comparison: &mut Comparison, before: &Disk, after: &Disk) {
    fn without_version(key: &str) -> String {
        key.split("/cryptoKeyVersions/").next().unwrap_or(key).to_owned()
    }
    let (before, after) =
        (before.kms_key.as_deref().map(without_version), after.kms_key.as_deref().map(without_version));
    comparison.optional("disk_encryption_key", before.as_ref(), after.as_ref());
}

fn entries(
    comparison: &mut Comparison,
    attribute: &str,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let (before, after) = (before.get(key), after.get(key));
        if before != after {
            let named = format!("{attribute}[\"{key}\"]");
            comparison.push(
                &named,
                before.map(|value| shortened(value)),
                after.map(|value| shortened(value)),
            );
        }
    }
}

/// A script is not worth its lines in a list of differences.
pub fn shortened(value: &str) -> String {
    const LONGEST: usize = 120;
    let lines = value.lines().count();
    if lines <= 1 && value.chars().count() <= LONGEST {
        value.to_owned()
    } else {
        format!("({lines} lines, {} bytes)", value.len())
    }
}
