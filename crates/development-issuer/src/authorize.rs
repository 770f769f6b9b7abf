//! `/authorize`: asks who to be, and sends the browser back with a code. Never answers for the person.

use std::sync::Arc;

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use url::Url;

use crate::grants::Grant;
use crate::page;
use crate::provider::Provider;

/// As sent; each field that is there is checked before it is believed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Parameters {
    pub(crate) client_id: Option<String>,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) response_type: Option<String>,
    pub(crate) response_mode: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) code_challenge: Option<String>,
    pub(crate) code_challenge_method: Option<String>,
    pub(crate) login_hint: Option<String>,
    pub(crate) prompt: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    #[serde(flatten)]
    parameters: Parameters,
    persona: Option<String>,
    cancel: Option<String>,
}

/// A request that may be granted.
#[derive(Debug)]
struct Request {
    redirect_uri: String,
    challenge: String,
    scope: String,
}

#[derive(Debug)]
enum Refusal {
    /// The address to return to is not to be trusted: only the person is told.
    Here(String),
    /// The client is told, by the redirect.
    There { redirect_uri: String, error: &'static str, description: &'static str },
}

pub(crate) async fn ask(
    State(provider): State<Arc<Provider>>,
    query: Result<Query<Parameters>, QueryRejection>,
) -> Response {
    match query {
        Ok(Query(parameters)) => show(&provider, &parameters),
        Err(rejection) => page::refused(StatusCode::BAD_REQUEST, &rejection.body_text()),
    }
}

/// The page's own form, or a client that prefers to ask by POST.
pub(crate) async fn answer(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    form: Result<Form<Answer>, FormRejection>,
) -> Response {
    let Answer { parameters, persona, cancel } = match form {
        Ok(Form(answer)) => answer,
        Err(rejection) => return page::refused(StatusCode::BAD_REQUEST, &rejection.body_text()),
    };
    if persona.is_none() && cancel.is_none() {
        return show(&provider, &parameters);
    }
    // Another site may send people here, but it may not choose for them.
    if headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return page::refused(StatusCode::FORBIDDEN, "The choice was made by another site, not by you.");
    }
    let request = match check(&provider, &parameters) {
        Ok(request) => request,
        Err(refusal) => return refuse(&provider, &parameters, refusal),
    };
    let Some(subject) = persona else {
        let refusal = Refusal::There {
            redirect_uri: request.redirect_uri,
            error: "access_denied",
            description: "the person went back without signing in",
        };
        return refuse(&provider, &parameters, refusal);
    };
    if provider.persona(&subject).is_none() {
        return page::refused(StatusCode::BAD_REQUEST, &format!("There is nobody called {subject:?} here."));
    }
    let grant = Grant {
        subject,
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge,
        nonce: parameters.nonce.clone(),
        scope: request.scope,
    };
    match provider.grants.issue(grant, provider.now()) {
        Ok(code) => send_back(&provider, &parameters, &request.redirect_uri, &[("code", &code)]),
        Err(error) => {
            tracing::error!(%error, "a sign-in failed");
            page::refused(StatusCode::INTERNAL_SERVER_ERROR, "The issuer could not make a code.")
        }
    }
}

fn show(provider: &Provider, parameters: &Parameters) -> Response {
    match check(provider, parameters) {
        Ok(_)
            if parameters
                .prompt
                .as_deref()
                .is_some_and(|prompt| prompt.split(' ').any(|word| word == "none")) =>
        {
            let redirect_uri = parameters.redirect_uri.clone().unwrap_or_default();
            let description = "this issuer always asks";
            refuse(
                provider,
                parameters,
                Refusal::There { redirect_uri, error: "login_required", description },
            )
        }
        Ok(_) => page::choose_persona(&provider.config.personas, parameters),
        Err(refusal) => refuse(provider, parameters, refusal),
    }
}

/// First who asks and where the answer goes; only then may anything be told to that address.
fn check(provider: &Provider, parameters: &Parameters) -> Result<Request, Refusal> {
    match parameters.client_id.as_deref() {
        None => return Err(Refusal::Here("The parameter client_id is missing.".into())),
        Some(id) if id != provider.config.client_id => {
            return Err(Refusal::Here(format!("There is no client {id:?} here.")));
        }
        Some(_) => {}
    }
    let Some(redirect_uri) = parameters.redirect_uri.clone() else {
        return Err(Refusal::Here("The parameter redirect_uri is missing.".into()));
    };
    if !provider.config.redirect_uris.contains(&redirect_uri) {
        return Err(Refusal::Here(format!(
            "The address {redirect_uri:?} is not registered for this client; it must match letter by letter."
        )));
    }
    let there =
        |error, description| Err(Refusal::There { redirect_uri: redirect_uri.clone(), error, description });
    if parameters.response_type.as_deref() != Some("code") {
        return there("unsupported_response_type", "response_type must be code");
    }
    if parameters.response_mode.as_deref().is_some_and(|mode| mode != "query") {
        return there("invalid_request", "response_mode must be query");
    }
    let scope = parameters.scope.clone().unwrap_or_default();
    if !scope.split(' ').any(|word| word == "openid") {
        return there("invalid_scope", "scope must hold openid");
    }
    if parameters.code_challenge_method.as_deref() != Some("S256") {
        return there("invalid_request", "code_challenge_method must be S256");
    }
    match parameters.code_challenge.clone().filter(|challenge| is_sha256(challenge)) {
        Some(challenge) => Ok(Request { redirect_uri, challenge, scope }),
        None => there("invalid_request", "code_challenge must be a SHA-256 digest in base64url"),
    }
}

/// 32 bytes are 43 letters of base64url.
fn is_sha256(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn refuse(provider: &Provider, parameters: &Parameters, refusal: Refusal) -> Response {
    match refusal {
        Refusal::Here(reason) => page::refused(StatusCode::BAD_REQUEST, &reason),
        Refusal::There { redirect_uri, error, description } => {
            let answer = [("error", error), ("error_description", description)];
            send_back(provider, parameters, &redirect_uri, &answer)
        }
    }
}

/// With the client's state, and with our name (RFC 9207), so that answers of two issuers are not mixed up.
fn send_back(
    provider: &Provider,
    parameters: &Parameters,
    redirect_uri: &str,
    answer: &[(&str, &str)],
) -> Response {
    let Ok(mut url) = Url::parse(redirect_uri) else {
        return page::refused(StatusCode::BAD_REQUEST, "The address to return to is not a URL.");
    };
    url.query_pairs_mut().extend_pairs(answer);
    if let Some(state) = &parameters.state {
        url.query_pairs_mut().append_pair("state", state);
    }
    url.query_pairs_mut().append_pair("iss", &provider.issuer);
    (StatusCode::SEE_OTHER, [(header::LOCATION, String::from(url))]).into_response()
}
