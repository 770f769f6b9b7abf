//! What a request says of the declaration that it follows, by `If-Match`.

use domain::{ChangeState, Role, token::Scope};
use reqwest::{StatusCode, header};
use serde_json::json;
use sqlx::PgPool;

use crate::{
    app::TestApp,
    rest::{ALL, problem, texts},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_edit_is_of_the_declaration_in_force(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let token = app.token("olga", &[Role::Operator], ALL).await;
    app.declare(1).await;
    let declared = app.read(&token, "/api/v1/environments/dev/declaration").await;
    let tag = declared.headers()[header::ETAG].to_str().unwrap().to_owned();
    let edit = json!({ "edit": { "edit": "delete_firewall_rule", "key": "allow-agent-ssh" } });
    let path = "/api/v1/environments/dev/changes";

    let blind = app.post(&token, path, &edit, &[]).await;
    let refused = problem(blind, StatusCode::PRECONDITION_REQUIRED, "precondition_required").await;
    assert!(refused.detail.contains("If-Match"), "{}", refused.detail);
    // "Any" names no declaration that was read.
    let any = app.post(&token, path, &edit, &[("if-match", "*")]).await;
    problem(any, StatusCode::PRECONDITION_REQUIRED, "precondition_required").await;
    let nonsense = app.post(&token, path, &edit, &[("if-match", "1")]).await;
    problem(nonsense, StatusCode::UNPROCESSABLE_ENTITY, "invalid").await;
    let stale = app.post(&token, path, &edit, &[("if-match", "\"7\"")]).await;
    assert_eq!(stale.headers()[header::ETAG].to_str().unwrap(), tag, "what to send next");
    let refused = problem(stale, StatusCode::PRECONDITION_FAILED, "precondition_failed").await;
    assert!(refused.detail.contains("at generation 1 now"), "{}", refused.detail);
    let declared: rest_api::Declaration = declared.json().await.unwrap();
    assert_eq!(refused.current.as_deref(), Some(&declared), "the newer version, as a GET shows it");
    // Who may not read is not shown it by the way.
    let writer = app.token("otto", &[Role::Operator], &[Scope::Propose]).await;
    let unseen = app.post(&writer, path, &edit, &[("if-match", "\"7\"")]).await;
    assert!(!unseen.headers().contains_key(header::ETAG), "{unseen:?}");
    let refused = problem(unseen, StatusCode::PRECONDITION_FAILED, "precondition_failed").await;
    assert_eq!(refused.current, None);
    let list: rest_api::ChangeList = app.read(&token, "/api/v1/changes").await.json().await.unwrap();
    assert_eq!(list.changes.len(), 1, "nothing was proposed");
    let made = app.post(&token, path, &edit, &[("if-match", &tag)]).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_edit_follows_what_was_declared_elsewhere_since_it_was_read(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let token = app.token("olga", &[Role::Operator], ALL).await;
    app.declare(1).await;
    let (control, now) = (app.control(), app.control().clock.now());
    let declared = control.store.get_environment("dev").await.unwrap().unwrap();
    let mut spec = declared.spec;
    spec.firewall_rules.get_mut("allow-agent-http").unwrap().priority = 800;
    let mut tx = control.store.begin().await.unwrap();
    let (from, to) = (ChangeState::Approved, ChangeState::Applying);
    tx.set_change_state(declared.declared_by, from, to, None, now).await.unwrap();
    tx.declare_environment(&spec, 1, declared.declared_by, now).await.unwrap();
    tx.commit().await.unwrap();

    let path = "/api/v1/environments/dev/changes";
    let delete = |key: &str| json!({ "edit": { "edit": "delete_firewall_rule", "key": key } });
    let made = app.post(&token, path, &delete("allow-agent-ssh"), &[("if-match", "\"1\"")]).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let changed = app.post(&token, path, &delete("allow-agent-http"), &[("if-match", "\"1\"")]).await;
    assert_eq!(changed.headers()[header::ETAG], "\"2\"");
    let refused = problem(changed, StatusCode::PRECONDITION_FAILED, "precondition_failed").await;
    let current = refused.current.unwrap();
    assert_eq!(current.spec["firewall_rules"]["allow-agent-http"]["priority"], 800);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_deleted_since_it_was_read_is_gone_and_what_never_was_is_not_found(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let token = app.token("olga", &[Role::Operator], ALL).await;
    app.declare(1).await;
    let (control, now) = (app.control(), app.control().clock.now());
    let declared = control.store.get_environment("dev").await.unwrap().unwrap();
    let mut spec = declared.spec;
    spec.firewall_rules.remove("allow-agent-ssh").unwrap();
    let mut tx = control.store.begin().await.unwrap();
    // From now on the past knows what was declared first.
    let (from, to) = (ChangeState::Approved, ChangeState::Applying);
    tx.set_change_state(declared.declared_by, from, to, None, now).await.unwrap();
    tx.declare_environment(&spec, 1, declared.declared_by, now).await.unwrap();
    tx.commit().await.unwrap();

    let delete = async |key: &str, tag: &str| {
        let edit = json!({ "edit": { "edit": "delete_firewall_rule", "key": key } });
        app.post(&token, "/api/v1/environments/dev/changes", &edit, &[("if-match", tag)]).await
    };
    let late = delete("allow-agent-ssh", "\"1\"").await;
    assert_eq!(late.headers()[header::ETAG], "\"2\"");
    let refused = problem(late, StatusCode::PRECONDITION_FAILED, "precondition_failed").await;
    let told = "firewall rule allow-agent-ssh is gone: dev is at generation 2 now and declares it no more";
    assert!(refused.detail.starts_with(told), "{}", refused.detail);
    for (key, tag) in [("allow-agent-ssh", "\"2\""), ("allow-nobody", "\"1\"")] {
        problem(delete(key, tag).await, StatusCode::NOT_FOUND, "not_found").await;
    }
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn texts_that_follow_an_older_declaration_are_refused_with_the_newer_one(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let token = app.token("olga", &[Role::Operator], ALL).await;
    // Before the first declaration there is none to show.
    let early = app.post(&token, "/api/v1/changes", &texts(), &[("if-match", "\"1\"")]).await;
    let refused = problem(early, StatusCode::PRECONDITION_FAILED, "precondition_failed").await;
    assert_eq!(refused.current, None);
    app.declare(1).await;
    let (follows, mut seen) = (texts(), texts());
    seen["digest"] = json!("of another plan");
    for (body, old) in [(&follows, Some(("if-match", "\"7\""))), (&seen, None)] {
        let stale = app.post(&token, "/api/v1/changes", body, old.as_slice()).await;
        assert_eq!(stale.headers()[header::ETAG], "\"1\"");
        let refused = problem(stale, StatusCode::PRECONDITION_FAILED, "precondition_failed").await;
        let current = refused.current.unwrap();
        assert_eq!((current.environment.as_str(), current.generation), ("dev", 1));
        assert_eq!(current.spec["environment"]["environment"], "dev");
    }
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_key_is_of_one_declaration(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let token = app.token("olga", &[Role::Operator], ALL).await;
    app.declare(1).await;
    let edit = json!({ "edit": { "edit": "delete_firewall_rule", "key": "allow-agent-ssh" } });
    let propose = async |tag: &str| {
        let headers = [("idempotency-key", "k-1"), ("if-match", tag)];
        app.post(&token, "/api/v1/environments/dev/changes", &edit, &headers).await
    };
    // A refusal leaves the key free.
    problem(propose("\"7\"").await, StatusCode::PRECONDITION_FAILED, "precondition_failed").await;
    assert_eq!(propose("\"1\"").await.status(), StatusCode::CREATED);
    let again = propose("\"1\"").await;
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    let other = propose("\"2\"").await;
    problem(other, StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused").await;
    app.stop().await;
}
