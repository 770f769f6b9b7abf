//! Compute Engine.

use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComputeConfig {
    /// Absent: Google's own, with application default credentials. Otherwise the emulator's URL.
    pub endpoint: Option<String>,
}
