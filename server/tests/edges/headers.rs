//! What every answer carries.

use reqwest::{StatusCode, header};
use sqlx::PgPool;

use crate::{
    app::{Cookies, TestApp},
    rest::problem,
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_page_s_policy_names_its_own_nonce(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let page = app.page("/sign-in", &Cookies::default()).await;
        let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let html = page.text().await.unwrap();
        assert!(html.contains(&format!("nonce=\"{nonce}\"")), "{policy}");
        assert!(!html.contains(" style=\"") && !html.contains(" onclick="), "inline style or handler");
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1]);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_answer_has_a_request_id_and_is_not_sniffed(pool: PgPool) {
    let app = TestApp::start(pool).await;
    for path in ["/livez", "/readyz", "/sign-in", "/nowhere", "/pkg/none.js", "/docs/errors.md"] {
        let answer = app.get(path).await;
        assert!(answer.headers().contains_key("x-request-id"), "{path}");
        assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert!(answer.headers().contains_key(header::CONTENT_SECURITY_POLICY), "{path}");
    }
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn another_site_cannot_post_for_a_person(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let cookies = app.sign_in("mara").await;
    let forged = |accept: &str| {
        app.http
            .post(format!("{}/sign-out", app.url))
            .header(header::COOKIE, cookies.header())
            .header(header::ORIGIN, "https://evil.test")
            .header("sec-fetch-site", "cross-site")
            .header(header::ACCEPT, accept)
            .send()
    };
    problem(forged("*/*").await.unwrap(), StatusCode::FORBIDDEN, "cross_site").await;
    let page = forged("text/html").await.unwrap();
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    let page = page.text().await.unwrap();
    assert!(page.contains("<h1>The request came from a page of another site</h1>"), "{page}");
    assert_eq!(app.page("/", &cookies).await.status(), StatusCode::OK, "still signed in");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn without_the_database_pages_say_so_and_heal(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let cookies = app.sign_in("mara").await;
    sqlx::query("ALTER TABLE sessions RENAME TO sessions_away").execute(&pool).await.unwrap();
    let page = app.page("/", &cookies).await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    let id = page.headers()["x-request-id"].to_str().unwrap().to_owned();
    let html = page.text().await.unwrap();
    assert!(html.contains(&id), "the page names its request");
    sqlx::query("ALTER TABLE sessions_away RENAME TO sessions").execute(&pool).await.unwrap();
    assert_eq!(app.page("/", &cookies).await.status(), StatusCode::OK);
    app.stop().await;
}
