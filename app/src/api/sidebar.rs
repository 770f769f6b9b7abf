//! Whether the rooms at the side are icons alone in this browser.

use leptos::prelude::*;

use super::{ApiError, codec::Json};
#[cfg(feature = "ssr")]
use crate::preference;

#[cfg(feature = "ssr")]
const COOKIE: &str = "sidebar";
#[cfg(feature = "ssr")]
const COLLAPSED: &str = "collapsed";

/// What the request's cookie asks for; without one they have their names.
#[cfg(feature = "ssr")]
pub fn of_request() -> bool {
    preference::of_request(COOKIE, |said| Some(said == COLLAPSED)).unwrap_or_default()
}

#[server(prefix = "/fn", endpoint = "collapse_sidebar", output = Json)]
pub async fn collapse_sidebar(collapsed: bool) -> Result<bool, ApiError> {
    preference::keep(COOKIE, if collapsed { COLLAPSED } else { "wide" });
    Ok(collapsed)
}
