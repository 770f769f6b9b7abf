//! `/userinfo`: the same claims again, for the bearer of an access token.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};

use crate::persona::Persona;
use crate::provider::Provider;
use crate::signing::Kind;

pub(crate) async fn tell(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> Response {
    let Some(token) = bearer(&headers) else {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"userinfo\"")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    };
    match owner(&provider, token) {
        Some(persona) => Json(persona.claims()).into_response(),
        None => {
            let challenge = "Bearer realm=\"userinfo\", error=\"invalid_token\"";
            (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn owner<'a>(provider: &'a Provider, token: &str) -> Option<&'a Persona> {
    let claims = provider.read(Kind::Access, token)?;
    let meant_for_here = claims["aud"] == provider.endpoint("/userinfo").as_str();
    let alive = claims["exp"].as_i64()? > provider.now().timestamp();
    if meant_for_here && alive { provider.persona(claims["sub"].as_str()?) } else { None }
}
