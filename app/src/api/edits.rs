//! Edits of a declaration. Proposing one is in `form_post`, because a page without scripts must do it too.

use domain::{edit::Edit, view::edit::EditPreview};
use leptos::prelude::*;

use super::{ApiError, codec::Json};

/// `begun` is the generation that the form was begun on.
#[server(prefix = "/fn", endpoint = "preview_edit", input = Json, output = Json)]
pub async fn preview_edit(
    environment: String,
    edit: Edit,
    begun: Option<i64>,
) -> Result<EditPreview, ApiError> {
    let request = super::request()?;
    let preview =
        control::edits::preview_begun_edit(&request.control, &request.actor, &environment, &edit, begun)
            .await;
    request.answer(preview)
}
