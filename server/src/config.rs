//! The server's configuration: one TOML file, read once, passed down. No secret stands in it, only the files that hold them.

mod agents;
mod alerts;
mod approvals;
mod compute;
mod database;
mod http;
mod sign_in;

use std::{fs, path::Path};

use anyhow::Context as _;
use serde::Deserialize;

pub use agents::AgentsConfig;
pub use alerts::AlertsConfig;
pub use approvals::ApprovalsConfig;
pub use compute::ComputeConfig;
pub use database::DatabaseConfig;
pub use http::HttpConfig;
pub use sign_in::SignInConfig;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub http: HttpConfig,
    pub database: DatabaseConfig,
    pub sign_in: SignInConfig,
    #[serde(default)]
    pub compute: ComputeConfig,
    pub agents: AgentsConfig,
    #[serde(default)]
    pub approvals: ApprovalsConfig,
    #[serde(default)]
    pub alerts: AlertsConfig,
}

impl Config {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is not a configuration", path.display()))
    }

    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let config: Self = toml::from_str(text)?;
        config.sign_in.check(&config.http)?;
        config.approvals.check()?;
        config.alerts.check()?;
        Ok(config)
    }
}

/// A file that holds one secret; readable by us alone.
pub fn read_secret(path: &Path) -> anyhow::Result<Vec<u8>> {
    let meta = fs::metadata(path).with_context(|| format!("cannot read the secret in {}", path.display()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        anyhow::ensure!(
            meta.permissions().mode() & 0o077 == 0,
            "{} can be read by others: chmod 600 it",
            path.display()
        );
    }
    anyhow::ensure!(meta.len() <= 64 * 1024, "{} is too large for a secret", path.display());
    fs::read(path).with_context(|| format!("cannot read the secret in {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [http]
        listen = "127.0.0.1:3000"
        public_url = "http://localhost:3000"
        site_root = "target/site"
        [database]
        url = "postgres://agent_manager@localhost/agent_manager"
        [sign_in]
        issuer = "http://localhost:4000"
        client_id = "agent-manager"
        development = true
        [compute]
        endpoint = "http://127.0.0.1:5000"
        [agents]
        jwks_url = "http://127.0.0.1:5000/oauth2/v3/certs"
        credential_key_file = "agent-credential.key"
    "#;

    #[test]
    fn the_development_configuration_is_read() {
        let config = Config::parse(GOOD).unwrap();
        assert_eq!(config.http.listen.port(), 3000);
        assert!(config.sign_in.development);
    }

    #[test]
    fn an_unknown_field_is_named() {
        let error = Config::parse(&GOOD.replace("client_id", "clientid")).unwrap_err();
        assert!(format!("{error:#}").contains("clientid"), "{error:#}");
    }

    #[test]
    fn development_sign_in_is_refused_on_a_public_host() {
        let text = GOOD
            .replace("public_url = \"http://localhost:3000\"", "public_url = \"https://fleet.example.com\"");
        assert!(Config::parse(&text).unwrap_err().to_string().contains("development"));
    }

    #[test]
    fn groups_are_read_and_a_nameless_person_is_not() {
        let config =
            Config::parse(&format!("{GOOD}\n[approvals.groups]\nsre = [\"mara\", \"wen\"]\n")).unwrap();
        assert_eq!(config.approvals.groups.unwrap()["sre"].len(), 2);
        let error = Config::parse(&format!("{GOOD}\n[approvals.groups]\nsre = [\"\"]\n")).unwrap_err();
        assert!(error.to_string().contains("approvals.groups"), "{error:#}");
        assert!(Config::parse(GOOD).unwrap().approvals.groups.is_none());
    }

    #[test]
    fn plain_http_is_refused_outside_development() {
        let text = GOOD.replace("development = true", "development = false");
        assert!(Config::parse(&text).unwrap_err().to_string().contains("https"));
    }
}
