//! How a VM proves which one it is: Google's signed identity token, checked against the issuer's published keys.
//! The keys are fetched by one task at a time and kept for an hour. Neither forged key ids nor an issuer that is away make us
//! ask it again and again.

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
/// After a fetch that failed, everybody is refused for this long instead of waiting in line for the next failure.
const AFTER_FAILURE: i64 = 2;
/// A key that the issuer took back is not believed for longer. While the issuer is away, the old keys stay.
const KEYS_LIFETIME: i64 = 3600;
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
    failed_at: Option<i64>,
    /// Since the last fetch that succeeded.
    failures: u64,
}

impl Keys {
    fn fresh(&self, kid: &str, now: i64) -> Option<Arc<DecodingKey>> {
        let fresh = self.fetched_at.is_some_and(|at| now - at < KEYS_LIFETIME);
        self.by_id.get(kid).filter(|_| fresh).cloned()
    }

    /// Whether the issuer may be asked now.
    fn may_fetch(&self, now: i64) -> bool {
        self.fetched_at.is_none_or(|at| now - at >= REFRESH_AT_MOST_EVERY)
            && self.failed_at.is_none_or(|at| now - at >= AFTER_FAILURE)
    }
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

    /// Fetches that failed since the last one that succeeded. None: the keys were never needed.
    pub async fn failures(&self) -> Option<u64> {
        let keys = self.keys.read().await;
        (keys.fetched_at.is_some() || keys.failed_at.is_some()).then_some(keys.failures)
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
        if claims.exp.saturating_add(LEEWAY_SECONDS) < now.timestamp() {
            return Err(IdentityError::Invalid("it has expired"));
        }
        if claims.iat.saturating_sub(LEEWAY_SECONDS) > now.timestamp() {
            return Err(IdentityError::Invalid("it is from the future"));
        }
        let vm = claims
            .google
            .and_then(|google| google.compute_engine)
            .ok_or(IdentityError::Invalid("it names no VM: ask for it with format=full"))?;
        Ok(VerifiedIdentity { vm, expires_at: claims.exp.saturating_add(LEEWAY_SECONDS) })
    }

    async fn key(&self, kid: &str, now: Timestamp) -> Result<Arc<DecodingKey>, IdentityError> {
        let now = now.timestamp();
        if let Some(key) = self.keys.read().await.fresh(kid, now) {
            return Ok(key);
        }
        // One refresh at a time; those who waited look again before they fetch.
        let _refreshing = self.refreshing.lock().await;
        let may_fetch = {
            let keys = self.keys.read().await;
            if let Some(key) = keys.fresh(kid, now) {
                return Ok(key);
            }
            keys.may_fetch(now)
        };
        if may_fetch {
            // Not under the lock of the keys: those that are known serve on meanwhile.
            let fetched = self.fetch().await;
            let mut keys = self.keys.write().await;
            match fetched {
                Ok(by_id) => *keys = Keys { by_id, fetched_at: Some(now), ..Keys::default() },
                Err(error) => {
                    keys.failed_at = Some(now);
                    keys.failures += 1;
                    return keys.by_id.get(kid).cloned().ok_or(error);
                }
            }
        }
        let keys = self.keys.read().await;
        match keys.by_id.get(kid) {
            Some(key) => Ok(key.clone()),
            None if keys.failed_at.is_some() => {
                Err(IdentityError::KeysUnavailable("the issuer did not answer a moment ago".into()))
            }
            None => Err(IdentityError::Invalid("it is signed by an unknown key")),
        }
    }

    async fn fetch(&self) -> Result<HashMap<String, Arc<DecodingKey>>, IdentityError> {
        let unavailable = |error: reqwest::Error| IdentityError::KeysUnavailable(Box::new(error));
        let response =
            self.http.get(&self.jwks_url).send().await.and_then(reqwest::Response::error_for_status);
        let mut response = response.map_err(unavailable)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unavailable)? {
            if body.len() + chunk.len() > LARGEST_KEY_SET {
                return Err(IdentityError::KeysUnavailable("the key set is too large".into()));
            }
            body.extend_from_slice(&chunk);
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
