//! What became of a change while somebody edited it: the newer revision beside their texts, and what follows it.

use domain::{
    ChangeId,
    change::Revision,
    edit::differences,
    view::import::{ImportInput, ImportPreview, Reading},
};
use leptos::prelude::*;

use super::{edited, fields};
use crate::{
    api::{self, ApiError},
    components::diff::diff_between,
};

/// The plan; and the latest revision of the change that it is to revise, where the one that was looked at may not be it.
pub(super) type Reviewed = (ImportPreview, Option<Revision>);

/// What could not be planned is an answer too: the page draws it with what was given.
pub(super) async fn review(
    input: ImportInput,
    refused: Option<ChangeId>,
) -> Result<Result<Reviewed, ApiError>, ApiError> {
    let preview = match api::import::preview_import(input).await {
        Ok(preview) => preview,
        Err(error) => return Ok(Err(error)),
    };
    let latest = match refused {
        Some(id) => api::changes::load_revision(id).await.ok(),
        None => None,
    };
    Ok(Ok((preview, latest)))
}

/// What the texts become after a refusal: the revision after the latest, which is shown where `seen` is an older one.
pub(super) fn beside(
    (id, seen): (ChangeId, u32),
    latest: Option<&Revision>,
    preview: &ImportPreview,
) -> AnyView {
    let Some(latest) = latest.filter(|latest| latest.number != seen) else {
        return edited((id, seen));
    };
    let number = latest.number;
    let body = match &preview.reading {
        Reading::Complete { desired } => {
            let differences = differences(&latest.desired, desired);
            if differences.is_empty() {
                let same = format!("Revision {number} declares what you sent already.");
                view! { <p class="soft">{same}</p> }.into_any()
            } else {
                diff_between([format!("Revision {number}"), "Your texts".to_owned()], differences)
            }
        }
        Reading::Malformed { .. } | Reading::ChooseModule { .. } | Reading::Unresolved { .. } => {
            view! { <p class="soft">"It is set beside your texts once they are complete."</p> }.into_any()
        }
    };
    view! {
        // The form has the one that was looked at before this: the last one counts.
        <input type="hidden" name=fields::REVISION value=number.to_string() />
        {edited((id, number))}
        <section class="panel" aria-labelledby="newer-revision">
            <header class="panel-head">
                <h2 id="newer-revision">"The newer revision"</h2>
                <small>{format!("You began with revision {seen}")}</small>
            </header>
            <div class="panel-body">{body}</div>
        </section>
    }
    .into_any()
}
