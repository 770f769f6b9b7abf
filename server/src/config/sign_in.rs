//! The OpenID Connect issuer that people sign in with.

use std::{path::PathBuf, time::Duration};

use anyhow::ensure;
use serde::Deserialize;

use super::HttpConfig;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInConfig {
    pub issuer: String,
    pub client_id: String,
    pub client_secret_file: Option<PathBuf>,
    /// Accepts the development issuer, where anybody may be anyone. Only on localhost.
    #[serde(default)]
    pub development: bool,
    /// Hours after which a person signs in again, however busy they were.
    #[serde(default = "session_hours")]
    pub session_hours: u32,
}

/// A working day with its breaks.
const fn session_hours() -> u32 {
    12
}

impl SignInConfig {
    /// Of a session.
    pub fn lifetime(&self) -> Duration {
        Duration::from_secs(u64::from(self.session_hours) * 3600)
    }

    pub fn check(&self, http: &HttpConfig) -> anyhow::Result<()> {
        if self.development {
            ensure!(
                http.is_local(),
                "sign_in.development is for localhost only, and http.public_url is {}",
                http.public_url
            );
        } else {
            ensure!(http.public_url.starts_with("https://"), "http.public_url must begin with https://");
            ensure!(self.issuer.starts_with("https://"), "sign_in.issuer must begin with https://");
        }
        Ok(())
    }
}
