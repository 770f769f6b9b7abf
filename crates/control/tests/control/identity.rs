//! The verifier of identity tokens, against an issuer that counts how often its keys are asked for.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize, PublicKeyComponents},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use axum::{Json, Router, http::StatusCode, routing::get};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use control::{
    Clock,
    identity::{IdentityError, VerifiedIdentity, Verifier},
};
use domain::Timestamp;
use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

const AUDIENCE: &str = "https://manager.test/agent/v1/enroll";

struct Key {
    kid: &'static str,
    pair: KeyPair,
}

impl Key {
    fn generate(kid: &'static str) -> Self {
        Self { kid, pair: KeyPair::generate(KeySize::Rsa2048).expect("a key") }
    }

    fn jwk(&self) -> Value {
        let components = PublicKeyComponents::<Vec<u8>>::from(self.pair.public_key());
        json!({
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.kid,
            "n": URL_SAFE_NO_PAD.encode(components.n), "e": URL_SAFE_NO_PAD.encode(components.e),
        })
    }

    fn sign(&self, claims: &Value) -> String {
        self.sign_as(self.kid, claims)
    }

    fn sign_as(&self, kid: &str, claims: &Value) -> String {
        let signed = format!("{}.{}", part(&json!({"alg": "RS256", "kid": kid})), part(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .expect("a signature");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Header or payload of a token.
fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn claims(now: Timestamp) -> Value {
    json!({
        "iss": "https://accounts.google.com", "aud": AUDIENCE,
        "iat": now.timestamp(), "exp": now.timestamp() + 3600,
        "google": {"compute_engine": {
            "project_id": "p", "project_number": 1, "zone": "us-central1-a", "instance_id": "7",
            "instance_name": "vm", "instance_creation_timestamp": now.timestamp() - 60,
        }},
    })
}

struct Issuer {
    verifier: Arc<Verifier>,
    asked: Arc<AtomicUsize>,
    away: Arc<AtomicBool>,
}

impl Issuer {
    async fn start(key: &Key) -> Self {
        let (asked, away) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let keys = json!({"keys": [key.jwk(), {"kty": "RSA", "kid": "broken", "n": "!", "e": ""}]});
        let (counter, gone) = (asked.clone(), away.clone());
        let answer = move || {
            let keys = keys.clone();
            counter.fetch_add(1, Ordering::SeqCst);
            let status =
                if gone.load(Ordering::SeqCst) { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
            async move {
                // Long enough that all who come at once are here before the first answer is.
                tokio::time::sleep(Duration::from_millis(100)).await;
                (status, Json(keys))
            }
        };
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
        let url = format!("http://{}/keys", listener.local_addr().expect("an address"));
        let app = Router::new().route("/keys", get(answer));
        TaskTracker::new().spawn(async move { axum::serve(listener, app).await });
        Self { verifier: Arc::new(Verifier::new(&url, AUDIENCE).expect("a verifier")), asked, away }
    }

    async fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedIdentity, IdentityError> {
        self.verifier.verify(token, now).await
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn why(result: Result<VerifiedIdentity, IdentityError>) -> &'static str {
    match result {
        Err(IdentityError::Invalid(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn many_at_once_need_the_keys_only_once() {
    let key = Key::generate("one");
    let issuer = Issuer::start(&key).await;
    let now = Clock::System.now();
    let token = key.sign(&claims(now));
    let verified = join_all((0..64).map(|_| issuer.verify(&token, now))).await;
    for identity in verified {
        assert_eq!(identity.unwrap().vm.instance_name, "vm");
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn only_the_issuers_own_key_and_algorithm_are_believed() {
    let key = Key::generate("one");
    let issuer = Issuer::start(&key).await;
    let now = Clock::System.now();
    let good = key.sign(&claims(now));
    issuer.verify(&good, now).await.unwrap();

    let forged = Key::generate("other").sign_as("one", &claims(now));
    assert!(why(issuer.verify(&forged, now).await).contains("signature"));

    let none = format!("{}.{}.", part(&json!({"alg": "none", "kid": "one"})), part(&claims(now)));
    why(issuer.verify(&none, now).await);
    // The public key as the secret of a MAC: the oldest trick against such tokens.
    let secret = key.jwk()["n"].as_str().unwrap().to_owned();
    let header = Header { kid: Some("one".into()), ..Header::new(Algorithm::HS256) };
    let mac = encode(&header, &claims(now), &EncodingKey::from_secret(secret.as_bytes())).unwrap();
    assert!(why(issuer.verify(&mac, now).await).contains("RS256"));

    let mut tampered: Vec<&str> = good.split('.').collect();
    let mut other = claims(now);
    other["google"]["compute_engine"]["instance_id"] = "8".into();
    let other = part(&other);
    tampered[1] = &other;
    assert!(why(issuer.verify(&tampered.join("."), now).await).contains("signature"));
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn each_claim_counts() {
    let key = Key::generate("one");
    let issuer = Issuer::start(&key).await;
    let now = Clock::System.now();
    let at = now.timestamp();
    for (claim, value, word) in [
        ("iss", json!("https://issuer.test"), "issuer"),
        ("aud", json!("https://manager.test/agent/v1/heartbeats"), "audience"),
        ("aud", json!([AUDIENCE, "https://elsewhere.test"]), "claims"),
        ("exp", json!(at - 31), "expired"),
        ("iat", json!(at + 31), "future"),
        ("google", json!({}), "format=full"),
        ("google", json!(null), "format=full"),
    ] {
        let mut claims = claims(now);
        claims[claim] = value;
        let refusal = why(issuer.verify(&key.sign(&claims), now).await);
        assert!(refusal.contains(word), "{claim}: {refusal}");
    }
    let mut just = claims(now);
    just["exp"] = (at - 29).into();
    issuer.verify(&key.sign(&just), now).await.unwrap();
}

#[tokio::test]
async fn a_flood_of_unknown_key_ids_asks_the_issuer_once_in_ten_seconds() {
    let key = Key::generate("one");
    let issuer = Issuer::start(&key).await;
    let now = Clock::System.now();
    let flood = async |from: usize, now: Timestamp| {
        let tokens: Vec<String> =
            (from..from + 200).map(|number| key.sign_as(&format!("kid-{number}"), &claims(now))).collect();
        for refused in join_all(tokens.iter().map(|token| issuer.verify(token, now))).await {
            assert!(why(refused).contains("unknown key"));
        }
    };
    flood(0, now).await;
    assert_eq!(issuer.asked(), 1);
    flood(1000, now + chrono::TimeDelta::seconds(9)).await;
    assert_eq!(issuer.asked(), 1);
    flood(2000, now + chrono::TimeDelta::seconds(10)).await;
    assert_eq!(issuer.asked(), 2);
    // Whoever has a good key is not hindered.
    issuer.verify(&key.sign(&claims(now)), now).await.unwrap();
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn an_issuer_that_is_away_is_asked_seldom_and_its_known_keys_serve_on() {
    let key = Key::generate("one");
    let issuer = Issuer::start(&key).await;
    let now = Clock::System.now();
    let token = key.sign(&claims(now));
    issuer.away.store(true, Ordering::SeqCst);
    for refused in join_all((0..64).map(|_| issuer.verify(&token, now))).await {
        assert!(matches!(refused, Err(IdentityError::KeysUnavailable(_))), "{refused:?}");
    }
    assert_eq!(issuer.asked(), 1);
    issuer.away.store(false, Ordering::SeqCst);
    let later = now + chrono::TimeDelta::seconds(2);
    issuer.verify(&token, later).await.unwrap();
    assert_eq!(issuer.asked(), 2);

    // After an hour they are read again; while that fails, the old ones are believed.
    issuer.away.store(true, Ordering::SeqCst);
    let much_later = later + chrono::TimeDelta::seconds(3600);
    let token = key.sign(&claims(much_later));
    issuer.verify(&token, much_later).await.unwrap();
    issuer.verify(&token, much_later).await.unwrap();
    assert_eq!(issuer.asked(), 3);
}
