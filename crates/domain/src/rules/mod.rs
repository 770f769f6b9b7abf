//! The rules of Compute Engine that a declaration must keep.

use crate::{FleetSpec, ObservedFleet, plan::Violation};

pub fn check(_desired: &FleetSpec, _observed: &ObservedFleet) -> Vec<Violation> {
    Vec::new()
}
