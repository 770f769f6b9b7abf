//! Sessions of browsers.

use domain::view::session::SessionList;
use leptos::prelude::*;

use super::{ApiError, codec::Json};

#[server(prefix = "/fn", endpoint = "list_sessions", output = Json)]
pub async fn list_sessions() -> Result<SessionList, ApiError> {
    let request = super::request()?;
    let current = use_context::<crate::CurrentSession>().and_then(|session| session.0.parse().ok());
    request.answer(control::sessions::list_sessions(&request.control, &request.actor, current).await)
}
