//! What Compute Engine refused is told with its cause over REST and on pages.

use domain::{ChangeId, Role, resource::ResourceKind};
use reqwest::StatusCode;
use sqlx::PgPool;
use store::NewOperation;
use uuid::Uuid;

use crate::{app::TestApp, rest::ALL};

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
