//! Where people and agents reach us.

use std::{net::SocketAddr, path::PathBuf};

use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    pub listen: SocketAddr,
    /// Scheme, host and port as browsers and agents see them, without a trailing slash.
    pub public_url: String,
    /// What `cargo xtask build` made: `pkg/` with wasm, glue and style.
    pub site_root: PathBuf,
}

impl HttpConfig {
    /// The host's name in the public URL.
    pub fn public_host(&self) -> &str {
        let rest = self.public_url.split_once("://").map_or(self.public_url.as_str(), |(_, rest)| rest);
        rest.split(['/', ':']).next().unwrap_or(rest)
    }

    pub fn is_local(&self) -> bool {
        matches!(self.public_host(), "localhost" | "127.0.0.1")
    }
}
