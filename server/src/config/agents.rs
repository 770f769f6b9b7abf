//! How agents prove who they are.

use std::path::PathBuf;

use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentsConfig {
    /// The keys that sign VMs' identity tokens. Google's, or the emulator's: never both.
    #[serde(default = "google")]
    pub jwks_url: String,
    /// At least 32 random bytes, mode 0600; the same in all replicas.
    pub credential_key_file: PathBuf,
}

fn google() -> String {
    "https://www.googleapis.com/oauth2/v3/certs".to_owned()
}
