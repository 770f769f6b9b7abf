//! The REST face: one file per noun. A handler parses, asks or changes the world, and shows it; rules are elsewhere.

pub(crate) mod call;

mod autoscalers;
mod catalogue;
mod durable;
mod faults;
mod filter;
mod firewalls;
mod group_actions;
mod group_body;
mod group_view;
mod groups;
mod health_checks;
mod identity;
mod instances;
mod listing;
mod managed_instances;
mod operations;
mod resource;
mod templates;
pub(crate) mod weather;

use axum::{Router, extract::State, http::Uri, middleware, routing::get};

use crate::{app::App, error::Error};

pub(crate) const JWKS_PATH: &str = "/oauth2/v3/certs";

pub(crate) fn router(app: App) -> Router {
    let api = Router::new()
        .merge(catalogue::routes())
        .merge(groups::routes())
        .merge(instances::routes())
        .merge(operations::routes())
        .merge(resource::routes(&templates::NOUN))
        .merge(resource::routes(&health_checks::NOUN))
        .merge(resource::routes(&firewalls::NOUN))
        .merge(autoscalers::routes())
        .layer(middleware::from_fn_with_state(app.clone(), durable::keep))
        .layer(middleware::from_fn_with_state(app.clone(), weather::endure));
    let switches = faults::routes().layer(middleware::from_fn_with_state(app.clone(), durable::keep));
    Router::new()
        .nest("/compute/v1", api)
        .nest("/emulator", switches)
        .route(JWKS_PATH, get(identity::keys))
        .route("/livez", get(async || "ok"))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .with_state(app)
}

/// Paths that the emulator does not model.
async fn unknown(State(_): State<App>, uri: Uri) -> Error {
    Error::not_found(uri.path())
}
