//! The Fleet page of ten thousand VMs: all of them are on it, and it is small enough to be sent.

use std::time::Duration;

use domain::instance::Instance;
use sqlx::PgPool;
use store::PlacedInstance;
use tokio::time::{sleep, timeout};

use crate::{app::TestApp, rest::instance, verdicts::declare};

const VMS: usize = 10_000;
const ZONES: [&str; 3] = ["us-central1-a", "us-central1-b", "us-central1-c"];

fn vm(number: usize) -> PlacedInstance {
    let own = instance(&format!("agent-backend-pool-{number:05}"));
    let instance =
        Instance { id: Some(number.to_string()), zone: ZONES[number % ZONES.len()].to_owned(), ..own };
    PlacedInstance { pool: "backend-pool".to_owned(), instance }
}

/// The paths of the page's pictures.
fn paths(page: &str) -> Vec<&str> {
    let pictures = page.split("class=\"mosaic\"").skip(1);
    pictures
        .flat_map(|picture| picture.split("</svg>").next().unwrap().split(" d=\"").skip(1))
        .map(|path| path.split('"').next().unwrap())
        .collect()
}

/// Agents on a path of lines, in each of which an agent takes ten pixels.
fn drawn(path: &str) -> usize {
    let lines = path.split('h').skip(1);
    lines.map(|line| line.split('M').next().unwrap().parse::<usize>().unwrap().div_ceil(10)).sum()
}

/// Development is declared, runs these VMs, and the server has read them.
pub(crate) async fn run(app: &TestApp, vms: &[PlacedInstance]) {
    declare(app).await;
    let control = app.control();
    let now = control.clock.now();
    let environment = control.store.get_environment("dev").await.unwrap().unwrap();
    let mut tx = control.store.begin().await.unwrap();
    tx.declare_pools("dev", &environment.spec.agent_pools, environment.declared_by, now).await.unwrap();
    tx.sync_instances("dev", vms, now).await.unwrap();
    tx.commit().await.unwrap();
    let read = async {
        while control.live.rows("dev").len() < vms.len() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(60), read).await.unwrap();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_fleet_page_of_ten_thousand_vms_shows_each_and_stays_small(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let vms: Vec<_> = (0..VMS).map(vm).collect();
    run(&app, &vms).await;

    let cookies = app.sign_in("mara").await;
    let page = app.page("/", &cookies).await.text().await.unwrap();
    let paths = paths(&page);
    assert_eq!(paths.len(), ZONES.len(), "one state, one path in each zone");
    assert_eq!(paths.iter().map(|path| drawn(path)).sum::<usize>(), VMS);
    let bytes: usize = paths.iter().map(|path| path.len()).sum();
    assert!(bytes < 4_000, "the pictures are {bytes} bytes");
    assert!(page.len() < 150_000, "the page is {} bytes", page.len());

    for said in [
        "aria-label=\"3334 starting\"",
        "q=pool:backend-pool%20state:starting\"",
        "q=pool:backend-pool%20state:silent,ill,late,starting,stopped,gone\"",
        "and 9,988 more",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert_eq!(
        page.matches("href=\"/instances/us-central1-").count(),
        12,
        "the first that one would look at"
    );
    app.stop().await;
}
