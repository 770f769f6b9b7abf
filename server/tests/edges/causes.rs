//! What Compute Engine refused is told with its cause over REST and on pages, and a page stands where it says nothing.

use std::time::Duration;

use domain::{
    ChangeId, Role,
    instance::{AttemptError, CurrentAction, Instance},
    resource::ResourceKind,
};
use reqwest::StatusCode;
use serde_json::json;
use sqlx::PgPool;
use store::{NewOperation, PlacedInstance};
use uuid::Uuid;

use crate::{
    app::TestApp,
    rest::{ALL, instance},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refused_call_has_its_cause_over_rest_and_on_the_changes_page(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let token = app.token("olga", &[Role::Viewer], ALL).await;
    app.declare(1).await;
    let control = app.control();
    let (change, now) = (ChangeId(1), control.clock.now());
    let intended = |step, number| NewOperation {
        change,
        step,
        request_id: Uuid::from_u128(number),
        kind: ResourceKind::InstanceGroup,
        at: now,
    };
    let mut tx = control.store.begin().await.unwrap();
    tx.intend_operation(&intended("create a", 1)).await.unwrap();
    tx.intend_operation(&intended("create b", 2)).await.unwrap();
    let error = "the operation failed with QUOTA_EXCEEDED: Quota 'CPUS' exceeded.";
    tx.set_operation_failed(change, "create b", error, now).await.unwrap();
    tx.commit().await.unwrap();

    let read = app.read(&token, "/api/v1/changes/chg-1").await;
    assert_eq!(read.status(), StatusCode::OK);
    let read: rest_api::Change = read.json().await.unwrap();
    let causes: Vec<_> = read.calls.iter().map(|call| (call.step.as_str(), call.cause.as_deref())).collect();
    assert_eq!(causes, [("create a", None), ("create b", Some("QuotaExceeded"))]);

    let vera = app.sign_in("vera").await;
    let page = app.page("/changes/chg-1", &vera).await.text().await.unwrap();
    assert!(page.contains("href=\"/docs/errors.md#:~:text=QuotaExceeded\""), "{page}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_failing_instance_has_its_cause_over_rest_and_one_that_failed_once_has_none(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let token = app.token("olga", &[Role::Viewer], ALL).await;
    app.declare(1).await;
    let control = app.control();
    let error =
        AttemptError { code: "ZONE_RESOURCE_POOL_EXHAUSTED".to_owned(), message: "none left".to_owned() };
    let placed = |name: &str, id: &str, current_action: CurrentAction| PlacedInstance {
        pool: "web".to_owned(),
        instance: Instance {
            id: Some(id.to_owned()),
            current_action,
            last_error: Some(error.clone()),
            ..instance(name)
        },
    };
    let both = [placed("web-1", "1", CurrentAction::Creating), placed("web-2", "2", CurrentAction::None)];
    let mut tx = control.store.begin().await.unwrap();
    tx.sync_instances("dev", &both, control.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    while control.live.row("us-central1-a", "web-2").is_none() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let read = async |name: &str| -> rest_api::Instance {
        app.read(&token, &format!("/api/v1/instances/us-central1-a/{name}")).await.json().await.unwrap()
    };
    let fails = read("web-1").await;
    let failure = fails.failure.unwrap();
    assert_eq!(
        (failure.cause.as_str(), failure.code.as_str(), failure.message.as_str()),
        ("StockOut", "ZONE_RESOURCE_POOL_EXHAUSTED", "none left")
    );
    assert_eq!(failure.docs, ::app::error_code("StockOut"), "as pages link to it");
    let settled = read("web-2").await;
    assert_eq!((settled.failure, settled.last_error), (None, fails.last_error), "it is history");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_instances_page_stands_where_compute_engine_says_nothing(pool: PgPool) {
    let app = TestApp::start(pool).await;
    app.declare(1).await;
    let control = app.control();
    let placed = PlacedInstance { pool: "web".to_owned(), instance: instance("web-1") };
    let mut tx = control.store.begin().await.unwrap();
    tx.sync_instances("dev", &[placed], control.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    while control.live.row("us-central1-a", "web-1").is_none() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let vera = app.sign_in("vera").await;
    let read = async || {
        let page = app.page("/instances/us-central1-a/web-1", &vera).await.text().await.unwrap();
        assert!(page.contains("VM, as Compute Engine says"), "{page}");
        page
    };
    let page = read().await;
    let known = "so that what was said about this VM is not known.";
    assert!(page.contains(&format!("The group web does not exist, {known}")), "{page}");
    // What could not be loaded says so in its place, with the code that leads to its fix and the request.
    let serial =
        page.split("id=\"serial\"").nth(1).and_then(|after| after.split("</section>").next()).unwrap();
    for told in ["href=\"/docs/errors.md#:~:text=", " Request "] {
        assert!(serial.contains(told), "no `{told}` in {serial}");
    }
    app.fault(&json!({"kind": "http", "status": 503, "path": "/listErrors"})).await;
    let page = read().await;
    assert!(page.contains(&format!("Compute Engine does not answer, {known}")), "{page}");
    app.stop().await;
}
