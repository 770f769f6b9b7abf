//! Environments and their declarations.

use axum::{
    Json,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use control::{Error, environments};
use rest_api::{Declaration, Environment, EnvironmentList};

use super::v1::{Asked, Routes};
use crate::problem::Problem;

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .on("list_environments", list_environments)
        .on("load_environment", load_environment)
        .on("load_declaration", load_declaration)
}

async fn list_environments(asked: Asked) -> Result<Json<EnvironmentList>, Problem> {
    let list = asked.done(environments::list_environments(&asked.control, &asked.actor).await)?;
    Ok(Json(EnvironmentList { environments: list.environments.iter().map(Environment::from).collect() }))
}

async fn load_environment(asked: Asked, Path(name): Path<String>) -> Result<Json<Environment>, Problem> {
    let view = asked.done(environments::load_environment(&asked.control, &asked.actor, &name).await)?;
    Ok(Json(Environment::from(&view)))
}

/// The generation is the ETag: it names these bytes and no others.
async fn load_declaration(
    asked: Asked,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let view = asked.done(environments::load_environment(&asked.control, &asked.actor, &name).await)?;
    let tag = format!("\"{}\"", view.generation);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    if known
        .split(',')
        .any(|known| matches!(known.trim().trim_start_matches("W/"), known if known == tag || known == "*"))
    {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let declaration = asked.done(Declaration::try_from(&view).map_err(Error::internal))?;
    Ok(([(header::ETAG, tag)], Json(declaration)).into_response())
}

/// What a use-case answered, or its refusal: with the declaration in force where the caller's was an older one, as far as the
/// token may read it.
pub(super) async fn done_or_moved<T>(asked: &Asked, result: Result<T, Error>) -> Result<T, Problem> {
    let error = match result {
        Ok(done) => return Ok(done),
        Err(error) => error,
    };
    let problem = asked.refused(&error);
    let Error::Moved { environment, .. } = error else { return Err(problem) };
    let view = environments::load_environment(&asked.control, &asked.actor, &environment).await;
    // The refusal stands, whatever can be shown beside it.
    let current = view.ok().and_then(|view| Declaration::try_from(&view).ok());
    Err(match current {
        Some(declaration) => problem.with_current(declaration),
        None => problem,
    })
}

/// The generation that `If-Match` names; None where the caller does not mind.
pub(super) fn expected_generation(asked: &Asked, headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(tag) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = tag.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let generation =
        text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).and_then(|text| text.parse().ok());
    generation.map(Some).ok_or_else(|| {
        asked.refused(&Error::invalid("If-Match", "give the ETag of the environment's declaration, as \"7\""))
    })
}
