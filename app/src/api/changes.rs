//! Changes.

use domain::{
    ChangeId,
    change::Revision,
    view::change::{ChangeDetail, ChangesView, Whose},
};
use leptos::prelude::*;

use super::{ApiError, codec::Json};

#[server(prefix = "/fn", endpoint = "load_changes", output = Json)]
pub async fn load_changes(
    environment: Option<String>,
    words: Option<String>,
    before: Option<ChangeId>,
    whose: Whose,
) -> Result<ChangesView, ApiError> {
    let request = super::request()?;
    request.answer(
        control::changes::load_changes(
            &request.control,
            &request.actor,
            environment.as_deref(),
            words.as_deref().unwrap_or_default(),
            before,
            whose,
        )
        .await,
    )
}

/// `whole`: long lists in full.
#[server(prefix = "/fn", endpoint = "load_change", output = Json)]
pub async fn load_change(id: ChangeId, whole: bool) -> Result<ChangeDetail, ApiError> {
    let request = super::request()?;
    request.answer(control::changes::load_detail(&request.control, &request.actor, id, whole).await)
}

/// The change's latest, with all that it declares.
#[server(prefix = "/fn", endpoint = "load_revision", output = Json)]
pub async fn load_revision(id: ChangeId) -> Result<Revision, ApiError> {
    let request = super::request()?;
    let view = control::changes::load_change(&request.control, &request.actor, id).await;
    request.answer(view.map(|view| view.change.revision))
}

#[server(prefix = "/fn", endpoint = "cancel_change", output = Json)]
pub async fn cancel_change(id: ChangeId) -> Result<(), ApiError> {
    let request = super::request()?;
    request.answer(control::changes::cancel_change(&request.control, &request.actor, id).await)
}
