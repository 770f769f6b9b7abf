//! When the mass-failure brake is put on, and who is told of incidents outside of the app.

use std::path::PathBuf;

use anyhow::Context as _;
use control::webhook::Target;
use domain::brake::BrakePolicy;
use serde::Deserialize;

use super::read_secret;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertsConfig {
    pub brake: BrakePolicy,
    /// Gets a POST for each incident that opens or closes.
    pub webhook_url: Option<String>,
    /// At least 32 bytes that the receiver has too, mode 0600: each POST is signed with it.
    pub webhook_secret_file: Option<PathBuf>,
}

impl AlertsConfig {
    pub fn check(&self) -> anyhow::Result<()> {
        self.brake.check().map_err(|why| anyhow::anyhow!("alerts.brake: {why}"))?;
        anyhow::ensure!(
            self.webhook_url.is_some() == self.webhook_secret_file.is_some(),
            "alerts.webhook_url and alerts.webhook_secret_file belong together: set both or none"
        );
        Ok(())
    }

    pub fn target(&self) -> anyhow::Result<Option<Target>> {
        let (Some(url), Some(file)) = (&self.webhook_url, &self.webhook_secret_file) else { return Ok(None) };
        let secret = read_secret(file)?;
        let target = Target::new(url, &secret).map_err(|why| anyhow::anyhow!(why));
        target.context("alerts.webhook_url cannot be used").map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_without_its_secret_and_a_brake_that_flaps_are_refused() {
        let lonely = AlertsConfig { webhook_url: Some("https://a/".into()), ..AlertsConfig::default() };
        assert!(lonely.check().unwrap_err().to_string().contains("webhook_secret_file"));
        let mut flapping = AlertsConfig::default();
        flapping.brake.release_percent = 90;
        assert!(flapping.check().unwrap_err().to_string().contains("release_percent"));
        AlertsConfig::default().check().unwrap();
    }
}
