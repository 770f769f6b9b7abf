//! The control plane's one binary: answers people and agents (`serve`), makes Compute Engine match (`work`).
//! The edges only translate: parse, call one use-case of `control`, convert.

pub mod auth;
pub mod commands;
pub mod config;
pub mod failures;
pub mod headers;
pub mod kiosk;
pub mod own;
pub mod pages;
pub mod problem;
mod query;
pub mod rest;
pub mod router;
pub mod telemetry;

use std::sync::Arc;

use axum::extract::FromRef;
use control::Control;
use leptos::config::LeptosOptions;

use crate::{auth::SignIn, config::Config, rest::live::Streams};

/// What every handler can reach.
#[derive(Clone, Debug)]
pub struct AppState {
    pub leptos: LeptosOptions,
    pub control: Control,
    pub sign_in: Arc<SignIn>,
    pub config: Arc<Config>,
    pub streams: Streams,
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}

impl FromRef<AppState> for Control {
    fn from_ref(state: &AppState) -> Self {
        state.control.clone()
    }
}
