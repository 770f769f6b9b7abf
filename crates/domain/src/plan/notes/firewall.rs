//! Notes on what firewall rules do together, those of [`crate::firewall::warnings`].

use super::{Note, Scope};
use crate::firewall::warnings;

pub(super) fn notes(scope: &Scope<'_>, notes: &mut Vec<Note>) {
    for warning in warnings(&scope.spec.environment.name_prefix, scope.wanted) {
        notes.push(Note {
            attribute: match warning.rule {
                Some(key) => format!("firewall_rules[\"{key}\"]"),
                None => "firewall_rules".to_owned(),
            },
            message: warning.message,
            severity: warning.severity,
        });
    }
}
