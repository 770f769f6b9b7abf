//! Changes.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, rejection::BytesRejection},
    http::{HeaderMap, StatusCode},
};
use control::{
    changes,
    edits::{self, Seen},
    import::{self, Expected},
};
use domain::{ChangeId, ChangeState};
use rest_api::{Change, ChangeList, ChangeSummary, ProposeChange, ProposeEdit, Proposed};

use super::{
    environments::{done_or_moved, expected_generation},
    v1::{Asked, Query, Routes},
};
use crate::problem::Problem;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .on("list_changes", list_changes)
        .on("load_change", load_change)
        .on("propose_change", propose_change)
        .on("propose_edit", propose_edit)
        .on("cancel_change", cancel_change)
}

/// The cursor is the last row's id.
async fn list_changes(asked: Asked, RawQuery(query): RawQuery) -> Result<Json<ChangeList>, Problem> {
    let query = Query::read(&asked, query.as_deref())?;
    let state: Option<ChangeState> =
        query.get("state").map(|state| asked.parse("state", state)).transpose()?;
    let before: Option<ChangeId> =
        query.get("cursor").map(|cursor| asked.parse("cursor", cursor)).transpose()?;
    let words = state.map(|state| format!("state:{}", state.as_str())).unwrap_or_default();
    let page =
        changes::list_changes(&asked.control, &asked.actor, query.get("environment"), &words, before).await;
    let page = asked.done(page)?;
    Ok(Json(ChangeList {
        changes: page.changes.iter().map(ChangeSummary::from).collect(),
        next: page.next.map(|id| id.to_string()),
    }))
}

async fn load_change(asked: Asked, Path(id): Path<String>) -> Result<Json<Change>, Problem> {
    let id: ChangeId = asked.parse("change", &id)?;
    let (view, declared) = asked.done(changes::load_compared(&asked.control, &asked.actor, id).await)?;
    Ok(Json(Change::of(&view, declared.as_ref())))
}

async fn propose_change(
    asked: Asked,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Proposed>), Problem> {
    let wanted: ProposeChange = asked.json(&headers, body)?;
    let generation = expected_generation(&asked, &headers)?;
    let (texts, digest, reason) = wanted.into_parts();
    let expected = Expected { digest: digest.as_deref(), generation };
    let made = import::propose_expected(&asked.control, &asked.actor, texts.into(), expected, &reason).await;
    let id = done_or_moved(&asked, made).await?;
    proposed(&asked, id).await
}

async fn propose_edit(
    asked: Asked,
    Path(environment): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(StatusCode, Json<Proposed>), Problem> {
    let wanted: ProposeEdit = asked.json(&headers, body)?;
    let Some(base_generation) = expected_generation(&asked, &headers)? else {
        return Err(asked.problem(
            StatusCode::PRECONDITION_REQUIRED,
            "precondition_required",
            "an edit is of a declaration that was read: send its ETag as If-Match",
        ));
    };
    let seen = Seen { base_generation, digest: wanted.digest.as_deref() };
    let reason = wanted.reason.unwrap_or_default();
    let id =
        edits::propose_edit(&asked.control, &asked.actor, &environment, &wanted.edit, seen, &reason).await;
    let id = done_or_moved(&asked, id).await?;
    proposed(&asked, id).await
}

/// Who may propose and not read still learns its name.
async fn proposed(asked: &Asked, id: ChangeId) -> Result<(StatusCode, Json<Proposed>), Problem> {
    let view = changes::load_change(&asked.control, &asked.actor, id).await;
    let (state, title) = match view {
        Ok(view) => (Some(view.change.state), Some(view.change.title)),
        Err(control::Error::Forbidden(_) | control::Error::BeyondToken(_)) => (None, None),
        Err(error) => return Err(asked.refused(&error)),
    };
    Ok((StatusCode::CREATED, Json(Proposed { id, state, title })))
}

async fn cancel_change(asked: Asked, Path(id): Path<String>) -> Result<Json<Proposed>, Problem> {
    let id: ChangeId = asked.parse("change", &id)?;
    asked.done(changes::cancel_change(&asked.control, &asked.actor, id).await)?;
    Ok(proposed(&asked, id).await?.1)
}
