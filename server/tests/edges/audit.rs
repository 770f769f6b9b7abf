//! The log proved: on its page without scripts, and by a third party from its export.

use domain::{Role, token::Scope};
use reqwest::{Response, StatusCode, header};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;

use crate::{
    app::{Cookies, TestApp},
    rest::problem,
};

impl TestApp {
    async fn verify(&self, cookies: &Cookies) -> Response {
        self.http
            .post(format!("{}/audit?action=sign_in", self.url))
            .header(header::COOKIE, cookies.header())
            .header(header::ACCEPT, "text/html")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body("intent=review")
            .send()
            .await
            .unwrap()
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_page_says_that_the_log_is_right(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let vera = app.sign_in("vera").await;
    let opened = app.page("/audit", &vera).await.text().await.unwrap();
    assert!(opened.contains(">Verify<") && !opened.contains(" verified, head "), "{opened}");
    let answer = app.verify(&vera).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let page = answer.text().await.unwrap();
    assert!(page.contains("1 event verified, head "), "{page}");
    assert!(page.contains("has not verified any event by itself yet"), "{page}");
    assert!(page.contains("/audit.jsonl?action=sign_in"), "the filter stays: {page}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_page_names_the_first_event_that_is_wrong(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let vera = app.sign_in("vera").await;
    app.sign_in("mara").await;
    sqlx::raw_sql(
        "ALTER TABLE audit_events DISABLE TRIGGER USER; UPDATE audit_events SET object = 'x' WHERE seq = 2;
         UPDATE audit_verified SET broken_at = 2",
    )
    .execute(&pool)
    .await
    .unwrap();
    let page = app.verify(&vera).await.text().await.unwrap();
    let said = "Event 2 is not what was written: its column object does not repeat the event. The 1 event before it is right.";
    assert!(page.contains(said), "{page}");
    assert!(page.contains("The control plane found that event 2 is not what was written."), "{page}");
    assert!(page.contains("/audit?before=3"), "{page}");
    let health = app.page("/settings/health", &vera).await.text().await.unwrap();
    assert!(health.contains("LogBroken") && health.contains("Event 2 is not what was written."), "{health}");
    app.stop().await;
}

/// The recipe of docs/audit-export.md by none of our code: how many lines are right, or which is not.
fn recompute(export: &str) -> Result<usize, String> {
    let mut last: Option<(i64, String)> = None;
    for (index, line) in export.lines().enumerate() {
        let line: Value = serde_json::from_str(line).map_err(|error| format!("{index}: {error}"))?;
        let (hash, text) = (line["hash"].as_str().unwrap_or(""), line["leaf"].as_str().unwrap_or(""));
        let mut input = b"agent-manager.audit-leaf/v1\0".to_vec();
        input.extend((text.len() as u64).to_be_bytes());
        input.extend(text.as_bytes());
        let computed: String = Sha256::digest(&input).iter().map(|byte| format!("{byte:02x}")).collect();
        if computed != hash {
            return Err(format!("{index}: the hash is {computed}"));
        }
        let leaf: Value = serde_json::from_str(text).map_err(|error| format!("{index}: {error}"))?;
        let seq: i64 = leaf["seq"].as_str().and_then(|seq| seq.parse().ok()).unwrap_or(0);
        let previous = match &last {
            Some((number, hash)) if number + 1 == seq => Some(hash.clone()),
            Some((number, _)) if *number >= seq => {
                return Err(format!("{index}: event {seq} comes after {number}"));
            }
            // A filter left something out: the link cannot be looked at.
            Some(_) => None,
            None => (seq == 1).then(|| "0".repeat(64)),
        };
        if previous.is_some_and(|previous| leaf["prev"] != previous.as_str()) {
            return Err(format!("{index}: it does not follow the event before it"));
        }
        last = Some((seq, computed));
    }
    Ok(export.lines().count())
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_third_party_recomputes_the_chain_from_the_export(pool: PgPool) {
    let app = TestApp::start(pool).await;
    for persona in ["mara", "wen", "vera"] {
        app.sign_in(persona).await;
    }
    let vera = app.sign_in("vera").await;
    let answer = app.page("/audit.jsonl", &vera).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/jsonl; charset=utf-8");
    let disposition = answer.headers()[header::CONTENT_DISPOSITION].to_str().unwrap();
    assert!(disposition.starts_with("attachment; filename=\"audit-all-2"), "{disposition}");
    assert!(disposition.ends_with("Z.jsonl\""), "{disposition}");
    let whole = answer.text().await.unwrap();
    assert_eq!(recompute(&whole), Ok(4), "{whole}");
    let of_mara = app.page("/audit.jsonl?actor=mara", &vera).await.text().await.unwrap();
    assert_eq!((recompute(&of_mara), of_mara.contains("mara")), (Ok(1), true), "{of_mara}");

    // The recipe finds what it is there to find.
    let edited = whole.replacen("sign_in", "sign_up", 1);
    assert!(recompute(&edited).unwrap_err().starts_with("0: the hash is "));
    let mut lines: Vec<&str> = whole.lines().collect();
    lines.swap(1, 2);
    assert_eq!(recompute(&lines.join("\n")), Err("2: event 2 comes after 3".to_owned()));
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_export_is_refused_as_its_page_is(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let token = app.token("auditor", &[Role::Viewer], &[Scope::Read]).await;
    let exported = app.read(&token, "/audit.jsonl").await;
    assert_eq!(exported.status(), StatusCode::OK);
    let text = exported.text().await.unwrap();
    assert!(recompute(&text).unwrap() >= 1, "{text}");
    let wrong = app.read(&token, "/audit.jsonl?action=fly&from=soon").await;
    let told = problem(wrong, StatusCode::UNPROCESSABLE_ENTITY, "invalid").await;
    let fields: Vec<&str> = told.errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["action", "from"]);
    for (name, text) in
        [("after", "abc"), ("after", "-1"), ("before", "0"), ("before", "99999999999999999999")]
    {
        let unbounded = app.read(&token, &format!("/audit.jsonl?{name}={text}")).await;
        let told = problem(unbounded, StatusCode::UNPROCESSABLE_ENTITY, "invalid").await;
        let said = told.errors.iter().map(|error| (error.field.as_str(), error.message.as_str()));
        let fix = format!("`{text}` is no number of an event: write its digits, as in {name}=1000");
        assert_eq!(said.collect::<Vec<_>>(), [(name, fix.as_str())]);
    }
    let both = app.read(&token, "/audit.jsonl?after=abc&from=soon").await;
    let told = problem(both, StatusCode::UNPROCESSABLE_ENTITY, "invalid").await;
    let fields: Vec<&str> = told.errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["from", "after"]);
    let nowhere = app.read(&token, "/audit.jsonl?environment=nowhere").await;
    problem(nowhere, StatusCode::NOT_FOUND, "not_found").await;
    app.stop().await;
}
