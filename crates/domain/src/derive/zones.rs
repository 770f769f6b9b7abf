//! Which zones a declaration means.

use crate::{FleetSpec, observed::Location, region};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneSource {
    /// `zones` names them.
    Declared,
    /// Compute Engine told the region's zones.
    Api,
    /// Compute Engine was not asked: the table in [`crate::region`].
    Table,
    /// Neither names a zone of the region.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveZones {
    /// Sorted, each once.
    pub zones: Vec<String>,
    pub source: ZoneSource,
}

/// The declared zones or, where none are, all of the region.
pub fn zones(spec: &FleetSpec, location: Option<&Location>) -> EffectiveZones {
    let declared = &spec.environment.zones;
    if !declared.is_empty() {
        return EffectiveZones { zones: sorted(declared), source: ZoneSource::Declared };
    }
    if let Some(location) = location.filter(|location| !location.zones.is_empty()) {
        return EffectiveZones { zones: location.zones.iter().cloned().collect(), source: ZoneSource::Api };
    }
    match region::zones_of(&spec.environment.region) {
        Some(zones) => EffectiveZones { zones, source: ZoneSource::Table },
        None => EffectiveZones { zones: Vec::new(), source: ZoneSource::Unknown },
    }
}

pub(super) fn sorted(zones: &[String]) -> Vec<String> {
    let mut zones = zones.to_vec();
    zones.sort();
    zones.dedup();
    zones
}
