//! What an agent knows at this moment: written by the reporting loop, read by the health pages.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::{sync::watch, time::Instant};
use uuid::Uuid;

use crate::Config;
use crate::load::{Load, Meter, Status};
use crate::metadata::Identity;
use crate::script::Script;

/// The wall clock, for what people and certificates read; intervals are measured by tokio's clock.
pub(crate) type Clock = fn() -> DateTime<Utc>;

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where an agent takes the time of its own machine"
)]
pub(crate) fn system_clock() -> DateTime<Utc> {
    Utc::now()
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) boot_id: Uuid,
    clock: Clock,
    started: Instant,
    metadata_url: String,
    script: watch::Receiver<Script>,
    known: Mutex<Known>,
}

/// The part that changes. Held for moments only, never across an await.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) identity: Option<Identity>,
    pub(crate) link: Link,
    pub(crate) control_plane: Option<String>,
    pub(crate) credential_expires_at: Option<DateTime<Utc>>,
    pub(crate) heartbeat_interval: Duration,
    /// Of the newest heartbeat tried.
    pub(crate) sequence: u64,
    pub(crate) sent: u64,
    pub(crate) failed: u64,
    pub(crate) last_heartbeat: Option<Outcome>,
    meter: Meter,
}

/// How the agent stands with its control plane.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Link {
    ReadingMetadata,
    NoControlPlane,
    Enrolling,
    Reporting,
    /// Why the last attempt failed.
    Failing(String),
}

/// What became of a heartbeat.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) at: DateTime<Utc>,
    pub(crate) sequence: u64,
    pub(crate) accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl State {
    pub(crate) fn new(
        boot_id: Uuid,
        meter: Meter,
        clock: Clock,
        script: watch::Receiver<Script>,
        config: &Config,
    ) -> State {
        let known = Known {
            identity: None,
            link: Link::ReadingMetadata,
            control_plane: None,
            credential_expires_at: None,
            heartbeat_interval: config.heartbeat_interval,
            sequence: 0,
            sent: 0,
            failed: 0,
            last_heartbeat: None,
            meter,
        };
        State {
            boot_id,
            clock,
            started: Instant::now(),
            metadata_url: config.metadata.clone(),
            script,
            known: Mutex::new(known),
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn metadata_url(&self) -> &str {
        &self.metadata_url
    }

    /// A poisoned lock still holds whole values: each write here is one assignment.
    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn load(&self) -> Load {
        let mut known = self.known();
        // Within the lock, so that the meter never sees time go back.
        let uptime = self.uptime();
        let load = known.meter.sample(uptime);
        drop(known);
        let cpu = self.script.borrow().cpu_utilization_percent;
        Load { cpu_utilization_percent: cpu.unwrap_or(load.cpu_utilization_percent), ..load }
    }

    pub(crate) fn status(&self, load: &Load) -> Status {
        if self.script.borrow().ill { Status::Unhealthy } else { load.status() }
    }

    /// Returns when heartbeats may be sent: at once, unless the script wants silence.
    pub(crate) async fn may_speak(&self) {
        let mut script = self.script.clone();
        if script.wait_for(|script| !script.silent).await.is_err() {
            // Its writer is gone, and with it whoever could end the silence.
            std::future::pending::<()>().await;
        }
    }
}
