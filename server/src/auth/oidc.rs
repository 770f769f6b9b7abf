//! OpenID Connect: authorization code with PKCE, state and nonce. The issuer is asked for its metadata when somebody signs in,
//! so that we start also while it is away.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use domain::Timestamp;
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, AuthorizationCode, Client, ClientId, ClientSecret,
    CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields,
    IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata, RedirectUrl, Scope,
    StandardErrorResponse, StandardTokenResponse, TokenResponse as _,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClaimName, CoreClaimType,
        CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
        CoreRevocableToken, CoreRevocationErrorResponse, CoreSubjectIdentifierType,
        CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::Person;
use crate::config::{Config, SignInConfig, read_secret};

/// How long the issuer's metadata and keys are used before they are asked for again, in seconds.
const METADATA_LIFETIME: i64 = 300;

/// The claims that carry what a person may do.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct RoleClaims {
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
}

impl AdditionalClaims for RoleClaims {}

/// The development issuer says of itself that it is one.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct DevelopmentMark {
    #[serde(default)]
    agent_manager_development: bool,
}

impl AdditionalProviderMetadata for DevelopmentMark {}

type Metadata = ProviderMetadata<
    DevelopmentMark,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type IdFields = IdTokenFields<
    RoleClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    openidconnect::core::CoreJwsSigningAlgorithm,
>;

type OidcClient = Client<
    RoleClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<IdFields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What must be remembered between leaving for the issuer and coming back.
#[derive(Debug, Deserialize, Serialize)]
pub struct Flow {
    state: String,
    nonce: String,
    verifier: String,
    /// A path of ours.
    pub next: String,
}

#[derive(Debug)]
pub struct SignIn {
    settings: SignInConfig,
    secret: Option<String>,
    redirect_url: String,
    http: reqwest::Client,
    metadata: Mutex<Option<(Timestamp, Arc<Metadata>)>>,
}

impl SignIn {
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let secret = match &config.sign_in.client_secret_file {
            Some(path) => {
                Some(String::from_utf8(read_secret(path)?).context("the client secret is no text")?)
            }
            None => None,
        };
        let http = reqwest::Client::builder()
            // A redirect from the issuer could lead the token request anywhere.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()?;
        Ok(Self {
            settings: config.sign_in.clone(),
            secret: secret.map(|text| text.trim().to_owned()),
            redirect_url: format!("{}/sign-in/callback", config.http.public_url),
            http,
            metadata: Mutex::new(None),
        })
    }

    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    async fn metadata(&self, now: Timestamp) -> anyhow::Result<Arc<Metadata>> {
        let mut cached = self.metadata.lock().await;
        if let Some((read_at, metadata)) = &*cached
            && (now - *read_at).num_seconds() < METADATA_LIFETIME
        {
            return Ok(metadata.clone());
        }
        let issuer = IssuerUrl::new(self.settings.issuer.clone())?;
        let metadata = Metadata::discover_async(issuer, &|request| send(self.http.clone(), request))
            .await
            .context("the issuer's metadata cannot be read")?;
        if metadata.additional_metadata().agent_manager_development && !self.settings.development {
            bail!("the issuer is a development issuer, and sign_in.development is off");
        }
        let metadata = Arc::new(metadata);
        *cached = Some((now, metadata.clone()));
        Ok(metadata)
    }

    /// Where to send the browser, and what to remember until it comes back.
    pub async fn start(&self, next: String, now: Timestamp) -> anyhow::Result<(String, Flow)> {
        let metadata = self.metadata(now).await?;
        let client = OidcClient::from_provider_metadata(
            metadata.as_ref().clone(),
            ClientId::new(self.settings.client_id.clone()),
            self.secret.clone().map(ClientSecret::new),
        )
        .set_redirect_uri(RedirectUrl::new(self.redirect_url.clone())?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("profile".to_owned()))
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let flow = Flow {
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            next,
        };
        Ok((url.to_string(), flow))
    }

    /// Checks what the browser brought back and says who it is.
    pub async fn finish(
        &self,
        flow: Flow,
        state: &str,
        code: &str,
        now: Timestamp,
    ) -> anyhow::Result<Person> {
        if flow.state.is_empty() || flow.state != state {
            bail!("the state is not the one that was given out");
        }
        let metadata = self.metadata(now).await?;
        let client = OidcClient::from_provider_metadata(
            metadata.as_ref().clone(),
            ClientId::new(self.settings.client_id.clone()),
            self.secret.clone().map(ClientSecret::new),
        )
        .set_redirect_uri(RedirectUrl::new(self.redirect_url.clone())?);
        let response = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .context("the issuer has no token endpoint")?
            .set_pkce_verifier(PkceCodeVerifier::new(flow.verifier))
            .request_async(&|request| send(self.http.clone(), request))
            .await
            .context("the issuer did not take the code")?;
        let token = response.id_token().context("the issuer sent no id token")?;
        let claims = match token.claims(&client.id_token_verifier(), &Nonce::new(flow.nonce)) {
            Ok(claims) => claims,
            Err(error) => {
                // Its keys may just have been rotated: the next attempt reads them anew.
                *self.metadata.lock().await = None;
                return Err(error).context("the id token is not valid");
            }
        };
        let sub = claims.subject().to_string();
        let name = claims
            .name()
            .and_then(|name| name.get(None))
            .map_or_else(|| sub.clone(), |name| name.to_string());
        let extra = claims.additional_claims();
        Ok(Person {
            name,
            email: claims.email().map(|email| email.to_string()).unwrap_or_default(),
            // A role that we do not know gives nothing.
            roles: extra.roles.iter().filter_map(|role| role.parse().ok()).collect(),
            groups: extra.groups.iter().cloned().collect(),
            signed_in_at: now.timestamp(),
            sub,
        })
    }
}

#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("the issuer does not answer")]
    Transport(#[from] reqwest::Error),
    #[error("the request or its answer is malformed")]
    Http(#[from] http::Error),
    #[error("the issuer's answer is too large")]
    TooLarge,
}

/// Bytes of an issuer's answer, at most.
const LARGEST_ANSWER: usize = 1024 * 1024;

async fn send(
    client: reqwest::Client,
    request: openidconnect::HttpRequest,
) -> Result<openidconnect::HttpResponse, SendError> {
    let (parts, body) = request.into_parts();
    let answer =
        client.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body).send().await?;
    let mut response = http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    let body = answer.bytes().await?;
    if body.len() > LARGEST_ANSWER {
        return Err(SendError::TooLarge);
    }
    Ok(response.body(body.to_vec())?)
}
