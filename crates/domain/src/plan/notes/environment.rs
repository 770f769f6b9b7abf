//! Notes on the environment's own attributes.

use super::{Note, Scope, listed, note};
use crate::{derive::ZoneSource, environment::Tier, firewall::Severity, fleet::default_firewall_rules};

pub(super) fn notes(scope: &Scope<'_>, notes: &mut Vec<Note>) {
    let environment = &scope.spec.environment;
    let zones = listed(&scope.zones.zones);
    match scope.zones.source {
        ZoneSource::Api => note(
            notes,
            "zones",
            format!(
                "not set: new pools take all zones that Compute Engine has in {}: {zones}",
                environment.region
            ),
        ),
        ZoneSource::Table => note(
            notes,
            "zones",
            format!(
                "not set: new pools take all zones of {}, as the built-in table has them while Compute Engine was not asked: {zones}",
                environment.region
            ),
        ),
        ZoneSource::Declared | ZoneSource::Unknown => {}
    }
    match (&environment.disk_encryption_key, environment.enable_disk_encryption) {
        (None, true) if environment.tier() == Tier::Guarded => notes.push(Note {
            attribute: "disk_encryption_key".to_owned(),
            message: "not set: disks are encrypted with keys that Google manages, and a guarded environment should have a key of its own"
                .to_owned(),
            severity: Severity::Warning,
        }),
        (None, true) => {
            note(notes, "disk_encryption_key", "not set: disks are encrypted with keys that Google manages")
        }
        (Some(_), false) => note(
            notes,
            "enable_disk_encryption",
            "off: disk_encryption_key is not used, and disks are encrypted with keys that Google manages",
        ),
        (Some(_), true) | (None, false) => {}
    }
    if environment.agent_cage_version == "latest" {
        note(
            notes,
            "agent_cage_version",
            "`latest` is no version: two VMs of one template may run different ones, and no plan shows the change",
        );
    }
    if scope.spec.firewall_rules == default_firewall_rules() {
        note(
            notes,
            "firewall_rules",
            "the default rules: tcp 8080, 9090 and 22 from 10.0.0.0/8 to VMs tagged agent-vm",
        );
    }
}
