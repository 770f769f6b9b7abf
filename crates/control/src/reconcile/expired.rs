//! Deletes what time ended: sessions, identity tokens that nobody would accept any more, yesterday's heartbeats, and samples
//! that no plot shows.

use crate::{Control, Error};

/// The longest window that a page shows, and some days to look back at a bad week.
const SAMPLES_KEPT: chrono::TimeDelta = chrono::TimeDelta::days(14);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub sessions: u64,
    pub identity_tokens: u64,
    pub autoscaling_samples: u64,
    /// Heartbeats of the day before, old transitions, figures of processes that stopped, old deliveries.
    pub health: u64,
}

/// Needs no leader's transaction: what is deleted had no effect already.
pub async fn reconcile(control: &Control) -> Result<Status, Error> {
    let now = control.clock.now();
    Ok(Status {
        health: control.store.delete_old_heartbeat_hours(now).await?
            + control.store.delete_old_health(now).await?
            + control.store.delete_old_alerts(now).await?,
        sessions: control.store.delete_expired_sessions().await?,
        identity_tokens: control.store.delete_expired_identity_tokens().await?,
        autoscaling_samples: control
            .store
            .forget_autoscaling_samples(control.clock.now() - SAMPLES_KEPT)
            .await?,
    })
}
