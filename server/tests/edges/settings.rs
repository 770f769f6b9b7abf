//! The settings over real HTTP: a secret in one answer alone, sessions that end each other, and bodies that cannot be read.

use reqwest::{Response, StatusCode, header};
use sqlx::PgPool;

use crate::app::{Cookies, TestApp, location};

/// As a browser sends a form.
async fn post(app: &TestApp, path: &str, cookies: &Cookies, form: &[(&str, &str)]) -> Response {
    app.http
        .post(format!("{}{path}", app.url))
        .header(header::ACCEPT, "text/html")
        .header(header::COOKIE, cookies.header())
        .form(form)
        .send()
        .await
        .unwrap()
}

/// What follows the mark, up to the next quote.
fn after<'a>(page: &'a str, mark: &str) -> &'a str {
    let rest = page.split_once(mark).map_or_else(|| panic!("{mark} in {page}"), |(_, rest)| rest);
    rest.split('"').next().unwrap_or_default()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_secret_is_in_the_answer_that_made_it_and_nowhere_else(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let mara = app.sign_in("mara").await;
    let refused = post(&app, "/settings/tokens/new", &mara, &[("name", ""), ("lifetime_days", "30")]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().await.unwrap().contains("without a scope it could do nothing"));

    let form = [("name", "ci"), ("scope_read", "on"), ("lifetime_days", "30")];
    let made = post(&app, "/settings/tokens/new", &mara, &form).await;
    assert_eq!(made.status(), StatusCode::OK);
    assert_eq!(made.headers()[header::CACHE_CONTROL], "no-store");
    let page = made.text().await.unwrap();
    let secret = format!("am_{}", after(&page, "value=\"am_"));
    let read = app.http.get(format!("{}/api/v1/me", app.url)).bearer_auth(&secret);
    assert_eq!(read.send().await.unwrap().status(), StatusCode::OK);

    let list = app.page("/settings/tokens", &mara).await.text().await.unwrap();
    assert!(list.contains("Active") && !list.contains(&secret), "{list}");
    let id = after(&list, "aria-label=\"Revoke ").to_owned();
    let vera = app.sign_in("vera").await;
    let form = [("intent", "revoke"), ("id", id.as_str())];
    let refused = post(&app, "/settings/tokens", &vera, &form).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    let said = refused.text().await.unwrap();
    assert!(said.contains("href=\"/docs/errors.md#:~:text=not_found\""), "{said}");
    let revoked = post(&app, "/settings/tokens", &mara, &form).await;
    assert_eq!((revoked.status(), location(&revoked)), (StatusCode::SEE_OTHER, "/settings/tokens"));
    let read = app.http.get(format!("{}/api/v1/me", app.url)).bearer_auth(&secret);
    assert_eq!(read.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    app.stop().await;
}

/// A browser without scripts is led back to its page, which says it.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn why_a_passkey_was_not_revoked_is_said_without_scripts_with_its_code_and_request(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let mara = app.sign_in("mara").await;
    let refused = app
        .http
        .post(format!("{}/fn/revoke_passkey", app.url))
        .header(header::ACCEPT, "text/html")
        .header(header::REFERER, format!("{}/settings/passkeys", app.url))
        .header(header::COOKIE, mara.header())
        .form(&[("id", "00")])
        .send()
        .await
        .unwrap();
    let back = location(&refused);
    let back = back.strip_prefix(&app.url).unwrap_or(back);
    assert!(back.starts_with("/settings/passkeys?"), "{back}");
    let page = app.page(back, &mara).await.text().await.unwrap();
    let said = page.split_once("text=not_found\"").map_or_else(|| panic!("{page}"), |(_, rest)| rest);
    assert!(said.contains("Request <"), "{said}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn ending_all_other_sessions_leaves_the_one_that_asks(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (laptop, phone, vera) =
        (app.sign_in("mara").await, app.sign_in("mara").await, app.sign_in("vera").await);
    let list = app.page("/settings/sessions", &laptop).await.text().await.unwrap();
    assert_eq!(list.matches("This one: sign out instead").count(), 1, "{list}");
    let ended = post(&app, "/settings/sessions", &laptop, &[("intent", "end_others")]).await;
    assert_eq!(location(&ended), "/settings/sessions");
    for (cookies, status) in
        [(&laptop, StatusCode::OK), (&phone, StatusCode::SEE_OTHER), (&vera, StatusCode::OK)]
    {
        assert_eq!(app.page("/settings/sessions", cookies).await.status(), status);
    }
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_function_s_body_that_cannot_be_read_is_no_fault_of_the_server(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let mara = app.sign_in("mara").await;
    for (function, kind, body) in [
        ("finish_registration", "application/json", "{"),
        ("finish_registration", "application/json", "[]"),
        ("revoke_passkey", "application/x-www-form-urlencoded", "no=id"),
    ] {
        let answer = app
            .http
            .post(format!("{}/fn/{function}", app.url))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, kind)
            .header(header::COOKIE, mara.header())
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{function} {body}");
        let said = answer.text().await.unwrap();
        assert!(said.contains(r#""code":"invalid""#), "{said}");
    }
    app.stop().await;
}
