//! The two calls to the control plane: enrolment and heartbeat, as docs/agent-protocol.md words them.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Client, Response};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::commands::Acknowledgement;
use crate::load::{Load, Status};
use crate::wire::{self, WireError};

/// The version this agent reports: its own, not the one the template asked for.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Faster would be a storm, slower would look like death.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(20);
const LONGEST_INTERVAL: Duration = Duration::from_secs(300);

/// Short-lived proof of an earlier enrolment.
#[derive(Deserialize)]
pub(crate) struct Enrolled {
    pub(crate) credential: String,
    pub(crate) expires_at: DateTime<Utc>,
    /// Whole seconds from a control plane; fractions are understood so that a rehearsal can be quick.
    #[serde(default)]
    heartbeat_interval_seconds: Option<f64>,
}

impl Enrolled {
    /// The interval the control plane asks for, held within sane bounds.
    pub(crate) fn interval(&self) -> Option<Duration> {
        let asked = Duration::try_from_secs_f64(self.heartbeat_interval_seconds?).ok()?;
        Some(asked.clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL))
    }
}

impl fmt::Debug for Enrolled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolled").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

#[derive(Debug, Serialize)]
struct Enrolment<'a> {
    identity_token: &'a str,
    boot_id: Uuid,
    version: &'a str,
}

#[derive(Debug, Serialize)]
pub(crate) struct Heartbeat<'a> {
    pub(crate) boot_id: Uuid,
    pub(crate) sequence: u64,
    pub(crate) uptime_seconds: u64,
    pub(crate) version: &'a str,
    pub(crate) status: Status,
    pub(crate) agent_type: &'a str,
    pub(crate) environment: &'a str,
    pub(crate) metrics: Load,
    #[serde(skip_serializing_if = "<[Acknowledgement]>::is_empty")]
    pub(crate) acknowledged: &'a [Acknowledgement],
}

/// What the control plane asks for in its answer to a heartbeat.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: String,
    /// A word, not a choice: a newer control plane may know more of them.
    pub(crate) command: String,
    /// The boot that it was meant for.
    pub(crate) boot_id: String,
    pub(crate) expires_at: DateTime<Utc>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    commands: Vec<Order>,
}

/// RFC 9457, as far as an agent reads it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    code: String,
    detail: String,
}

#[derive(Debug)]
pub(crate) struct ControlPlane<'a> {
    pub(crate) client: &'a Client,
    /// Without a trailing slash.
    pub(crate) url: &'a str,
}

impl ControlPlane<'_> {
    /// Both the address to post to and the audience of the identity token.
    pub(crate) fn enrolment_url(&self) -> String {
        format!("{}/agent/v1/enroll", self.url)
    }

    pub(crate) async fn enrol(&self, identity_token: &str, boot_id: Uuid) -> Result<Enrolled, WireError> {
        let enrolment = Enrolment { identity_token, boot_id, version: VERSION };
        let response = self.client.post(self.enrolment_url()).json(&enrolment).send().await?;
        let bytes = accepted(response).await?;
        serde_json::from_slice(&bytes).map_err(|error| WireError::Malformed(error.to_string()))
    }

    /// Accepted, with what is asked for.
    pub(crate) async fn beat(
        &self,
        credential: &str,
        heartbeat: &Heartbeat<'_>,
    ) -> Result<Vec<Order>, WireError> {
        let url = format!("{}/agent/v1/heartbeats", self.url);
        let response = self.client.post(url).bearer_auth(credential).json(heartbeat).send().await?;
        // A body that is none of ours asks for nothing; the status alone says that the heartbeat was taken.
        let body = accepted(response).await?;
        Ok(serde_json::from_slice::<Answer>(&body).unwrap_or_default().commands)
    }
}

async fn accepted(response: Response) -> Result<Vec<u8>, WireError> {
    let status = response.status();
    let body = wire::body(response).await;
    if status.is_success() {
        return body;
    }
    // What stands in front of a control plane answers without a problem document, or with a page: the status counts.
    let problem: Problem =
        body.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let code = if problem.code.is_empty() { "without_a_code".to_owned() } else { problem.code };
    Err(WireError::Refused { status: status.as_u16(), code, detail: problem.detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(interval: &str) -> Enrolled {
        let text = format!(
            r#"{{"credential":"amc1.secret","expires_at":"2026-11-21T13:00:00Z","heartbeat_interval_seconds":{interval}}}"#
        );
        serde_json::from_str(&text).expect("an answer")
    }

    #[test]
    fn the_interval_is_held_within_bounds() {
        assert_eq!(answer("10").interval(), Some(Duration::from_secs(10)));
        assert_eq!(answer("0.5").interval(), Some(Duration::from_millis(500)));
        assert_eq!(answer("0").interval(), Some(SHORTEST_INTERVAL));
        assert_eq!(answer("86400").interval(), Some(LONGEST_INTERVAL));
        assert_eq!(answer("-1").interval(), None);
        assert_eq!(answer("null").interval(), None);
    }

    #[test]
    fn a_credential_is_not_printed() {
        assert!(!format!("{:?}", answer("10")).contains("secret"));
    }
}
