//! One file a noun: what a person asks of it, answered.

pub mod alerts;
pub mod audit;
pub mod autoscaling;
pub mod changes;
pub mod costs;
pub mod firewall;
pub mod fleet;
pub mod import;
pub mod instances;
pub mod not_found;
pub mod passkeys;
pub mod pools;
mod review;
pub mod search;
pub mod settings;
pub mod sign_in;
pub mod templates;

mod agent_states;
mod change_states;
mod pool_states;
