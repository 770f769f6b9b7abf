//! A client made by others (the openidconnect crate, as the server uses it) signs people in by this issuer.

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse as _, http,
};
use serde_json::{Value, json};

use super::{CALLBACK, CLIENT, Stage, claims, config};

/// reqwest as that crate wants it.
async fn send(client: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let response = client.execute(request.try_into()?).await?;
    let mut answer = http::Response::builder().status(response.status());
    for (name, value) in response.headers() {
        answer = answer.header(name, value);
    }
    Ok(answer.body(response.bytes().await?.to_vec()).unwrap())
}

/// The whole way, checked by the other side: discovery, PKCE, state, nonce, signature by JWKS, userinfo.
async fn sign_in(stage: &Stage, secret: Option<&str>, subject: &str) -> Value {
    let http_client = &|request: HttpRequest| {
        let client = stage.http.clone();
        async move { send(&client, request).await }
    };
    let issuer = IssuerUrl::new(stage.issuer.url().to_owned()).unwrap();
    let metadata = CoreProviderMetadata::discover_async(issuer, http_client).await.unwrap();
    let secret = secret.map(|secret| ClientSecret::new(secret.to_owned()));
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(CLIENT.into()), secret)
        .set_redirect_uri(RedirectUrl::new(CALLBACK.into()).unwrap());
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("profile".into()))
        .set_pkce_challenge(challenge)
        .url();

    let page = stage.open(url).await;
    let returned = page.click(&stage.http, "persona", subject).await.returned();
    assert_eq!(returned["state"], *state.secret());
    assert_eq!(returned["iss"], stage.issuer.url());

    let tokens = client
        .exchange_code(AuthorizationCode::new(returned["code"].clone()))
        .unwrap()
        .set_pkce_verifier(verifier)
        .request_async(http_client)
        .await
        .unwrap();
    assert_eq!(tokens.expires_in().unwrap().as_secs(), 300);
    let now = *stage.hands.0.lock().unwrap();
    let id_token = tokens.id_token().unwrap();
    let verifier = client.id_token_verifier().set_time_fn(move || now);
    let verified = id_token.claims(&verifier, &nonce).unwrap();
    assert_eq!(verified.subject().as_str(), subject);
    assert!(id_token.claims(&verifier, &Nonce::new("another".into())).is_err());
    let later = client.id_token_verifier().set_time_fn(move || now + chrono::TimeDelta::seconds(300));
    assert!(id_token.claims(&later, &nonce).is_err(), "it ends after five minutes");

    let request = client.user_info(tokens.access_token().clone(), Some(verified.subject().clone())).unwrap();
    let info: CoreUserInfoClaims = request.request_async(http_client).await.unwrap();
    assert_eq!(info.email(), verified.email());
    claims(&json!(id_token.to_string()))
}

#[tokio::test]
async fn a_public_client_signs_in_each_persona() {
    let stage = Stage::new().await;
    let expected = [
        ("mara", json!(["operator"]), json!(["sre"])),
        ("wen", json!(["approver"]), json!(["sre"])),
        ("ines", json!(["approver"]), json!(["security"])),
        ("jonah", json!(["operator", "approver"]), json!(["sre", "on-call"])),
        ("vera", json!(["viewer"]), json!([])),
        ("ada", json!(["admin"]), json!(["platform"])),
    ];
    for (subject, roles, groups) in expected {
        let claims = sign_in(&stage, None, subject).await;
        assert_eq!(claims["roles"], roles);
        assert_eq!(claims["groups"], groups);
        assert_eq!(claims["email"], format!("{subject}@example.test"));
        assert_eq!(claims["aud"], CLIENT);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
    }
}

#[tokio::test]
async fn a_client_with_a_secret_signs_people_in() {
    let mut config = config();
    config.client_secret = Some("s3cret:with&odd+letters".into());
    let stage = Stage::with(config).await;
    let claims = sign_in(&stage, Some("s3cret:with&odd+letters"), "wen").await;
    assert_eq!(claims["name"], "Wen");
}

#[tokio::test]
async fn the_metadata_says_that_it_is_for_development() {
    let stage = Stage::new().await;
    let url = stage.at("/.well-known/openid-configuration");
    let metadata: Value = stage.http.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(metadata["agent_manager_development"], true);
    assert_eq!(metadata["issuer"], stage.issuer.url());
    assert_eq!(metadata["end_session_endpoint"], stage.at("/logout"));
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(metadata["token_endpoint_auth_methods_supported"], json!(["none"]));
    assert!(stage.issuer.url().starts_with("http://localhost:"), "{}", stage.issuer.url());
}
