//! What a plan says of the key that disks are encrypted with.

use domain::{
    FleetSpec,
    firewall::Severity,
    plan::{Note, plan},
};

use crate::examples::{basic, nothing, now};

fn said(desired: &FleetSpec) -> Vec<Note> {
    let mut notes = plan(desired, &nothing(), now()).notes;
    notes.retain(|note| note.attribute.ends_with("disk_encryption_key"));
    notes
}

#[test]
fn a_guarded_environment_is_asked_for_a_key_of_its_own() {
    let mut desired = basic();
    assert_eq!(said(&desired)[0].severity, Severity::Info);
    for name in ["production", "staging"] {
        desired.environment.environment = name.to_owned();
        let notes = said(&desired);
        assert_eq!((notes.len(), notes[0].severity), (1, Severity::Warning), "{name}");
        assert!(
            notes[0].message.ends_with("a guarded environment should have a key of its own"),
            "{notes:?}"
        );
    }
    let key = "projects/p/locations/us-central1/keyRings/agents/cryptoKeys/disks";
    desired.environment.disk_encryption_key = Some(key.to_owned());
    assert_eq!(said(&desired), []);
}

#[test]
fn a_key_that_encryption_does_not_use_is_no_reason_to_ask_for_one() {
    let mut desired = basic();
    desired.environment.environment = "production".to_owned();
    desired.environment.enable_disk_encryption = false;
    assert_eq!(said(&desired), []);
}
