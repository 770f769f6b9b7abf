//! Signing in and out, and the gate.

use std::collections::BTreeMap;

use control::Clock;
use reqwest::{StatusCode, header};
use server::{auth::SignIn, config::Config};
use sqlx::PgPool;

use crate::app::{Cookies, TestApp, location};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_stranger_is_led_to_sign_in_and_back(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let page = app.page("/pools?environment=dev", &Cookies::default()).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(location(&page), "/sign-in?next=/pools%3Fenvironment%3Ddev");
    let api = app.get("/live?environment=dev").await;
    assert_eq!(api.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(api.headers()[header::CONTENT_TYPE], "application/problem+json");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_form_that_comes_after_its_session_is_given_back(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let send = |site: &str| {
        app.http
            .post(format!("{}/pools/new?environment=dev", app.url))
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site)
            .body("name=%3Cweb%3E&intent=review")
            .send()
    };
    let answer = send("same-origin").await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
    let page = answer.text().await.unwrap();
    assert!(page.contains("Nothing was done") && page.contains("value=\"&lt;web&gt;\""), "{page}");
    // What another site sends is held for nobody.
    let forged = send("cross-site").await.unwrap();
    assert_eq!(forged.status(), StatusCode::FORBIDDEN);
    assert!(!forged.text().await.unwrap().contains("&lt;web&gt;"));
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_persona_signs_in_sees_the_fleet_and_signs_out(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let cookies = app.sign_in("mara").await;
    let fleet = app.page("/", &cookies).await;
    assert_eq!(fleet.status(), StatusCode::OK);
    assert!(fleet.text().await.unwrap().contains("Mara"));

    let out = app.http.post(format!("{}/sign-out", app.url)).header(header::COOKIE, cookies.header());
    assert_eq!(out.send().await.unwrap().status(), StatusCode::SEE_OTHER);
    let after = app.page("/", &cookies).await;
    assert_eq!(location(&after), "/sign-in", "the session is over on the server too");

    let actions: Vec<String> =
        sqlx::query_scalar("SELECT action FROM audit_events ORDER BY seq").fetch_all(&pool).await.unwrap();
    assert_eq!(actions, ["sign_in", "sign_out"]);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_session_s_id_changes_when_somebody_signs_in(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let mut before = Cookies::default();
    let start = app.page("/sign-in/start", &before).await;
    before.take(&start);
    let callback = app.choose(location(&start), "vera").await;
    let mut after = before.clone();
    after.take(&app.page(callback.strip_prefix(&app.url).unwrap(), &before).await);
    assert_ne!(before.header(), after.header());
    let planted = app.page("/", &before).await;
    assert_eq!(location(&planted), "/sign-in");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_is_signed_in_signs_in_as_somebody_else(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let first = app.sign_in("mara").await;
    let second = app.sign_in_from(first.clone(), "vera").await;
    let fleet = app.page("/", &second).await;
    assert_eq!(fleet.status(), StatusCode::OK);
    assert!(fleet.text().await.unwrap().contains("Vera"));
    assert_eq!(location(&app.page("/", &first).await), "/sign-in", "the first session has ended");

    let actions: Vec<String> =
        sqlx::query_scalar("SELECT action FROM audit_events ORDER BY seq").fetch_all(&pool).await.unwrap();
    assert_eq!(actions, ["sign_in", "sign_in"]);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 1);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whose_session_is_over_signs_in_again_in_the_same_browser(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let over = app.sign_in("mara").await;
    // What counts is the database's word on how old it is: neither the clock of who let them in, nor how often it was saved.
    let skewed = r#"UPDATE sessions SET data = convert_to(
        regexp_replace(convert_from(data, 'UTF8'), '"signed_in_at":[0-9]+', '"signed_in_at":1'), 'UTF8')"#;
    sqlx::query(skewed).execute(&pool).await.unwrap();
    assert_eq!(app.page("/", &over).await.status(), StatusCode::OK);
    let aged = "UPDATE sessions SET created_at = now() - interval '13 hours'";
    sqlx::query(aged).execute(&pool).await.unwrap();
    assert_eq!(location(&app.page("/", &over).await), "/sign-in");
    let anew = app.sign_in_from(over, "mara").await;
    assert_eq!(app.page("/", &anew).await.status(), StatusCode::OK);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_session_is_somebody_s_only_together_with_its_event(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let kept = async || -> (i64, i64) {
        let both = "SELECT (SELECT count(*) FROM audit_events), (SELECT count(*) FROM sessions WHERE person IS NOT NULL)";
        sqlx::query_as(both).fetch_one(&pool).await.unwrap()
    };
    for (hindered, mended) in [
        (
            "ALTER TABLE sessions ADD CONSTRAINT nobody_s CHECK (person IS NULL)",
            "ALTER TABLE sessions DROP CONSTRAINT nobody_s",
        ),
        (
            "ALTER TABLE audit_events RENAME TO audit_events_away",
            "ALTER TABLE audit_events_away RENAME TO audit_events",
        ),
    ] {
        let mut cookies = Cookies::default();
        let start = app.page("/sign-in/start", &cookies).await;
        cookies.take(&start);
        let callback = app.choose(location(&start), "mara").await;
        sqlx::query(hindered).execute(&pool).await.unwrap();
        let answer = app.page(callback.strip_prefix(&app.url).unwrap(), &cookies).await;
        assert!(location(&answer).starts_with("/sign-in?error=unavailable"), "{}", location(&answer));
        sqlx::query(mended).execute(&pool).await.unwrap();
        assert_eq!(kept().await, (0, 0), "{hindered}");
        cookies.take(&answer);
        assert_eq!(location(&app.page("/", &cookies).await), "/sign-in", "{hindered}");
    }
    let cookies = app.sign_in("mara").await;
    assert_eq!(kept().await, (1, 1));
    assert_eq!(app.page("/", &cookies).await.status(), StatusCode::OK);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_callback_that_nobody_asked_for_signs_nobody_in(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let none = app.page("/sign-in/callback?code=x&state=y", &Cookies::default()).await;
    assert_eq!(location(&none), "/sign-in?error=expired");

    let mut cookies = Cookies::default();
    let start = app.page("/sign-in/start", &cookies).await;
    cookies.take(&start);
    let callback = app.choose(location(&start), "mara").await;
    let forged = callback.strip_prefix(&app.url).unwrap().replace("state=", "state=x");
    let refused = app.page(&forged, &cookies).await;
    assert!(location(&refused).starts_with("/sign-in?error=refused"), "{}", location(&refused));
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_token_that_was_made_for_another_sign_in_signs_nobody_in(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let config = Config::read(&app.folder().join("server.toml")).unwrap();
    let sign_in = SignIn::new(&config).unwrap();
    for nonce in [None, Some("another sign-in's")] {
        let (url, flow) = sign_in.start("/".to_owned(), Clock::System.now()).await.unwrap();
        let callback = reqwest::Url::parse(&app.choose(&url, "mara").await).unwrap();
        let brought: BTreeMap<_, _> = callback.query_pairs().into_owned().collect();
        let mut flow = serde_json::to_value(&flow).unwrap();
        if let Some(nonce) = nonce {
            flow["nonce"] = nonce.into();
        }
        let flow = serde_json::from_value(flow).unwrap();
        let now = Clock::System.now();
        let finished = sign_in.finish(flow, &brought["state"], &brought["code"], now).await;
        if nonce.is_none() {
            assert_eq!(finished.unwrap().name, "Mara", "with the one that was given out it is taken");
        } else {
            let refused = finished.unwrap_err();
            assert_eq!(refused.to_string(), "the id token is not valid", "{refused:#}");
            assert!(format!("{refused:#}").contains("nonce"), "{refused:#}");
        }
    }
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_cookie_is_locked_to_this_host(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let start = app.page("/sign-in/start", &Cookies::default()).await;
    let cookie = start.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    for part in ["__Host-agent-manager=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_development_issuer_s_own_mark_refuses_it_outside_development(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let mut config = Config::read(&app.folder().join("server.toml")).unwrap();
    let development = SignIn::new(&config).unwrap();
    development.start("/".to_owned(), Clock::System.now()).await.unwrap();

    // After parsing, which refuses an issuer without TLS first: the one that is met here could have some.
    config.sign_in.development = false;
    let production = SignIn::new(&config).unwrap();
    for _ in 0..2 {
        let refused = production.start("/".to_owned(), Clock::System.now()).await.unwrap_err();
        assert!(refused.to_string().contains("development issuer"), "{refused:#}");
    }
    app.stop().await;
}
