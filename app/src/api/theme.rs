//! How the pages look to this browser.

use leptos::prelude::*;

use super::{ApiError, codec::Json};
use crate::theme::Theme;

#[server(prefix = "/fn", endpoint = "set_theme", output = Json)]
pub async fn set_theme(theme: Theme) -> Result<Theme, ApiError> {
    if let (Some(options), Ok(cookie)) =
        (use_context::<leptos_axum::ResponseOptions>(), crate::theme::cookie(theme).parse())
    {
        options.append_header(http::header::SET_COOKIE, cookie);
    }
    Ok(theme)
}
