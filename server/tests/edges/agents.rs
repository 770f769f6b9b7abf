//! Agents' endpoints over HTTP: refusals in their shape. What enrolment and heartbeats do is tested in `control`.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::app::TestApp;

async fn refusal(answer: reqwest::Response) -> (StatusCode, String) {
    let status = answer.status();
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
    let body: Value = answer.json().await.unwrap();
    assert!(!body["request_id"].as_str().unwrap().is_empty());
    (status, body["code"].as_str().unwrap().to_owned())
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_heartbeat_without_a_credential_is_refused(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let answer =
        app.http.post(format!("{}/agent/v1/heartbeats", app.url)).json(&json!({})).send().await.unwrap();
    assert_eq!(refusal(answer).await, (StatusCode::UNAUTHORIZED, "credential_invalid".to_owned()));
    app.stop().await;
}

/// Whatever it says that it takes.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_agent_that_asks_what_is_not_there_is_told_as_agents_are(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let ask = |method: Method, path: &str| {
        app.http.request(method, format!("{}{path}", app.url)).header(header::ACCEPT, "text/html").send()
    };
    let not_found = (StatusCode::NOT_FOUND, "not_found".to_owned());
    for method in [Method::GET, Method::POST, Method::DELETE] {
        assert_eq!(refusal(ask(method, "/agent/v1/nope").await.unwrap()).await, not_found);
    }
    for path in ["/agent/v1/heartbeats", "/agent/v1/enroll"] {
        let read = ask(Method::GET, path).await.unwrap();
        assert_eq!(read.headers()[header::ALLOW], "POST", "{path}");
        let expected = (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed".to_owned());
        assert_eq!(refusal(read).await, expected, "{path}");
    }
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_oversized_body_is_refused(pool: PgPool) {
    let app = TestApp::start(pool).await;
    for path in ["/agent/v1/heartbeats", "/agent/v1/enroll"] {
        let answer =
            app.http.post(format!("{}{path}", app.url)).body(vec![b'x'; 17 * 1024]).send().await.unwrap();
        assert_eq!(
            refusal(answer).await,
            (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large".to_owned()),
            "{path}"
        );
    }
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_token_that_is_none_is_refused_and_counted(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let enrolment = json!({ "identity_token": "nonsense", "boot_id": "b", "version": "0.1.0" });
    let answer = app.http.post(format!("{}/agent/v1/enroll", app.url)).json(&enrolment).send().await.unwrap();
    assert_eq!(refusal(answer).await, (StatusCode::UNAUTHORIZED, "identity_token_invalid".to_owned()));
    let cookies = app.sign_in("vera").await;
    let metrics = app.page("/metrics", &cookies).await.text().await.unwrap();
    assert!(
        metrics.contains("agent_manager_agent_refusals_total{code=\"identity_token_invalid\"} 1"),
        "{metrics}"
    );
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_enrolment_that_cannot_be_read_is_refused_and_counted(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let boot = |id: &str| json!({ "identity_token": "x", "boot_id": id, "version": "0.1.0" }).to_string();
    for body in [
        "{".to_owned(),
        "[]".to_owned(),
        r#"{"identity_token": 1, "boot_id": "b", "version": "0.1.0"}"#.to_owned(),
        boot("<b>evil</b> ünï"),
        boot(""),
        boot(&"b".repeat(65)),
    ] {
        let answer =
            app.http.post(format!("{}/agent/v1/enroll", app.url)).body(body.clone()).send().await.unwrap();
        let expected = (StatusCode::UNPROCESSABLE_ENTITY, "enrolment_invalid".to_owned());
        assert_eq!(refusal(answer).await, expected, "{body}");
    }
    let cookies = app.sign_in("vera").await;
    let metrics = app.page("/metrics", &cookies).await.text().await.unwrap();
    assert!(
        metrics.contains("agent_manager_agent_refusals_total{code=\"enrolment_invalid\"} 6"),
        "{metrics}"
    );
    app.stop().await;
}
