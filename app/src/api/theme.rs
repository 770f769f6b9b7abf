//! How the pages look to this browser.

use leptos::prelude::*;

use super::{ApiError, codec::Json};
use crate::theme::Theme;

#[server(prefix = "/fn", endpoint = "set_theme", output = Json)]
pub async fn set_theme(theme: Theme) -> Result<Theme, ApiError> {
    crate::preference::keep(crate::theme::COOKIE, theme.as_str());
    Ok(theme)
}
