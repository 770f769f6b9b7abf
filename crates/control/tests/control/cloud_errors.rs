//! What Compute Engine says about one VM is read where it keeps it; where it does not answer, that is said.

use control::{Clock, Control, Error, instances};
use domain::{
    cause::Cause,
    view::{health::CloudErrors, instance::InstanceRow},
};
use serde_json::json;
use sqlx::PgPool;
use tokio::time::{Duration, Instant, sleep};

use crate::{
    fixture::{
        Fixture, PATIENCE, Worker, basic, control, operator, propose, sync_live, viewer, without_agents,
    },
    proxy::Proxy,
};

const ZONE: &str = "us-central1-a";

/// A pool of two VMs, of which the first cannot be made.
async fn stuck(pool: PgPool) -> (Fixture, InstanceRow, InstanceRow) {
    let fixture = Fixture::with(pool, without_agents(), Clock::System).await;
    fixture.fault(&json!({"kind": "stockout", "zone": ZONE})).await;
    propose(&fixture.control, &operator(), basic(&[])).await.unwrap();
    let mut worker = Worker::start(&fixture.control).await;
    let begun = Instant::now();
    loop {
        worker.round().await.unwrap();
        sync_live(&fixture.control, "dev").await;
        let rows = fixture.control.live.rows("dev");
        let (failing, others): (Vec<_>, Vec<_>) =
            rows.iter().cloned().partition(|row| row.instance.last_error.is_some());
        if let ([failing], [other]) = (&failing[..], &others[..]) {
            return (fixture, failing.clone(), other.clone());
        }
        assert!(begun.elapsed() < PATIENCE, "one of two VMs is to fail: {rows:?}");
        sleep(Duration::from_millis(30)).await;
    }
}

async fn load(control: &Control, row: &InstanceRow) -> CloudErrors {
    let (zone, name) = (&row.instance.zone, &row.instance.name);
    instances::load_cloud_errors(control, &viewer(), zone, name).await.unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_vm_that_cannot_be_made_shows_what_compute_engine_says_and_its_neighbour_nothing(pool: PgPool) {
    let (fixture, failing, other) = stuck(pool).await;
    let control = &fixture.control;
    assert_eq!(failing.instance.zone, ZONE);
    let errors = load(control, &failing).await;
    let told = errors.told.unwrap();
    let [said] = &told[..] else { panic!("one thing is said, however often: {told:?}") };
    assert_eq!((said.action.as_str(), said.code.as_str()), ("CREATING", "ZONE_RESOURCE_POOL_EXHAUSTED"));
    assert_eq!(said.cause(), Cause::StockOut);
    assert!(said.message.contains("does not have enough resources"), "{said:?}");
    assert!(said.times >= 1 && said.last.is_some() && said.first <= said.last, "{said:?}");
    assert_eq!((errors.group.as_str(), errors.older, errors.of_others), ("genesis-pool-backend-pool", 0, 0));

    let errors = load(control, &other).await;
    assert_eq!(errors.told, Ok(vec![]));
    assert!(errors.of_others >= 1, "{errors:?}");

    // It was never made, so that its console is empty and no fault.
    assert_eq!(failing.instance.id, None);
    let (zone, name) = (&failing.instance.zone, &failing.instance.name);
    let console = instances::load_serial_page(control, &viewer(), zone, name, None).await.unwrap();
    assert_eq!((console.contents.as_str(), console.earlier), ("", None));

    let elsewhere = instances::load_cloud_errors(control, &viewer(), "us-central1-f", name).await;
    assert!(matches!(elsewhere, Err(Error::NotFound(_))), "{elsewhere:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn without_compute_engine_it_is_said_that_nothing_is_known(pool: PgPool) {
    let (fixture, failing, _) = stuck(pool.clone()).await;
    let (proxy, endpoint) = Proxy::start(&fixture.emulator.endpoint(), &fixture.control.tasks).await;
    let control = control(pool, &endpoint, &fixture.emulator.jwks_url(), Clock::System).await;
    sync_live(&control, "dev").await;
    assert!(load(&control, &failing).await.told.is_ok());
    proxy.set_away(true);
    let errors = load(&control, &failing).await;
    assert_eq!(errors.told, Err("Compute Engine does not answer".to_owned()));
    assert_eq!((errors.older, errors.of_others), (0, 0));
    proxy.set_away(false);
    assert!(load(&control, &failing).await.told.is_ok());
}
