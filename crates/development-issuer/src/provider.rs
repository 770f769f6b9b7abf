//! What all endpoints share: the client, the key, the codes and the clock; and the routes themselves.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use axum::extract::DefaultBodyLimit;
use axum::middleware::map_response_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Router, http::HeaderValue, http::header};
use chrono::{DateTime, Utc};
use serde_json::Value;
use url::Url;

use crate::grants::Grants;
use crate::persona::Persona;
use crate::signing::{Kind, SigningKey};
use crate::{Clock, Config, authorize, discovery, logout, page, token, userinfo};

/// Every form here is a few short fields.
const LARGEST_FORM: usize = 16 * 1024;

pub(crate) struct Provider {
    pub(crate) config: Config,
    /// Without a trailing slash; endpoints are `{issuer}/…`.
    pub(crate) issuer: String,
    pub(crate) key: SigningKey,
    pub(crate) grants: Grants,
    clock: Clock,
    /// Of the registered redirect addresses, e.g. `http://localhost:3000`.
    origins: Vec<String>,
    content_security_policy: HeaderValue,
}

impl Provider {
    pub(crate) fn new(
        config: Config,
        issuer: String,
        key: SigningKey,
        clock: Clock,
    ) -> anyhow::Result<Provider> {
        let parsed = Url::parse(&issuer).with_context(|| format!("issuer {issuer:?} is not a URL"))?;
        let plain = parsed.query().is_none() && parsed.fragment().is_none() && !issuer.ends_with('/');
        ensure!(plain, "issuer {issuer:?} must have no query, no fragment and no slash at its end");
        ensure!(!config.client_id.is_empty(), "the client id is empty");
        ensure!(config.client_secret.as_deref() != Some(""), "the client secret is empty");
        ensure!(!config.redirect_uris.is_empty(), "at least one redirect URI must be registered");
        let mut origins = Vec::new();
        for uri in &config.redirect_uris {
            let parsed = Url::parse(uri).with_context(|| format!("redirect URI {uri:?} is not a URL"))?;
            ensure!(
                matches!(parsed.scheme(), "http" | "https") && parsed.fragment().is_none(),
                "redirect URI {uri:?} must begin with http:// or https:// and have no fragment"
            );
            let origin = parsed.origin().ascii_serialization();
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        let content_security_policy = HeaderValue::from_str(&page::content_security_policy(&origins))
            .context("a redirect URI cannot be named in a header")?;
        Ok(Provider {
            config,
            issuer,
            key,
            grants: Grants::default(),
            clock,
            origins,
            content_security_policy,
        })
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    pub(crate) fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    pub(crate) fn persona(&self, subject: &str) -> Option<&Persona> {
        self.config.personas.iter().find(|persona| persona.subject == subject)
    }

    /// Whether an address belongs to the registered client, by its origin.
    pub(crate) fn is_of_client(&self, uri: &str) -> bool {
        Url::parse(uri).is_ok_and(|url| self.origins.contains(&url.origin().ascii_serialization()))
    }

    /// The claims of a token this issuer signed, whatever its age.
    pub(crate) fn read(&self, kind: Kind, token: &str) -> Option<Value> {
        self.key.read(kind, token).filter(|claims| claims["iss"] == self.issuer.as_str())
    }
}

pub(crate) fn router(provider: Arc<Provider>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::metadata))
        .route("/jwks", get(discovery::jwks))
        .route("/authorize", get(authorize::ask).post(authorize::answer))
        .route("/token", post(token::exchange))
        .route("/userinfo", get(userinfo::tell).post(userinfo::tell))
        .route("/logout", get(logout::by_link).post(logout::by_form))
        .route("/favicon.svg", get(page::favicon))
        .fallback(page::not_found)
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(map_response_with_state(Arc::clone(&provider), guard))
        .with_state(provider)
}

/// Headers on every answer: nothing is kept, framed, sniffed or run.
async fn guard(
    axum::extract::State(provider): axum::extract::State<Arc<Provider>>,
    mut response: Response,
) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, provider.content_security_policy.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // The address of the sign-in page carries state and nonce, which are no other site's business.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}
