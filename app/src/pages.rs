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

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// The thing that the address names: where it is, and what it is called there, by the names that its route gives to both.
fn named(place: &'static str, name: &'static str) -> Memo<(String, String)> {
    let params = use_params_map();
    Memo::new(move |_| {
        params.with(|params| (params.get(place).unwrap_or_default(), params.get(name).unwrap_or_default()))
    })
}
