//! What a plan decided by itself, or warns of. Notes stop nothing.

mod environment;
mod firewall;
mod pools;
mod quotas;
mod templates;

use super::{Action, Note, retire::idle};
use crate::{FleetSpec, ObservedFleet, Timestamp, derive, firewall::Severity, resource::ResourceSet};

/// A reading of Compute Engine older than this is said with the plan. Reconcilers read every few seconds.
const STALE_AFTER_SECONDS: i64 = 300;

/// What the notes look at.
struct Scope<'a> {
    spec: &'a FleetSpec,
    wanted: &'a ResourceSet,
    observed: &'a ObservedFleet,
    zones: derive::EffectiveZones,
    actions: &'a [Action],
}

pub(super) fn notes(
    spec: &FleetSpec,
    wanted: &ResourceSet,
    observed: &ObservedFleet,
    actions: &[Action],
    now: Timestamp,
) -> Vec<Note> {
    let zones = derive::zones(spec, observed.location.as_ref());
    let scope = Scope { spec, wanted, observed, zones, actions };
    let mut notes = Vec::new();
    age(observed, now, &mut notes);
    environment::notes(&scope, &mut notes);
    templates::notes(&scope, &mut notes);
    pools::notes(&scope, &mut notes);
    quotas::notes(&scope, &mut notes);
    firewall::notes(&scope, &mut notes);
    for action in idle(wanted, observed) {
        let name = action.step.name();
        note(
            &mut notes,
            "agent_vm_templates",
            format!(
                "{name} is a version that is neither declared nor used: it is deleted apart from this plan"
            ),
        );
    }
    notes
}

fn note(notes: &mut Vec<Note>, attribute: impl Into<String>, message: impl Into<String>) {
    notes.push(Note { attribute: attribute.into(), message: message.into(), severity: Severity::Info });
}

fn age(observed: &ObservedFleet, now: Timestamp, notes: &mut Vec<Note>) {
    match observed.observed_at {
        None => note(
            notes,
            "project_id",
            "Compute Engine was not read for this environment: the plan is made as though nothing existed",
        ),
        Some(at) if (now - at).num_seconds() > STALE_AFTER_SECONDS => note(
            notes,
            "project_id",
            format!("Compute Engine was last read at {at:?}: the plan may miss what changed since"),
        ),
        Some(_) => {}
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [head @ .., last] => {
            let head: Vec<&str> = head.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", head.join(", "), last.as_ref())
        }
    }
}
