//! The frame says of which environment a page is, also where the address names a thing without it.

use std::time::Duration;

use sqlx::PgPool;
use store::PlacedInstance;
use tokio::time::{sleep, timeout};

use crate::{app::TestApp, rest::instance, verdicts::declare};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_instance_and_a_change_are_of_their_own_environment(pool: PgPool) {
    let app = TestApp::start(pool).await;
    declare(&app).await;
    let control = app.control();
    let now = control.clock.now();
    let dev = control.store.get_environment("dev").await.unwrap().unwrap();
    let mut other = dev.spec.clone();
    other.environment.environment = "test".to_owned();
    let vm =
        PlacedInstance { pool: "backend-pool".to_owned(), instance: instance("agent-backend-pool-zz99") };
    let mut tx = control.store.begin().await.unwrap();
    tx.declare_environment(&other, 0, dev.declared_by, now).await.unwrap();
    tx.declare_pools("test", &other.agent_pools, dev.declared_by, now).await.unwrap();
    tx.sync_instances("test", std::slice::from_ref(&vm), now).await.unwrap();
    tx.commit().await.unwrap();
    let read = async {
        while control.live.rows("test").is_empty() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(60), read).await.unwrap();

    let cookies = app.sign_in("mara").await;
    let page = async |path: &str| app.page(path, &cookies).await.text().await.unwrap();
    let says = |page: &str, environment: &str| {
        page.contains(&format!("aria-label=\"{environment} us-central1, environment\""))
            && page.contains(&format!("href=\"/pools?environment={environment}\""))
    };
    let vm = page("/instances/us-central1-a/agent-backend-pool-zz99").await;
    assert!(says(&vm, "test"), "the instance is of the second environment");
    let change = page(&format!("/changes/{}", dev.declared_by)).await;
    assert!(says(&change, "dev"), "the change is of the first, which its address does not name");
    let fleet = page("/").await;
    assert!(fleet.contains("aria-label=\"dev us-central1, environment\""), "the first one is meant");
    assert!(fleet.contains("Control plane"), "and how the control plane stands is beside its name");
    app.stop().await;
}
