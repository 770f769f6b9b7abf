//! Searching by name.

use domain::view::search::SearchResult;
use leptos::prelude::*;

use super::{ApiError, codec::Json};

#[server(prefix = "/fn", endpoint = "find_by_name", output = Json)]
pub async fn find_by_name(text: String) -> Result<SearchResult, ApiError> {
    let request = super::request()?;
    request.answer(control::search::find_by_name(&request.control, &request.actor, &text).await)
}
