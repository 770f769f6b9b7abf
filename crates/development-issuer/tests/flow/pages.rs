//! What a person sees, and which headers it comes with.

use super::Stage;

#[tokio::test]
async fn the_page_names_everybody_and_works_without_scripts() {
    let stage = Stage::new().await;
    let page = stage.open(stage.authorize_url(&[])).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.html.matches("<h1>").count(), 1);
    assert!(page.html.contains("<h1>Sign in to the demo</h1>"));
    assert!(page.html.contains("<html lang=\"en\">"));
    assert!(!page.html.contains("<script") && !page.html.contains(" onclick"), "{}", page.html);
    assert!(!page.html.contains(" style="), "{}", page.html);
    for persona in development_issuer::demo_personas() {
        for words in [&persona.name, &persona.title, &persona.does] {
            assert!(page.html.contains(words.as_str()), "{words}");
        }
        let described = format!("aria-describedby=\"{0}-does\"", persona.subject);
        assert!(
            page.html.contains(&described) && page.html.contains(&format!("id=\"{}-does\"", persona.subject))
        );
    }
    assert!(!page.html.contains("autofocus"));
}

#[tokio::test]
async fn every_answer_has_the_headers() {
    let stage = Stage::new().await;
    for path in
        ["/authorize", "/nowhere", "/jwks", "/logout", "/.well-known/openid-configuration", "/userinfo"]
    {
        let response = stage.http.get(stage.at(path)).send().await.unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap();
        let policy = header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(policy.contains("form-action 'self' http://localhost:3000;"), "{policy}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn foreign_words_are_escaped_and_come_back_whole() {
    let stage = Stage::new().await;
    let state = r#""><script>alert('1')</script>&amp;"#;
    let page = stage.open(stage.authorize_url(&[("state", state), ("login_hint", state)])).await;
    assert!(!page.html.contains("<script"), "{}", page.html);
    assert_eq!(page.click(&stage.http, "persona", "vera").await.returned()["state"], state);

    let page = stage.open(stage.authorize_url(&[("client_id", "<b>x</b>")])).await;
    assert!(!page.html.contains("<b>") && page.html.contains("&lt;b&gt;"), "{}", page.html);
}

#[tokio::test]
async fn a_hint_suggests_somebody_but_does_not_choose() {
    let stage = Stage::new().await;
    for hint in ["mara", "Mara", "mara@example.test"] {
        let page = stage.open(stage.authorize_url(&[("login_hint", hint)])).await;
        assert_eq!(page.status, 200);
        assert_eq!(page.html.matches("autofocus").count(), 1);
        assert!(page.html.contains("aria-describedby=\"mara-does\" autofocus>"), "{}", page.html);
    }
}

#[tokio::test]
async fn going_back_is_told_to_the_client() {
    let stage = Stage::new().await;
    let page = stage.open(stage.authorize_url(&[])).await;
    let returned = page.click(&stage.http, "cancel", "yes").await.returned();
    assert_eq!(returned["error"], "access_denied");
    assert_eq!(returned["state"], "the state");
}

#[tokio::test]
async fn a_client_may_ask_by_post() {
    let stage = Stage::new().await;
    let url = stage.authorize_url(&[]);
    let fields: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let response = stage.http.post(stage.at("/authorize")).form(&fields).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.text().await.unwrap().contains("Sign in to the demo"));
}
