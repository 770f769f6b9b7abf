//! The server's own routes, beside pages and `/api/v1`: by which key each opens.

use std::{collections::BTreeSet, fs, path::Path};

use domain::{Role, token::Scope};
use reqwest::{RequestBuilder, StatusCode, header};
use rest_api::Method;
use serde_json::json;
use server::own::{OWN, Own};
use sqlx::PgPool;

use crate::{
    app::{TestApp, location},
    rest::problem,
    verdicts::{assert_kept, everybody},
};

impl TestApp {
    /// Well-formed, and proving nothing.
    fn knock(&self, own: &Own) -> RequestBuilder {
        let url = format!("{}{}", self.url, own.path);
        match own.method {
            Method::Get => self.http.get(url),
            Method::Post => {
                let body = json!({ "identity_token": "nonsense", "boot_id": "b", "version": "0.1.0" });
                self.http.post(url).header("sec-fetch-site", "same-origin").json(&body)
            }
        }
    }
}

/// Whether the handler is reached and does not refuse who asks.
async fn opens(request: RequestBuilder) -> bool {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    assert!(!status.is_server_error() && status != StatusCode::METHOD_NOT_ALLOWED, "{answer:?}");
    let to = location(&answer);
    let led_away = status == StatusCode::SEE_OTHER && (to == "/sign-in" || to.starts_with("/sign-in?next="));
    !led_away && status != StatusCode::UNAUTHORIZED && status != StatusCode::FORBIDDEN
}

/// Agents' doors open to agents alone; `agents` asks there.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_own_route_keeps_its_golden_verdict(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let signed_in = everybody(&app).await;
    let mut tokens = Vec::new();
    for scope in Scope::ALL {
        let roles = [Role::Operator, Role::Admin, Role::Approver];
        tokens.push((scope, app.token("root", &roles, &[scope]).await));
    }
    let mut lines = Vec::new();
    for own in &OWN {
        // Whoever signs out has no session for the rest.
        let all = if own.path == "/sign-out" { everybody(&app).await } else { signed_in.clone() };
        let name = format!("{:<5}{}", own.method.as_str(), own.path);
        let mut line = format!("{name:<30}");
        for cookies in &all {
            let request = app.knock(own).header(header::ACCEPT, "text/html");
            let may = opens(request.header(header::COOKIE, cookies.header())).await;
            line.push_str(if may { "yes       " } else { "no        " });
        }
        let mut scopes = Vec::new();
        for (scope, token) in &tokens {
            if opens(app.knock(own).bearer_auth(token)).await {
                scopes.push(scope.as_str());
            }
        }
        line.push_str(&match scopes.len() {
            0 => "none".to_owned(),
            all if all == tokens.len() => "any".to_owned(),
            _ => scopes.join(","),
        });
        lines.push(line);
    }
    assert_kept(&lines, include_str!("../verdicts/own.txt"));
    app.stop().await;
}

/// What every call of the name is given first, in the files below the folder.
fn first_arguments(folder: &Path, call: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            first_arguments(&path, call, found);
            continue;
        }
        // A module of tests has a router of its own.
        if path.file_name() == Some("tests.rs".as_ref()) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let given = text.split(call).skip(1).filter_map(|after| after.split(',').next());
        found.extend(given.map(|argument| argument.trim().to_owned()));
    }
}

