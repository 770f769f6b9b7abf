//! The viewer.

use domain::view::me::Me;
use leptos::prelude::*;

use super::{ApiError, codec::Json};

#[server(prefix = "/fn", endpoint = "load_me", output = Json)]
pub async fn load_me() -> Result<Me, ApiError> {
    let request = super::request()?;
    request.answer(control::me::load_me(&request.control, &request.actor).await)
}
