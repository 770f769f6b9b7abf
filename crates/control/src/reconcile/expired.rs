//! Deletes what time ended: sessions, and identity tokens that nobody would accept any more.

use crate::{Control, Error};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub sessions: u64,
    pub identity_tokens: u64,
}

/// Needs no leader's transaction: what is deleted had no effect already.
pub async fn reconcile(control: &Control) -> Result<Status, Error> {
    Ok(Status {
        sessions: control.store.delete_expired_sessions().await?,
        identity_tokens: control.store.delete_expired_identity_tokens().await?,
    })
}
