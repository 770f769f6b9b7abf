//! The loop that keeps the control plane informed: enrol, beat, renew, and come back after every kind of outage.

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::Client;
use tokio::time::{Instant, sleep};

use crate::backoff::{Backoff, jittered};
use crate::commands::Commands;
use crate::control_plane::{ControlPlane, Heartbeat, VERSION};
use crate::metadata::{Identity, Metadata};
use crate::state::{Link, Outcome, State};
use crate::wire::WireError;

/// A credential shorter-lived than this would be renewed at every heartbeat.
const SHORTEST_LIFE: Duration = Duration::from_secs(1);

/// Without a control plane, the metadata is read again after this many heartbeat intervals: somebody may declare one.
const LOOK_AGAIN_AFTER: u32 = 6;

#[derive(Debug)]
pub(crate) struct Reporter {
    state: Arc<State>,
    metadata: Metadata,
    client: Client,
    interval: Duration,
    rng: SmallRng,
    backoff: Backoff,
    session: Option<Session>,
    commands: Commands,
}

/// An enrolment that the control plane accepted.
struct Session {
    url: String,
    credential: String,
    renew_at: Instant,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Reporter {
    pub(crate) fn new(state: Arc<State>, metadata: Metadata, client: Client, interval: Duration) -> Reporter {
        // By the boot id: agents of one seed must not beat in step.
        let rng = SmallRng::seed_from_u64(state.boot_id().as_u64_pair().0);
        Reporter {
            state,
            metadata,
            client,
            interval,
            rng,
            backoff: Backoff::default(),
            session: None,
            commands: Commands::default(),
        }
    }

    /// Never ends; it is dropped to stop it.
    pub(crate) async fn run(&mut self) {
        loop {
            self.state.may_speak().await;
            let wait = self.turn().await;
            sleep(wait).await;
        }
    }

    /// One attempt at what is due, and how long to wait after it.
    async fn turn(&mut self) -> Duration {
        let identity = match self.identity().await {
            Ok(identity) => identity,
            Err(error) => return self.failed("reading the metadata", &error),
        };
        if self.session.as_ref().is_none_or(|session| session.renew_at <= Instant::now()) {
            match self.enrol().await {
                Ok(true) => {}
                Ok(false) => return self.interval * LOOK_AGAIN_AFTER,
                Err(error) => {
                    let wait = self.failed("enrolling", &error);
                    // A renewal that fails costs nothing while the old credential is accepted.
                    match &mut self.session {
                        Some(session) => session.renew_at = Instant::now() + wait,
                        None => return wait,
                    }
                }
            }
        }
        self.beat(&identity).await
    }

    async fn identity(&self) -> Result<Identity, WireError> {
        let known = self.state.known().identity.clone();
        match known {
            Some(identity) => Ok(identity),
            None => {
                let identity = self.metadata.identity().await?;
                self.state.known().identity = Some(identity.clone());
                Ok(identity)
            }
        }
    }

    /// `false` when no control plane is declared.
    async fn enrol(&mut self) -> Result<bool, WireError> {
        let Some(url) = self.metadata.control_plane_url().await? else {
            self.session = None;
            self.backoff.reset();
            let mut known = self.state.known();
            known.control_plane = None;
            known.credential_expires_at = None;
            known.link = Link::NoControlPlane;
            return Ok(false);
        };
        {
            let mut known = self.state.known();
            known.control_plane = Some(url.clone());
            if known.link == Link::ReadingMetadata || known.link == Link::NoControlPlane {
                known.link = Link::Enrolling;
            }
        }
        let control_plane = ControlPlane { client: &self.client, url: &url };
        let token = self.metadata.identity_token(&control_plane.enrolment_url()).await?;
        let enrolled = control_plane.enrol(&token, self.state.boot_id()).await?;

        if let Some(interval) = enrolled.interval() {
            self.interval = interval;
        }
        let life = (enrolled.expires_at - self.state.now()).to_std().unwrap_or_default().max(SHORTEST_LIFE);
        // Between 70 and 90 % of its life: a fleet that enrolled together must not renew together.
        let renew_at = Instant::now() + life.mul_f64(self.rng.random_range(0.7..0.9));
        {
            let mut known = self.state.known();
            known.credential_expires_at = Some(enrolled.expires_at);
            known.heartbeat_interval = self.interval;
        }
        tracing::info!(control_plane = %url, expires_at = %enrolled.expires_at, "enrolled");
        self.session = Some(Session { url, credential: enrolled.credential, renew_at });
        Ok(true)
    }

    async fn beat(&mut self, identity: &Identity) -> Duration {
        let Some(session) = &self.session else { return self.interval };
        // Always the present: each attempt has its own sequence, so a lost answer is never taken for a replay.
        let (status, metrics) = self.state.condition();
        let (boot_id, sequence) = {
            let mut known = self.state.known();
            known.sequence += 1;
            (known.boot_id, known.sequence)
        };
        let acknowledged = self.commands.unheard();
        let heartbeat = Heartbeat {
            boot_id,
            sequence,
            uptime_seconds: self.state.uptime().as_secs(),
            version: VERSION,
            status,
            agent_type: &identity.agent_type,
            environment: &identity.environment,
            metrics,
            acknowledged: &acknowledged,
        };
        let control_plane = ControlPlane { client: &self.client, url: &session.url };
        let result = control_plane.beat(&session.credential, &heartbeat).await;
        let at = self.state.now();
        match result {
            Ok(orders) => {
                self.backoff.reset();
                self.commands.heard(&acknowledged);
                let mut known = self.state.known();
                known.sent += 1;
                known.link = Link::Reporting;
                known.last_heartbeat = Some(Outcome { at, sequence, accepted: true, reason: None });
                drop(known);
                if self.commands.obey(orders, &self.state) {
                    // The credential is of the boot that ended.
                    if self.state.boot_id() != boot_id {
                        self.session = None;
                    }
                    // Whoever asked waits for the word.
                    return Duration::ZERO;
                }
                jittered(self.interval, &mut self.rng)
            }
            Err(error) => {
                {
                    let mut known = self.state.known();
                    known.failed += 1;
                    let reason = Some(error.to_string());
                    known.last_heartbeat = Some(Outcome { at, sequence, accepted: false, reason });
                }
                let credential_refused = matches!(error, WireError::Refused { status: 401, .. });
                if credential_refused {
                    self.session = None;
                    self.state.known().credential_expires_at = None;
                }
                // An expired credential is an ordinary day: enrol at once, but only the first time in a row.
                let at_once = credential_refused && self.backoff.failures() == 0;
                let wait = self.failed("sending a heartbeat", &error);
                if at_once { Duration::ZERO } else { wait }
            }
        }
    }

    fn failed(&mut self, what: &str, error: &WireError) -> Duration {
        // Once per outage at a level people read; the rest is for those who look.
        if self.backoff.failures() == 0 {
            tracing::warn!(%error, "{what} failed; it is tried again until it works");
        } else {
            tracing::debug!(%error, failures = self.backoff.failures(), "{what} failed again");
        }
        self.state.known().link = Link::Failing(format!("{what} failed: {error}"));
        self.backoff.fail(&mut self.rng)
    }
}
