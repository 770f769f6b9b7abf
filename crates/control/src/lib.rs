//! The use-cases, by noun; each takes who is asking first, authorises, and writes its audit event in the same transaction.
//! Rules are the domain's, SQL is the store's, Compute Engine's words are `compute`'s: here they meet.

mod agent_status;
pub mod agents;
pub mod alerts;
pub mod audit;
pub mod autoscaling;
pub mod canonical;
pub mod changes;
mod clock;
pub mod commands;
pub mod costs;
mod crash_loops;
pub mod credential;
pub mod diagnosis;
mod drift;
pub mod edits;
pub mod environments;
pub mod error;
mod evidence;
pub mod firewall;
pub mod fleet;
pub mod group_errors;
pub mod health;
pub mod identity;
pub mod import;
pub mod incidents;
pub mod instances;
pub mod live;
pub mod live_sync;
pub mod me;
mod neighbours;
pub mod outputs;
pub mod passkeys;
pub mod people;
pub mod planning;
pub mod policies;
pub mod pools;
mod proposal;
pub mod reconcile;
pub mod revising;
mod rollouts;
pub mod rosters;
pub mod search;
pub mod sessions;
mod signing;
pub mod standing;
pub mod templates;
mod testimony;
pub mod timeline;
pub mod tokens;
pub mod votes;
pub mod webhook;

use std::sync::Arc;

use compute::Compute;
use store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use clock::Clock;
pub use error::Error;
pub use signing::Signing;

use crate::{credential::Sealer, group_errors::GroupErrors, health::Watch, identity::Verifier, live::Live};

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
    pub watch: Arc<Watch>,
    pub group_errors: Arc<GroupErrors>,
    pub standing: Arc<standing::Seen>,
    /// What the Fleet pages say of money.
    pub sums: Arc<costs::Sums>,
    /// Every task is spawned here, so that a stop waits for it.
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
}
