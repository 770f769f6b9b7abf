//! Restarts, ends of sessions, and configurations that cannot work.

use std::path::PathBuf;

use development_issuer::Issuer;
use reqwest::header::LOCATION;
use serde_json::Value;
use tokio::net::TcpListener;

use super::{CLIENT, Stage, config};

#[tokio::test]
async fn keys_and_tokens_survive_a_restart() {
    let file = std::env::temp_dir().join(format!("development-issuer-{}.json", std::process::id()));
    let mut config = config();
    config.state = Some(file.clone());
    let stage = Stage::with(config.clone()).await;
    let code = stage.code("mara").await;
    let (_, tokens) = stage.redeem(&code, &[]).await;
    let jwks = async |stage: &Stage| -> Value {
        stage.http.get(stage.at("/jwks")).send().await.unwrap().json().await.unwrap()
    };
    let before = jwks(&stage).await;

    config.listen = stage.issuer.address();
    stage.issuer.shutdown().await;
    let again = Stage::with(config).await;
    std::fs::remove_file(file).unwrap();
    assert_eq!(jwks(&again).await, before);
    assert_eq!(again.userinfo(&tokens["access_token"]).await.status(), 200);
}

#[tokio::test]
async fn without_a_file_each_start_has_a_key_of_its_own() {
    let (one, other) = (Stage::new().await, Stage::new().await);
    let code = one.code("mara").await;
    let (_, tokens) = one.redeem(&code, &[]).await;
    assert_eq!(other.userinfo(&tokens["access_token"]).await.status(), 401);
}

#[tokio::test]
async fn a_shutdown_frees_the_port() {
    let stage = Stage::new().await;
    let address = stage.issuer.address();
    assert_eq!(stage.http.get(stage.at("/jwks")).send().await.unwrap().status(), 200);
    stage.issuer.shutdown().await;
    TcpListener::bind(address).await.unwrap();
}

#[tokio::test]
async fn signing_out_returns_to_the_client_and_to_nobody_else() {
    let stage = Stage::new().await;
    let code = stage.code("mara").await;
    let (_, tokens) = stage.redeem(&code, &[]).await;
    let hint = tokens["id_token"].as_str().unwrap();
    stage.hands.turn(8 * 3600);
    let log_out = async |query: &[(&str, &str)]| {
        let url = url::Url::parse_with_params(&stage.at("/logout"), query).unwrap();
        let response = stage.http.get(url).send().await.unwrap();
        let location = response.headers().get(LOCATION).map(|value| value.to_str().unwrap().to_owned());
        (response.status().as_u16(), location)
    };
    let home = "http://localhost:3000/signed-out";
    let back = [("id_token_hint", hint), ("post_logout_redirect_uri", home), ("state", "a b")];
    assert_eq!(log_out(&back).await, (303, Some(format!("{home}?state=a+b"))));
    assert_eq!(log_out(&[("client_id", CLIENT)]).await, (200, None));

    for foreign in
        ["https://evil.example/", "http://localhost:3001/", "javascript:alert(1)", "", "//evil.example"]
    {
        assert_eq!(log_out(&[("post_logout_redirect_uri", foreign)]).await, (400, None), "{foreign}");
    }
    assert_eq!(log_out(&[("client_id", "somebody")]).await, (400, None));
    assert_eq!(log_out(&[("id_token_hint", &hint[..hint.len() - 8])]).await, (400, None));
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(log_out(&[("id_token_hint", access)]).await, (400, None));
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused_at_the_start() {
    let refused = async |change: fn(&mut development_issuer::Config)| {
        let mut config = config();
        change(&mut config);
        Issuer::start(config).await.expect_err("refused").to_string()
    };
    let cases = [
        (refused(|config| config.redirect_uris.clear()).await, "at least one redirect URI"),
        (refused(|config| config.redirect_uris = vec!["/callback".into()]).await, "is not a URL"),
        (refused(|config| config.redirect_uris = vec!["ftp://a/".into()]).await, "must begin with http://"),
        (refused(|config| config.issuer = Some("http://localhost:1/".into())).await, "no slash at its end"),
        (refused(|config| config.client_id.clear()).await, "the client id is empty"),
        (refused(|config| config.client_secret = Some(String::new())).await, "the client secret is empty"),
        (refused(|config| config.state = Some(PathBuf::from("/"))).await, "cannot read /"),
    ];
    for (error, words) in cases {
        assert!(error.contains(words), "{error}");
    }
}
