//! Import. Proposing is in `import_form`, because a page without scripts must do it too.

use domain::view::import::{ImportInput, ImportPreview};
use leptos::prelude::*;

use super::{ApiError, codec::Json};

#[server(prefix = "/fn", endpoint = "preview_import", input = Json, output = Json)]
pub async fn preview_import(input: ImportInput) -> Result<ImportPreview, ApiError> {
    let request = super::request()?;
    request.answer(control::import::preview_import(&request.control, &request.actor, input).await)
}
