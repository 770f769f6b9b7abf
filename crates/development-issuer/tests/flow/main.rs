//! The issuer on the wire: a browser that follows no redirect by itself, and a client that reads what comes back.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a party that fails fails the test")]

mod browser;
mod pages;
mod refusals;
mod standard;
mod survival;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use development_issuer::{Clock, Config, Issuer};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use browser::Page;

const CLIENT: &str = "agent-manager";
const CALLBACK: &str = "http://localhost:3000/sign-in/callback";
const VERIFIER: &str = "a-verifier-of-forty-three-letters-or-more-0123456789";

/// A clock that a test turns.
#[derive(Clone)]
struct Hands(Arc<Mutex<DateTime<Utc>>>);

impl Hands {
    fn at(text: &str) -> Hands {
        Hands(Arc::new(Mutex::new(text.parse().unwrap())))
    }

    fn turn(&self, seconds: i64) {
        *self.0.lock().unwrap() += TimeDelta::seconds(seconds);
    }

    fn clock(&self) -> Clock {
        let hands = self.clone();
        Arc::new(move || *hands.0.lock().unwrap())
    }
}

fn config() -> Config {
    Config::new(CLIENT, vec![CALLBACK.to_owned()])
}

/// An issuer and everything a client and a browser do to it.
struct Stage {
    issuer: Issuer,
    hands: Hands,
    http: reqwest::Client,
}

impl Stage {
    async fn new() -> Stage {
        Stage::with(config()).await
    }

    async fn with(config: Config) -> Stage {
        let hands = Hands::at("2026-11-21T12:00:00Z");
        let issuer = Issuer::start_at(config, hands.clock()).await.unwrap();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Stage { issuer, hands, http }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.issuer.url())
    }

    /// The address a client sends people to; `changes` replaces parameters, or removes them with an empty value.
    fn authorize_url(&self, changes: &[(&str, &str)]) -> Url {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let mut parameters = vec![
            ("client_id", CLIENT),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile email"),
            ("state", "the state"),
            ("nonce", "the nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        for change in changes {
            parameters.retain(|(name, _)| *name != change.0);
            parameters.push(*change);
        }
        parameters.retain(|(_, value)| !value.is_empty());
        Url::parse_with_params(&self.at("/authorize"), parameters).unwrap()
    }

    async fn open(&self, url: Url) -> Page {
        Page::of(self.http.get(url).send().await.unwrap()).await
    }

    /// Opens the page and clicks on somebody; answers where the browser was sent.
    async fn choose(&self, subject: &str) -> HashMap<String, String> {
        let page = self.open(self.authorize_url(&[])).await;
        assert_eq!(page.status, 200, "{}", page.html);
        page.click(&self.http, "persona", subject).await.returned()
    }

    async fn code(&self, subject: &str) -> String {
        self.choose(subject).await.remove("code").unwrap()
    }

    /// Calls `/token` as a public client; `changes` as in [`Stage::authorize_url`].
    async fn redeem(&self, code: &str, changes: &[(&str, &str)]) -> (u16, Value) {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("client_id", CLIENT),
        ];
        for change in changes {
            form.retain(|(name, _)| *name != change.0);
            form.push(*change);
        }
        form.retain(|(_, value)| !value.is_empty());
        let response = self.http.post(self.at("/token")).form(&form).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn userinfo(&self, token: &Value) -> reqwest::Response {
        let token = token.as_str().unwrap();
        self.http.get(self.at("/userinfo")).bearer_auth(token).send().await.unwrap()
    }
}

fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
