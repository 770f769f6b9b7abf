//! What a plan decided or warns of.

use super::{Action, Note};
use crate::{FleetSpec, ObservedFleet, Timestamp, resource::ResourceSet};

pub(super) fn notes(
    _desired: &FleetSpec,
    _wanted: &ResourceSet,
    _observed: &ObservedFleet,
    _actions: &[Action],
    _now: Timestamp,
) -> Vec<Note> {
    Vec::new()
}
