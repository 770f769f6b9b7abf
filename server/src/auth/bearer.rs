//! Who is asking below `/api/v1`: the bearer of an API token, and nobody else. Cookies are not looked at. What is for machines
//! outside of it is read by a token too, or by a session.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use control::{Control, tokens::authenticate_token};

use crate::{headers::RequestId, problem::Problem};

/// Puts a `control::tokens::Bearer` and its `Actor` into the request, or answers 401.
pub async fn require_token(State(control): State<Control>, mut request: Request, next: Next) -> Response {
    let request_id = request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
    let Some(secret) = secret(request.headers()) else { return ask(&request_id) };
    match authenticate_token(&control, secret, &request_id).await {
        Ok(Some(bearer)) => {
            request.extensions_mut().insert(bearer.actor.clone());
            request.extensions_mut().insert(bearer);
            next.run(request).await
        }
        Ok(None) => refuse(
            "token_invalid",
            "the token is unknown, expired or revoked: make a new one in Settings, API tokens",
            "Bearer realm=\"agent-manager\", error=\"invalid_token\"",
            &request_id,
        ),
        Err(error) => Problem::from_error(&error, &request_id).into_response(),
    }
}

/// Whether the request shows a token, good or not.
pub(super) fn is_shown(headers: &HeaderMap) -> bool {
    secret(headers).is_some()
}

/// The answer to a request that shows no token.
pub(super) fn ask(request_id: &str) -> Response {
    refuse(
        "unauthorized",
        "send an API token: `Authorization: Bearer am_…`; Settings, API tokens makes one",
        "Bearer realm=\"agent-manager\"",
        request_id,
    )
}

fn secret(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

fn refuse(code: &str, detail: &str, challenge: &'static str, request_id: &str) -> Response {
    let mut response = Problem::new(StatusCode::UNAUTHORIZED, code, detail, request_id).into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_s_secret_is_read() {
        let with = |value: &'static str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
            secret(&headers).map(str::to_owned)
        };
        assert_eq!(with("Bearer am_x").as_deref(), Some("am_x"));
        assert_eq!(with("bearer  am_x").as_deref(), Some("am_x"));
        assert_eq!(with("Basic am_x"), None);
        assert_eq!(with("am_x"), None);
        assert_eq!(secret(&HeaderMap::new()), None);
    }
}
