//! Signing in and out.

use anyhow::Context as _;
use axum::{
    Extension, Router,
    extract::{Query, State},
    response::{IntoResponse as _, Redirect, Response},
};
use control::people::{self, OwnSession};
use serde::Deserialize;
use tower_sessions::Session;

use super::{
    PERSON, Person,
    oidc::Flow,
    session_store::{data_of, digest},
};
use crate::{AppState, headers::RequestId, own::Routes};

const FLOW: &str = "sign_in";

pub fn router() -> Router<AppState> {
    Routes::default()
        .on("/sign-in/start", start)
        .on("/sign-in/callback", callback)
        .on("/sign-out", sign_out)
        .router()
}

#[derive(Debug, Deserialize)]
struct Start {
    #[serde(default)]
    next: String,
}

/// Only paths of ours: anything else would make us a redirector for others.
fn local_path(next: &str) -> String {
    let plain = next.starts_with('/')
        && !next.starts_with("//")
        && !next.starts_with("/sign-")
        && next.len() <= 2048
        && !next.contains('\\')
        && next.bytes().all(|byte| (0x21..0x7f).contains(&byte));
    if plain { next.to_owned() } else { "/".to_owned() }
}

/// Percent-encodes a path for use as one query value.
pub(super) fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

async fn start(
    State(state): State<AppState>,
    Extension(request_id): Extension<RequestId>,
    session: Session,
    Query(query): Query<Start>,
) -> Response {
    let begun = state.sign_in.start(local_path(&query.next), state.control.clock.now()).await;
    let (url, flow) = match begun {
        Ok(begun) => begun,
        Err(error) => return failed(&error, &request_id, "issuer_unavailable"),
    };
    match session.insert(FLOW, flow).await {
        Ok(()) => Redirect::to(&url).into_response(),
        Err(error) => failed(&error.into(), &request_id, "unavailable"),
    }
}

#[derive(Debug, Deserialize)]
struct Callback {
    code: Option<String>,
    state: Option<String>,
}

async fn callback(
    State(state): State<AppState>,
    Extension(request_id): Extension<RequestId>,
    session: Session,
    Query(query): Query<Callback>,
) -> Response {
    let flow = match session.remove::<Flow>(FLOW).await {
        Ok(Some(flow)) => flow,
        Ok(None) => return Redirect::to("/sign-in?error=expired").into_response(),
        Err(error) => return failed(&error.into(), &request_id, "unavailable"),
    };
    let (Some(code), Some(returned)) = (query.code, query.state) else {
        return Redirect::to("/sign-in?error=denied").into_response();
    };
    let next = flow.next.clone();
    let person = match state.sign_in.finish(flow, &returned, &code, state.control.clock.now()).await {
        Ok(person) => person,
        Err(error) => return failed(&error, &request_id, "refused"),
    };
    match establish(&state, &session, person, &request_id).await {
        Ok(()) => Redirect::to(&next).into_response(),
        Err(error) => failed(&error, &request_id, "unavailable"),
    }
}

async fn establish(
    state: &AppState,
    session: &Session,
    person: Person,
    request_id: &RequestId,
) -> anyhow::Result<()> {
    let actor = person.actor(&request_id.0);
    // Emptied: who was signed in here before is so no longer. A new id: whoever planted the old one does not get the person's session.
    // It is nobody's until its event is written.
    session.clear().await;
    session.cycle_id().await?;
    session.save().await?;
    let id = session.id().context("a session was saved without an id")?;
    let own = OwnSession { id_sha256: digest(&id), data: data_of(&person)? };
    let issuer = state.sign_in.issuer();
    people::sign_in(&state.control, &actor, issuer, &person.email, &person.groups, Some(&own)).await?;
    // In the store it is theirs already; with this the answer brings the browser its cookie.
    session.insert(PERSON, person).await?;
    Ok(())
}

async fn sign_out(
    State(state): State<AppState>,
    Extension(request_id): Extension<RequestId>,
    Extension(person): Extension<Person>,
    session: Session,
) -> Response {
    if let Some(id) = session.id()
        && let Err(error) = people::sign_out(&state.control, &person.actor(&request_id.0), digest(&id)).await
    {
        return failed(&error.into(), &request_id, "unavailable");
    }
    // In the store it has ended, together with its event: what is left to forget is this request's copy and the browser's cookie.
    match session.flush().await {
        Ok(()) => Redirect::to("/sign-in?signed_out=1").into_response(),
        Err(error) => failed(&error.into(), &request_id, "unavailable"),
    }
}

/// Back to the sign-in page with a word that it explains; the cause is logged under the request's id.
fn failed(error: &anyhow::Error, request_id: &RequestId, code: &str) -> Response {
    tracing::warn!(request_id = request_id.0, error = format!("{error:#}"), code, "a sign-in failed");
    Redirect::to(&format!("/sign-in?error={code}&request={}", encode(&request_id.0))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_followed() {
        assert_eq!(local_path("/pools/dev/web?tab=x"), "/pools/dev/web?tab=x");
        for elsewhere in
            ["//evil.test", "https://evil.test", "/\\evil.test", "", "/a b", "/\u{9}/evil", "/sign-out"]
        {
            assert_eq!(local_path(elsewhere), "/", "{elsewhere:?}");
        }
    }

    #[test]
    fn a_path_survives_as_one_query_value() {
        assert_eq!(encode("/pools?a=b&c=d"), "/pools%3Fa%3Db%26c%3Dd");
    }
}
