//! Postgres. A password belongs in a `.pgpass` file or the platform's identity, never in the URL.

use serde::Deserialize;

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    pub url: String,
    #[serde(default = "max_connections")]
    pub max_connections: u32,
}

/// Two per core and some for the listener, on a small machine.
const fn max_connections() -> u32 {
    16
}

/// A URL may hold a password all the same, so it is never printed.
impl std::fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseConfig")
            .field("max_connections", &self.max_connections)
            .finish_non_exhaustive()
    }
}
