//! Deletes what time ended: sessions, identity tokens and challenges that nobody would accept any more, samples that no plot shows.

use crate::{Control, Error};

/// The longest window that a page shows, and some days to look back at a bad week.
const SAMPLES_KEPT: chrono::TimeDelta = chrono::TimeDelta::days(14);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub sessions: u64,
    pub identity_tokens: u64,
    pub autoscaling_samples: u64,
    pub challenges: u64,
}

/// Needs no leader's transaction: what is deleted had no effect already.
pub async fn reconcile(control: &Control) -> Result<Status, Error> {
    Ok(Status {
        sessions: control.store.delete_expired_sessions().await?,
        identity_tokens: control.store.delete_expired_identity_tokens().await?,
        autoscaling_samples: control
            .store
            .forget_autoscaling_samples(control.clock.now() - SAMPLES_KEPT)
            .await?,
        challenges: control.store.delete_expired_challenges().await?,
    })
}
