//! The server's own routes, beside pages and `/api/v1`: by which key each opens.

use domain::{Role, token::Scope};
use reqwest::{StatusCode, header};
use sqlx::PgPool;

use crate::{app::TestApp, rest::problem};

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
