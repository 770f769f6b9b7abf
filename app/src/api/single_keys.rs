//! Whether single keys do anything in this browser. Whoever speaks to a computer, or presses keys without meaning to,
//! switches them off.

use leptos::prelude::*;

use super::{ApiError, codec::Json};
#[cfg(feature = "ssr")]
use crate::preference;

#[cfg(feature = "ssr")]
const COOKIE: &str = "single_keys";
#[cfg(feature = "ssr")]
const OFF: &str = "off";

/// What the request's cookie asks for; without one they are on.
#[cfg(feature = "ssr")]
pub fn of_request() -> bool {
    preference::of_request(COOKIE, |said| (said == OFF).then_some(false)).unwrap_or(true)
}

#[server(prefix = "/fn", endpoint = "set_single_keys", output = Json)]
pub async fn set_single_keys(on: bool) -> Result<bool, ApiError> {
    preference::keep(COOKIE, if on { "on" } else { OFF });
    Ok(on)
}
