//! What became of the webhook's deliveries stands on the Alerts page, with the way to what a receiver must know.

use std::time::Duration;

use domain::{alert::AlertKind, incident::Cause};
use reqwest::StatusCode;
use sqlx::PgPool;
use store::NewIncident;

use crate::app::TestApp;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_alerts_page_says_what_was_taken_what_is_on_its_way_and_what_was_given_up(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (control, vera) = (app.control(), app.sign_in("vera").await);
    let now = control.clock.now();
    let cause = Cause::Alert(AlertKind::MissedHeartbeats);
    let new = NewIncident { environment: None, cause: &cause, title: "t", why: "w", at: now };
    let mut tx = control.store.begin().await.unwrap();
    let incident = tx.open_incident(&new).await.unwrap().unwrap();
    for _ in 0..3 {
        tx.queue_delivery(incident, "incident.opened", b"{}", now).await.unwrap();
    }
    tx.commit().await.unwrap();
    // The newest first.
    let rows = control.store.list_deliveries(3).await.unwrap();
    let mut tx = control.store.begin().await.unwrap();
    tx.set_delivered(rows[2].id, 204, now).await.unwrap();
    let again = Some(Duration::from_secs(5));
    tx.record_delivery_failure(rows[1].id, Some(503), "the receiver answered 503", now, again).await.unwrap();
    tx.record_delivery_failure(rows[0].id, None, "no answer within 5 s", now, None).await.unwrap();
    tx.commit().await.unwrap();

    let page = app.page("/alerts", &vera).await.text().await.unwrap();
    let name = format!("incident.opened of inc-{incident}");
    for told in [
        name.as_str(),
        " taken. ",
        ">204<",
        " on its way, 1 attempt. ",
        "The receiver answered 503",
        ">503<",
        " given up after 1 attempt. ",
        "No answer within 5 s",
        "href=\"/docs/webhook.md\"",
    ] {
        assert!(page.contains(told), "no `{told}` in {page}");
    }
    let document = app.page("/docs/webhook.md", &vera).await;
    assert_eq!(document.status(), StatusCode::OK);
    let text = document.text().await.unwrap();
    assert!(text.contains("x-agent-manager-signature"), "{text}");
    app.stop().await;
}
