//! API tokens. Making one is in `token_form`, because only its answer ever shows the secret.

use domain::view::token::TokenList;
use leptos::prelude::*;

use super::{ApiError, codec::Json};

#[server(prefix = "/fn", endpoint = "list_tokens", output = Json)]
pub async fn list_tokens() -> Result<TokenList, ApiError> {
    let request = super::request()?;
    request.answer(control::tokens::list_tokens(&request.control, &request.actor).await)
}
