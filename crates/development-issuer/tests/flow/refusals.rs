//! What does not pass, and in which words.

use reqwest::header::{LOCATION, WWW_AUTHENTICATE};
use serde_json::{Value, json};

use super::{CALLBACK, CLIENT, Stage, config};

fn error(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["error"].as_str().unwrap())
}

#[tokio::test]
async fn a_code_is_good_once() {
    let stage = Stage::new().await;
    let code = stage.code("mara").await;
    let first = stage.redeem(&code, &[]).await;
    assert_eq!(first.0, 200, "{first:?}");
    assert_eq!(error(&stage.redeem(&code, &[]).await), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_wrong_verifier_spends_the_code() {
    let stage = Stage::new().await;
    let code = stage.code("mara").await;
    let wrong = "another-verifier-of-forty-three-letters-or-more-0123";
    assert_eq!(error(&stage.redeem(&code, &[("code_verifier", wrong)]).await), (400, "invalid_grant"));
    assert_eq!(error(&stage.redeem(&code, &[]).await), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_code_ends_after_a_minute() {
    let stage = Stage::new().await;
    let code = stage.code("mara").await;
    stage.hands.turn(59);
    assert_eq!(stage.redeem(&code, &[]).await.0, 200);
    let code = stage.code("mara").await;
    stage.hands.turn(60);
    assert_eq!(error(&stage.redeem(&code, &[]).await), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_code_is_bound_to_the_address_it_was_sent_to() {
    let mut config = config();
    let other = "http://localhost:3000/other";
    config.redirect_uris.push(other.into());
    let stage = Stage::with(config).await;
    let code = stage.code("mara").await;
    assert_eq!(error(&stage.redeem(&code, &[("redirect_uri", other)]).await), (400, "invalid_grant"));
    let code = stage.code("mara").await;
    assert_eq!(error(&stage.redeem(&code, &[("redirect_uri", "")]).await), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_token_request_must_be_whole() {
    let stage = Stage::new().await;
    let code = stage.code("mara").await;
    let cases = [
        (("code", ""), (400, "invalid_request")),
        (("code_verifier", ""), (400, "invalid_request")),
        (("grant_type", ""), (400, "invalid_request")),
        (("grant_type", "refresh_token"), (400, "unsupported_grant_type")),
        (("client_id", "somebody"), (401, "invalid_client")),
        (("client_id", ""), (401, "invalid_client")),
    ];
    for (change, expected) in cases {
        assert_eq!(error(&stage.redeem(&code, &[change]).await), expected, "{change:?}");
    }
    let response = stage.http.post(stage.at("/token")).body("code=1&code=2").send().await.unwrap();
    assert_eq!(response.status(), 400);
    // None of these reached the code.
    assert_eq!(stage.redeem(&code, &[]).await.0, 200);
}

#[tokio::test]
async fn a_client_with_a_secret_must_prove_itself() {
    let mut config = config();
    config.client_secret = Some("s3cret".into());
    let stage = Stage::with(config).await;
    let code = stage.code("mara").await;
    assert_eq!(error(&stage.redeem(&code, &[]).await), (401, "invalid_client"));
    assert_eq!(error(&stage.redeem(&code, &[("client_secret", "guess")]).await), (401, "invalid_client"));

    let form = [("grant_type", "authorization_code"), ("client_secret", "s3cret")];
    let basic = |secret| stage.http.post(stage.at("/token")).basic_auth(CLIENT, Some(secret));
    let wrong = basic("guess").form(&form[..1]).send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    assert!(wrong.headers()[WWW_AUTHENTICATE].to_str().unwrap().starts_with("Basic"));
    let twice = basic("s3cret").form(&form).send().await.unwrap();
    assert_eq!(twice.status(), 400);
    assert_eq!(twice.json::<Value>().await.unwrap()["error"], "invalid_request");

    let (status, tokens) = stage.redeem(&code, &[("client_secret", "s3cret")]).await;
    assert_eq!((status, &tokens["token_type"]), (200, &json!("Bearer")));
}

#[tokio::test]
async fn an_unknown_client_or_address_is_told_to_the_person_alone() {
    let stage = Stage::new().await;
    let cases = [
        ("client_id", "somebody", "no client &quot;somebody&quot;"),
        ("client_id", "", "client_id is missing"),
        ("redirect_uri", "", "redirect_uri is missing"),
        ("redirect_uri", "http://localhost:3000/sign-in/callback/", "must match letter by letter"),
        ("redirect_uri", "http://localhost:3000/sign-in/callback?x=1", "must match letter by letter"),
        ("redirect_uri", "https://evil.example/", "must match letter by letter"),
    ];
    for (name, value, words) in cases {
        let page = stage.open(stage.authorize_url(&[(name, value)])).await;
        assert_eq!(page.status, 400, "{name}={value}");
        assert!(!page.headers.contains_key(LOCATION), "{name}={value}");
        assert!(page.html.contains(words), "{name}={value}: {}", page.html);
    }
    let mut twice = stage.authorize_url(&[]);
    twice.query_pairs_mut().append_pair("redirect_uri", CALLBACK);
    assert_eq!(stage.open(twice).await.status, 400);
}

#[tokio::test]
async fn what_a_client_asks_wrongly_is_told_to_the_client() {
    let stage = Stage::new().await;
    let cases = [
        ("response_type", "token", "unsupported_response_type"),
        ("response_mode", "fragment", "invalid_request"),
        ("scope", "profile", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("prompt", "none", "login_required"),
    ];
    for (name, value, expected) in cases {
        let returned = stage.open(stage.authorize_url(&[(name, value)])).await.returned();
        assert_eq!(returned["error"], expected, "{name}={value}");
        assert_eq!(returned["state"], "the state");
        assert_eq!(returned["iss"], stage.issuer.url());
        assert!(!returned.contains_key("code"));
    }
}

#[tokio::test]
async fn a_choice_is_checked_like_the_question() {
    let stage = Stage::new().await;
    let page = stage.open(stage.authorize_url(&[])).await;
    let (action, fields) = page.form("persona", "mara");
    let post = async |changed: (&str, &str), site: &str| {
        let mut fields = fields.clone();
        fields
            .iter_mut()
            .filter(|(name, _)| name == changed.0)
            .for_each(|(_, value)| *value = changed.1.into());
        let request = stage.http.post(action.clone()).header("sec-fetch-site", site).form(&fields);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(post(("", ""), "cross-site").await, 403);
    assert_eq!(post(("redirect_uri", "https://evil.example/"), "same-origin").await, 400);
    assert_eq!(post(("client_id", "somebody"), "same-origin").await, 400);
    assert_eq!(post(("persona", "mallory"), "same-origin").await, 400);
    assert_eq!(post(("", ""), "same-origin").await, 303);
}

#[tokio::test]
async fn userinfo_wants_a_living_access_token() {
    let stage = Stage::new().await;
    let code = stage.code("jonah").await;
    let (_, tokens) = stage.redeem(&code, &[]).await;
    let info: Value = stage.userinfo(&tokens["access_token"]).await.json().await.unwrap();
    assert_eq!(info["sub"], "jonah");
    assert_eq!(info["roles"], json!(["operator", "approver"]));

    let response = stage.userinfo(&tokens["id_token"]).await;
    assert_eq!(response.status(), 401, "an ID token is no access token");
    assert!(response.headers()[WWW_AUTHENTICATE].to_str().unwrap().contains("invalid_token"));
    assert_eq!(stage.http.get(stage.at("/userinfo")).send().await.unwrap().status(), 401);
    stage.hands.turn(300);
    assert_eq!(stage.userinfo(&tokens["access_token"]).await.status(), 401);
}
