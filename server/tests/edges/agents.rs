//! Agents' endpoints over HTTP: refusals in their shape. What enrolment and heartbeats do is tested in `control`.

use reqwest::{StatusCode, header};
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
    for body in ["{", "[]", r#"{"identity_token": 1, "boot_id": "b", "version": "0.1.0"}"#] {
        let answer = app.http.post(format!("{}/agent/v1/enroll", app.url)).body(body).send().await.unwrap();
        let expected = (StatusCode::UNPROCESSABLE_ENTITY, "heartbeat_invalid".to_owned());
        assert_eq!(refusal(answer).await, expected, "{body}");
    }
    let cookies = app.sign_in("vera").await;
    let metrics = app.page("/metrics", &cookies).await.text().await.unwrap();
    assert!(
        metrics.contains("agent_manager_agent_refusals_total{code=\"heartbeat_invalid\"} 3"),
        "{metrics}"
    );
    app.stop().await;
}
