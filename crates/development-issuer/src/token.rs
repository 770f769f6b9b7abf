//! `/token`: a code, once, for an ID token and an access token, if the caller can show that the code is its own.

use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::grants::Grant;
use crate::persona::Persona;
use crate::provider::Provider;
use crate::signing::Kind;

/// Long enough for a client to read them, too short to be worth stealing.
const LIFE_SECONDS: i64 = 5 * 60;

#[derive(Debug, Deserialize)]
pub(crate) struct Request {
    grant_type: Option<String>,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// An error as RFC 6749 section 5.2 shapes it.
#[derive(Debug)]
struct Refusal(&'static str, &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Refusal(error, description) = self;
        let body = Json(json!({"error": error, "error_description": description}));
        if error == "invalid_client" {
            let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"token\"")];
            return (StatusCode::UNAUTHORIZED, challenge, body).into_response();
        }
        let status =
            if error == "server_error" { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::BAD_REQUEST };
        (status, body).into_response()
    }
}

pub(crate) async fn exchange(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    form: Result<Form<Request>, FormRejection>,
) -> Response {
    let answer = match form {
        Ok(Form(request)) => tokens(&provider, &headers, &request),
        Err(_) => Err(Refusal("invalid_request", "the body must be a form, each parameter at most once")),
    };
    match answer {
        Ok(tokens) => ([(header::PRAGMA, "no-cache")], Json(tokens)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

fn tokens(provider: &Provider, headers: &HeaderMap, request: &Request) -> Result<Value, Refusal> {
    authenticate(provider, headers, request)?;
    match request.grant_type.as_deref() {
        Some("authorization_code") => {}
        Some(_) => return Err(Refusal("unsupported_grant_type", "grant_type must be authorization_code")),
        None => return Err(Refusal("invalid_request", "grant_type is missing")),
    }
    let code = request.code.as_deref().ok_or(Refusal("invalid_request", "code is missing"))?;
    let verifier =
        request.code_verifier.as_deref().ok_or(Refusal("invalid_request", "code_verifier is missing"))?;
    let now = provider.now();
    let grant = provider
        .grants
        .redeem(code, now)
        .ok_or(Refusal("invalid_grant", "the code is unknown, used or older than a minute"))?;
    if request.redirect_uri.as_deref() != Some(&grant.redirect_uri) {
        return Err(Refusal("invalid_grant", "redirect_uri is not the one the code was sent to"));
    }
    if !verifies(verifier, &grant.challenge) {
        return Err(Refusal("invalid_grant", "code_verifier does not match the code_challenge"));
    }
    let persona = provider
        .persona(&grant.subject)
        .ok_or(Refusal("invalid_grant", "the person of this code does not exist any more"))?;
    issue(provider, persona, &grant, now.timestamp()).map_err(|error| {
        tracing::error!(%error, "tokens could not be issued");
        Refusal("server_error", "tokens could not be issued")
    })
}

fn issue(provider: &Provider, persona: &Persona, grant: &Grant, now: i64) -> anyhow::Result<Value> {
    let mut claims = persona.claims();
    claims.insert("iss".into(), json!(provider.issuer));
    claims.insert("aud".into(), json!(provider.config.client_id));
    claims.insert("iat".into(), json!(now));
    claims.insert("exp".into(), json!(now + LIFE_SECONDS));
    if let Some(nonce) = &grant.nonce {
        claims.insert("nonce".into(), json!(nonce));
    }
    let access = json!({
        "iss": provider.issuer,
        "sub": persona.subject,
        "aud": provider.endpoint("/userinfo"),
        "client_id": provider.config.client_id,
        "iat": now,
        "exp": now + LIFE_SECONDS,
    });
    Ok(json!({
        "access_token": provider.key.sign(Kind::Access, &access)?,
        "token_type": "Bearer",
        "expires_in": LIFE_SECONDS,
        "scope": grant.scope,
        "id_token": provider.key.sign(Kind::Id, &Value::Object(claims))?,
    }))
}

/// RFC 7636: the challenge is the digest of the verifier.
fn verifies(verifier: &str, challenge: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
    formed && same(&URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)), challenge)
}

fn same(given: &str, expected: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(given.as_bytes(), expected.as_bytes()).is_ok()
}

fn authenticate(provider: &Provider, headers: &HeaderMap, request: &Request) -> Result<(), Refusal> {
    let basic = match headers.get(header::AUTHORIZATION) {
        Some(value) => Some(
            value
                .to_str()
                .ok()
                .and_then(basic_credentials)
                .ok_or(Refusal("invalid_client", "the authorization header is not basic authentication"))?,
        ),
        None => None,
    };
    if basic.is_some() && request.client_secret.is_some() {
        return Err(Refusal("invalid_request", "the client proves itself in two ways at once"));
    }
    let (id, secret) = match basic {
        Some((id, secret)) => (Some(id), Some(secret)),
        None => (request.client_id.clone(), request.client_secret.clone()),
    };
    if id.as_deref() != Some(&provider.config.client_id) {
        return Err(Refusal("invalid_client", "there is no such client"));
    }
    match (&provider.config.client_secret, secret) {
        (None, _) => Ok(()),
        (Some(expected), Some(given)) if same(&given, expected) => Ok(()),
        (Some(_), _) => Err(Refusal("invalid_client", "the client secret is missing or wrong")),
    }
}

/// RFC 6749 section 2.3.1: both halves are form-encoded before they are joined.
fn basic_credentials(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let joined = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = joined.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

fn form_decoded(text: &str) -> Option<String> {
    let pair = format!("v={text}");
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verifier_of_the_standard_fits_its_challenge() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(verifies(verifier, challenge));
        assert!(!verifies(&verifier.replace('d', "e"), challenge));
        assert!(!verifies("short", challenge));
    }

    #[test]
    fn basic_credentials_are_form_decoded() {
        let header = format!("Basic {}", STANDARD.encode("agent%2Dmanager:a%3Ab+c%26"));
        assert_eq!(basic_credentials(&header), Some(("agent-manager".into(), "a:b c&".into())));
        assert_eq!(basic_credentials("Bearer abc"), None);
        assert_eq!(basic_credentials("Basic ???"), None);
    }
}
