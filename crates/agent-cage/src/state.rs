//! What an agent knows at this moment: written by the reporting loop, read by the health pages.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::{sync::watch, time::Instant};
use uuid::Uuid;

use crate::Config;
use crate::load::{Load, LoadSource, Meter, Status};
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
    clock: Clock,
    metadata_url: String,
    load: LoadSource,
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
    pub(crate) boot_id: Uuid,
    started: Instant,
    meter: Meter,
    /// The figures to show while work is stopped.
    stopped: Option<Load>,
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
        load: LoadSource,
        clock: Clock,
        script: watch::Receiver<Script>,
        config: &Config,
    ) -> State {
        let known = Known {
            boot_id,
            started: Instant::now(),
            meter: Meter::new(load.clone()),
            stopped: None,
            identity: None,
            link: Link::ReadingMetadata,
            control_plane: None,
            credential_expires_at: None,
            heartbeat_interval: config.heartbeat_interval,
            sequence: 0,
            sent: 0,
            failed: 0,
            last_heartbeat: None,
        };
        State { clock, metadata_url: config.metadata.clone(), load, script, known: Mutex::new(known) }
    }

    /// A boot id of a worker that has never been. Not from the seed: one that came twice would make its heartbeats look replayed.
    pub(crate) fn fresh_boot() -> Uuid {
        uuid::Builder::from_random_bytes(rand::random()).into_uuid()
    }

    pub(crate) fn boot_id(&self) -> Uuid {
        self.known().boot_id
    }

    /// Work begins anew: another boot, with its own count of heartbeats, tasks and time.
    pub(crate) fn boot_again(&self) -> Uuid {
        let boot_id = State::fresh_boot();
        let mut known = self.known();
        known.boot_id = boot_id;
        known.started = Instant::now();
        known.meter = Meter::new(self.load.clone());
        known.stopped = None;
        known.sequence = 0;
        known.credential_expires_at = None;
        boot_id
    }

    /// Work ends; the agent itself stays, so that it can be told to begin again.
    pub(crate) fn stop_work(&self) {
        let load = self.load();
        self.known().stopped = Some(Load { cpu_utilization_percent: 0.0, ..load });
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.known().stopped.is_some()
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.known().started.elapsed()
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
        let load = match known.stopped {
            // A machine whose agent rests still has a load of its own.
            Some(load) if !known.meter.is_of_the_machine() => return load,
            _ => {
                // Within the lock, so that the meter never sees time go back.
                let uptime = known.started.elapsed();
                known.meter.sample(uptime)
            }
        };
        drop(known);
        let cpu = self.script.borrow().cpu_utilization_percent;
        Load { cpu_utilization_percent: cpu.unwrap_or(load.cpu_utilization_percent), ..load }
    }

    /// What the agent says of itself, with the figures behind it.
    pub(crate) fn condition(&self) -> (Status, Load) {
        let load = self.load();
        let status = match self.script.borrow().ill {
            true => Status::Unhealthy,
            false if self.is_stopped() => Status::Stopped,
            false => load.status(),
        };
        (status, load)
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
