//! The use-cases, by noun; each takes who is asking first, authorises, and writes its audit event in the same transaction.
//! Rules are the domain's, SQL is the store's, Compute Engine's words are `compute`'s: here they meet.

pub mod agents;
pub mod audit;
pub mod autoscaling;
pub mod canonical;
pub mod changes;
mod clock;
pub mod costs;
pub mod credential;
mod drift;
pub mod edits;
mod environments;
pub mod error;
mod evidence;
pub mod firewall;
pub mod fleet;
pub mod identity;
pub mod import;
pub mod instances;
pub mod live;
pub mod live_sync;
pub mod me;
mod neighbours;
pub mod passkeys;
pub mod people;
pub mod planning;
pub mod pools;
pub mod reconcile;
pub mod revising;
pub mod rosters;
mod signing;
pub mod templates;
pub mod votes;

use std::sync::Arc;

use compute::Compute;
use store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use clock::Clock;
pub use error::Error;
pub use signing::Signing;

use crate::{credential::Sealer, identity::Verifier, live::Live};

/// What use-cases work with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Control {
    pub store: Store,
    pub compute: Compute,
    pub clock: Clock,
    pub live: Live,
    pub verifier: Arc<Verifier>,
    pub sealer: Arc<Sealer>,
    pub signing: Arc<Signing>,
    /// Every task is spawned here, so that a stop waits for it.
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
}
