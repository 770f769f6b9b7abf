//! How a VM proves which one it is: Google's signed identity token, checked against the issuer's published keys.
//! The keys are fetched by one task at a time and kept; an unknown key id is remembered, so that forged ids cost us nothing.

use std::{collections::HashMap, sync::Arc, time::Duration};

use domain::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde::Deserialize;
use tokio::sync::{Mutex, RwLock};

/// Google's own issuer; the emulator says the same, so trust comes from the key set's URL alone.
const ISSUER: &str = "https://accounts.google.com";
/// Clocks of VMs and servers differ by this much at most, in seconds.
const LEEWAY_SECONDS: i64 = 30;
/// An unknown key id is looked up at most this often, in seconds.
const REFRESH_AT_MOST_EVERY: i64 = 10;
const LARGEST_KEY_SET: usize = 256 * 1024;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ComputeEngineClaims {
    pub project_id: String,
    pub zone: String,
    pub instance_id: String,
    pub instance_name: String,
    pub instance_creation_timestamp: i64,
}

#[derive(Debug, Deserialize)]
struct GoogleClaims {
    compute_engine: Option<ComputeEngineClaims>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    exp: i64,
    iat: i64,
    google: Option<GoogleClaims>,
}

/// What a valid token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedIdentity {
    pub vm: ComputeEngineClaims,
    /// Seconds since 1970; the token need not be remembered beyond.
    pub expires_at: i64,
}

#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("the identity token is not valid: {0}")]
    Invalid(&'static str),
    #[error("the issuer's keys cannot be read")]
    KeysUnavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

#[derive(Debug, Default)]
struct Keys {
    by_id: HashMap<String, Arc<DecodingKey>>,
    fetched_at: Option<i64>,
}

/// Verifies identity tokens for one audience.
#[derive(Debug)]
pub struct Verifier {
    jwks_url: String,
    audience: String,
    http: reqwest::Client,
    keys: RwLock<Keys>,
    refreshing: Mutex<()>,
}

impl Verifier {
    pub fn new(jwks_url: &str, audience: &str) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build()?;
        Ok(Self {
            jwks_url: jwks_url.to_owned(),
            audience: audience.to_owned(),
            http,
            keys: RwLock::default(),
            refreshing: Mutex::new(()),
        })
    }

    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedIdentity, IdentityError> {
        let header = decode_header(token).map_err(|_| IdentityError::Invalid("it is no JSON web token"))?;
        if header.alg != Algorithm::RS256 {
            return Err(IdentityError::Invalid("it is not signed with RS256"));
        }
        let kid = header.kid.ok_or(IdentityError::Invalid("it names no key"))?;
        let key = self.key(&kid, now).await?;

        let mut validation = Validation::new(Algorithm::RS256);
        // Expiry is checked below against our own clock, the audience against exactly one text.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let claims = decode::<Claims>(token, &key, &validation)
            .map_err(|_| IdentityError::Invalid("its signature or its claims are wrong"))?
            .claims;

        if claims.iss != ISSUER {
            return Err(IdentityError::Invalid("its issuer is not Google"));
        }
        if claims.aud != self.audience {
            return Err(IdentityError::Invalid("it is meant for another audience"));
        }
        if claims.exp + LEEWAY_SECONDS < now.timestamp() {
            return Err(IdentityError::Invalid("it has expired"));
        }
        if claims.iat - LEEWAY_SECONDS > now.timestamp() {
            return Err(IdentityError::Invalid("it is from the future"));
        }
        let vm = claims
            .google
            .and_then(|google| google.compute_engine)
            .ok_or(IdentityError::Invalid("it names no VM: ask for it with format=full"))?;
        Ok(VerifiedIdentity { vm, expires_at: claims.exp + LEEWAY_SECONDS })
    }

    async fn key(&self, kid: &str, now: Timestamp) -> Result<Arc<DecodingKey>, IdentityError> {
        if let Some(key) = self.keys.read().await.by_id.get(kid) {
            return Ok(key.clone());
        }
        // One refresh at a time; those who waited look again before they fetch.
        let _refreshing = self.refreshing.lock().await;
        let fetched_at = {
            let keys = self.keys.read().await;
            if let Some(key) = keys.by_id.get(kid) {
                return Ok(key.clone());
            }
            keys.fetched_at
        };
        if fetched_at.is_none_or(|at| now.timestamp() - at >= REFRESH_AT_MOST_EVERY) {
            let by_id = self.fetch().await?;
            *self.keys.write().await = Keys { by_id, fetched_at: Some(now.timestamp()) };
        }
        self.keys
            .read()
            .await
            .by_id
            .get(kid)
            .cloned()
            .ok_or(IdentityError::Invalid("it is signed by an unknown key"))
    }

    async fn fetch(&self) -> Result<HashMap<String, Arc<DecodingKey>>, IdentityError> {
        let unavailable = |error: reqwest::Error| IdentityError::KeysUnavailable(Box::new(error));
        let response =
            self.http.get(&self.jwks_url).send().await.and_then(reqwest::Response::error_for_status);
        let body = response.map_err(unavailable)?.bytes().await.map_err(unavailable)?;
        if body.len() > LARGEST_KEY_SET {
            return Err(IdentityError::KeysUnavailable("the key set is too large".into()));
        }
        let set: JwkSet =
            serde_json::from_slice(&body).map_err(|error| IdentityError::KeysUnavailable(Box::new(error)))?;
        let keys = set.keys.iter().filter_map(|jwk| {
            let kid = jwk.common.key_id.clone()?;
            Some((kid, Arc::new(DecodingKey::from_jwk(jwk).ok()?)))
        });
        Ok(keys.collect())
    }
}
