//! What a client reads before anything else: the provider's metadata and its keys.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use serde_json::{Value, json};

use crate::DEVELOPMENT_MARK;
use crate::provider::Provider;

pub(crate) async fn metadata(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let authentication: &[&str] = match provider.config.client_secret {
        Some(_) => &["client_secret_basic", "client_secret_post"],
        None => &["none"],
    };
    Json(json!({
        "issuer": provider.issuer,
        "authorization_endpoint": provider.endpoint("/authorize"),
        "token_endpoint": provider.endpoint("/token"),
        "userinfo_endpoint": provider.endpoint("/userinfo"),
        "end_session_endpoint": provider.endpoint("/logout"),
        "jwks_uri": provider.endpoint("/jwks"),
        "scopes_supported": ["openid", "profile", "email"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "nonce", "name", "email", "roles", "groups"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": authentication,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        // Said aloud, because a client may assume it otherwise.
        "request_uri_parameter_supported": false,
        DEVELOPMENT_MARK: true,
    }))
}

pub(crate) async fn jwks(State(provider): State<Arc<Provider>>) -> Json<Value> {
    Json(provider.key.jwks())
}
