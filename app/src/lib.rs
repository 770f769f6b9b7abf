//! What people see. Compiled twice: `ssr` draws pages inside the server, `hydrate` wakes them in the browser.
//! No rules live here: pages ask server functions, and those call one use-case of `control` each.

// Views nest as deep as their pages.
#![recursion_limit = "256"]
#![expect(
    unreachable_pub,
    reason = "the modules are private and are the walls here; `pub(crate)` on each part of a page would be noise"
)]

pub mod api;
mod components;
mod form;
#[cfg(feature = "ssr")]
pub mod form_post;
mod frame;
#[cfg(feature = "ssr")]
pub mod import_form;
mod live;
mod opening;
mod pages;
#[cfg(feature = "ssr")]
mod place;
#[cfg(feature = "ssr")]
mod plots;
#[cfg(any(test, feature = "ssr"))]
mod preference;
mod routes;
#[cfg(feature = "ssr")]
mod session_ended;
#[cfg(feature = "ssr")]
mod shell;
mod theme;
#[cfg(feature = "ssr")]
pub mod token_form;
#[cfg(any(feature = "hydrate", test))]
mod unfolded;
mod url_state;
#[cfg(feature = "hydrate")]
mod webauthn;
mod wings;
mod words;

pub use frame::kiosk::KIOSK;
#[cfg(feature = "ssr")]
pub use pages::audit::{AUDIT_NAMES, audit_query};
#[cfg(feature = "ssr")]
pub use place::environment_of;
pub use routes::{App, error_code};
#[cfg(feature = "ssr")]
pub use session_ended::session_ended_page;
#[cfg(feature = "ssr")]
pub use shell::{fault_page, refused_page, shell, too_slow_page, unavailable_page};

/// SHA-256 in hex of the session that asks, provided by the server: it names the session and opens nothing.
#[derive(Clone, Debug)]
pub struct CurrentSession(pub String);

/// Where the instance or the change is that the request's address names. The server provides it, where it knows.
#[derive(Clone, Debug)]
pub struct OfEnvironment(pub String);

/// The request's id. The server provides it, so that errors can name it.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Wakes the page that the server drew, as soon as the page's own part of the code is there: then all of it is taken over
/// in one turn. If that part does not arrive, the page stays as it was drawn and works as it does without scripts.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(async {
        let Some(window) = web_sys::window() else { return };
        let path = window.location().pathname().unwrap_or_default();
        if wings::load(&path).await.is_ok() {
            leptos::mount::hydrate_body(App);
            // For whoever measures how long it took, and for the browser tests, which wait for it.
            if let Some(performance) = window.performance() {
                let _ = performance.mark("hydrated");
            }
        }
    });
}