/// The tables of verdicts list what can be asked, as long as nothing is mounted that they do not list.
#[test]
fn nothing_is_mounted_beside_the_tables() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut mounted = BTreeSet::new();
    for call in [".route(", ".route_service(", ".nest(", ".nest_service("] {
        first_arguments(&source, call, &mut mounted);
    }
    let forms = ["\"/import\"", "NEW_TOKEN", "form.path"];
    let operations = ["ROOT", "path", "\"/\"", "\"/{*elsewhere}\""];
    let own = ["own.path", "own::FILES", "own::FAVICON", "\"/agent/v1/{*elsewhere}\""];
    let listed: BTreeSet<String> =
        [&forms[..], &operations[..], &own[..]].concat().into_iter().map(str::to_owned).collect();
    assert_eq!(
        mounted, listed,
        "mount the server's own routes by `own::Routes`, and write a line in `own::OWN`"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn metrics_are_read_by_a_session_or_by_a_token_that_reads(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let cookies = app.sign_in("vera").await;
    let shown = app.page("/metrics", &cookies).await;
    assert_eq!(shown.status(), StatusCode::OK);
    assert!(shown.text().await.unwrap().contains("\nagent_manager_health{"));

    let token = app.token("prometheus", &[Role::Viewer], &[Scope::Read]).await;
    let scraped = app.read(&token, "/metrics").await;
    assert_eq!(scraped.status(), StatusCode::OK);
    assert_eq!(scraped.headers()[header::CONTENT_TYPE], "text/plain; version=0.0.4");
    assert!(scraped.text().await.unwrap().contains("\nagent_manager_health{"));

    let bare = app.get("/metrics").await;
    assert!(bare.headers()[header::WWW_AUTHENTICATE].to_str().unwrap().starts_with("Bearer"));
    problem(bare, StatusCode::UNAUTHORIZED, "unauthorized").await;
    problem(app.read("am_nonsense", "/metrics").await, StatusCode::UNAUTHORIZED, "token_invalid").await;
    let plans = app.token("olga", &[Role::Operator], &[Scope::Plan]).await;
    problem(app.read(&plans, "/metrics").await, StatusCode::FORBIDDEN, "forbidden").await;
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_address_or_a_method_that_is_not_there_is_told(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let cookies = app.sign_in("vera").await;
    let nowhere = app.sends("/nowhere", &cookies).send().await.unwrap();
    problem(nowhere, StatusCode::NOT_FOUND, "not_found").await;
    problem(app.get("/pkg/none.js").await, StatusCode::NOT_FOUND, "not_found").await;

    let written = app.sends("/metrics", &cookies).send().await.unwrap();
    assert_eq!(written.headers()[header::ALLOW], "GET,HEAD");
    problem(written, StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed").await;

    let form = app.sends("/pools", &cookies).header(header::ACCEPT, "text/html").send().await.unwrap();
    assert_eq!(form.status(), StatusCode::METHOD_NOT_ALLOWED);
    let page = form.text().await.unwrap();
    assert!(page.contains("<h1>POST is not among the methods of this address</h1>"), "{page}");
    app.stop().await;
}

/// Every browser asks for it, before anybody has signed in.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_favicon_is_there_for_everybody(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let shown = app.get("/favicon.svg").await;
    assert_eq!(shown.status(), StatusCode::OK);
    assert_eq!(shown.headers()[header::CONTENT_TYPE], "image/svg+xml");
    assert_eq!(shown.headers()[header::CACHE_CONTROL], "no-cache");
    assert!(!shown.headers().contains_key(header::SET_COOKIE));
    assert!(shown.text().await.unwrap().starts_with("<svg"));
    app.stop().await;
}

/// Who has a token alone, or not even that, reads what the `type` of a refusal points to, and does nothing else there.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whoever_was_refused_reads_why(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let refused = problem(app.get("/metrics").await, StatusCode::UNAUTHORIZED, "unauthorized").await;
    let document = refused.r#type.split('#').next().unwrap();
    let shown = app.get(document).await;
    assert_eq!(shown.status(), StatusCode::OK);
    assert_eq!(shown.headers()[header::CONTENT_TYPE], "text/plain; charset=utf-8");
    assert_eq!(shown.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(
        shown.headers()[header::CONTENT_SECURITY_POLICY],
        "default-src 'none'; frame-ancestors 'none'"
    );
    assert!(!shown.headers().contains_key(header::SET_COOKIE), "nobody is remembered for reading");
    assert!(shown.text().await.unwrap().contains("### unauthorized"));

    let url = format!("{}{document}", app.url);
    assert_eq!(app.http.head(&url).send().await.unwrap().status(), StatusCode::OK);
    for written in [app.http.post(&url), app.http.put(&url), app.http.delete(&url)] {
        let answer = written.header("sec-fetch-site", "same-origin").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
    app.stop().await;
}
