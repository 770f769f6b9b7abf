//! Edits of a declaration. Proposing one is in `form_post`, because a page without scripts must do it too.

use domain::{edit::Edit, view::edit::EditPreview};
use leptos::prelude::*;

use super::{ApiError, codec::Json};

#[server(prefix = "/fn", endpoint = "preview_edit", input = Json, output = Json)]
pub async fn preview_edit(environment: String, edit: Edit) -> Result<EditPreview, ApiError> {
    let request = super::request()?;
    request.answer(control::edits::preview_edit(&request.control, &request.actor, &environment, &edit).await)
}
