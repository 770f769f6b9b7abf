//! What pages weigh: each carries what it was drawn from beside its HTML, so that a field that no row shows costs as much as one that
//! every row shows.

use control::import::{self, Expected};
use domain::{
    Actor,
    audit::{AuditAction, place},
    heartbeat::Heartbeat,
    instance::{Instance, ProbeHealth},
    view::{change::STEPS, import::ImportInput, instance::PAGE_ROWS},
};
use sqlx::PgPool;
use store::{NewEvent, PlacedInstance};

use crate::{
    app::TestApp,
    large_fleet::run,
    rest::{heartbeat, instance, texts},
    verdicts::olga,
};

/// With all that Compute Engine says of one that runs.
fn vm(number: usize) -> PlacedInstance {
    let instance = Instance {
        id: Some(format!("12345678901234{number:05}")),
        group: "genesis-pool-backend-pool".to_owned(),
        template: Some("genesis-template-backend-dev-abcdef12".to_owned()),
        address: Some(format!("10.128.0.{number}")),
        probe: Some(ProbeHealth::Healthy),
        ..instance(&format!("agent-backend-pool-{number:05}"))
    };
    PlacedInstance { pool: "backend-pool".to_owned(), instance }
}

/// What every page of fifty rows is to be at most. A row's HTML is near 450 bytes and what it adds to the columns of the data near 35: 24 kB
/// for fifty. The frame, the filter and the rest of the data are near 8 kB. Rows as objects are 350 bytes each in the data, and with all
/// that is known of their instances 860.
const INSTANCES: usize = 35_000;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_full_page_of_instances_carries_what_its_rows_show_and_no_more(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let vms: Vec<_> = (0..PAGE_ROWS + 10).map(vm).collect();
    run(&app, &vms).await;
    let control = app.control();
    for PlacedInstance { instance, .. } in &vms {
        let said = Heartbeat { boot_id: "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b".to_owned(), ..heartbeat(1) };
        let id = instance.id.as_deref().unwrap();
        control.live.beat("dev", &instance.name, id, said, control.clock.now()).unwrap();
    }

    let cookies = app.sign_in("mara").await;
    let page = app.page("/instances", &cookies).await.text().await.unwrap();
    assert_eq!(page.matches("href=\"/instances/us-central1-").count(), PAGE_ROWS);
    assert_eq!(page.matches(">10.128.0.").count(), PAGE_ROWS);
    assert_eq!(page.matches("10.128.0.").count(), PAGE_ROWS + 1, "the data says what they share once");
    assert!(page.matches("<span title=\"").count() >= PAGE_ROWS, "each has its last heartbeat");
    assert!(page.contains("Z 1 0,"), "moment, CPU and memory: it is followed from there");
    for untold in ["boot_id", "genesis-template-"] {
        assert!(!page.contains(untold), "{untold} is on the instance's own page");
    }
    assert!(page.len() < INSTANCES, "the page is {} bytes", page.len());
    app.stop().await;
}

/// An event's HTML is near 410 bytes and what it adds to the columns of the data near 15: 21 kB for fifty. The frame, the filter with its
/// actions and the proof are near 15 kB. A little more than both. With its evidence an event is 1.1 kB of HTML and 480 bytes of data.
const AUDIT: usize = 39_000;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_full_page_of_the_log_carries_its_sentences_and_no_evidence(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let control = app.control();
    let health = Actor::system("Health", "asked-by-nobody");
    let events: Vec<_> = (0..PAGE_ROWS + 10)
        .map(|number| {
            let name = format!("agent-backend-pool-{number:05}");
            NewEvent {
                environment: Some("dev".to_owned()),
                detail: format!("{}, was late", place("backend-pool", "us-central1-a")),
                ..NewEvent::new(&health, AuditAction::FallSilent, name, control.clock.now())
            }
        })
        .collect();
    let mut tx = control.store.begin().await.unwrap();
    let last = tx.append_audits(&events).await.unwrap().pop().unwrap();
    tx.commit().await.unwrap();

    let cookies = app.sign_in("mara").await;
    let page = app.page("/audit", &cookies).await.text().await.unwrap();
    assert_eq!(page.matches("<a class=\"link\" href=\"/audit/").count(), PAGE_ROWS);
    let told = format!("<p>Health heard nothing more of {}<small>Pool backend-pool in", last.object);
    assert!(page.contains(&told), "{page}");
    assert!(page.contains("href=\"/instances/us-central1-a/agent-backend-pool-00059\""), "{page}");
    for untold in [last.hash.as_str(), "asked-by-nobody", "\\\"hash\\\""] {
        assert!(!page.contains(untold), "{untold} is on the event's own page");
    }
    assert!(page.len() < AUDIT, "the page is {} bytes", page.len());
    app.stop().await;
}

const SIZE: &str = "target_size = 2, enable_autoscaling = true, min_replicas = 1, max_replicas = 5";

/// The example with ten more templates and pools.
fn large() -> ImportInput {
    let mut input: ImportInput = serde_json::from_value(texts()).unwrap();
    let (mut templates, mut pools) = (String::new(), String::new());
    for number in 0..10 {
        let (name, kind) = (format!("web-{number}"), r#"agent_type = "backend-developer""#);
        templates.push_str(&format!(r#"{{ name = "{name}", {kind}, machine_type = "e2-standard-2" }}, "#));
        pools.push_str(&format!(r#"{{ name = "{name}-pool", {kind}, template_name = "{name}", {SIZE} }}, "#));
    }
    let file = &mut input.files[0];
    for (list, more) in [("agent_vm_templates = [", templates), ("agent_pools = [", pools)] {
        file.text = file.text.replace(list, &format!("{list}{more}"));
    }
    input
}

/// A step's HTML and its line in the data are near 250 bytes each. The frame is near 10 kB, two notes for each of eleven pools are near
/// 12 kB, drawn and to be drawn from, and all other panels near 9 kB, to which the Cost card adds near 500 bytes for each pool. With
/// their resources, the steps of a pool are near 4 kB more in the data, and what is declared of it near 2 kB: the page would be above
/// 100 kB.
const fn change(steps: usize) -> usize {
    40_000 + 900 * steps
}

/// What differs from before is told as a whole there: near 50 fields for each of eleven pools and their templates, drawn and to be
/// drawn from, each near 100 bytes.
const DECLARED: usize = 11 * 50 * 100;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_page_of_a_large_change_carries_its_steps_without_their_resources(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let expected = Expected { digest: None, generation: None };
    let id = import::propose_expected(app.control(), &olga(), large(), expected, "").await.unwrap();

    let cookies = app.sign_in("mara").await;
    let drawn = |page: &str| page.matches("class=\"step-no muted\"").count();
    let first = app.page(&format!("/changes/{id}"), &cookies).await.text().await.unwrap();
    assert_eq!(drawn(&first), STEPS);
    assert!(first.contains(&format!("href=\"/changes/{id}?all=yes\"")), "the others are a link away");
    assert!(first.len() < change(STEPS), "{STEPS} steps are {} bytes", first.len());

    let page = app.page(&format!("/changes/{id}?all=yes"), &cookies).await.text().await.unwrap();
    let steps = drawn(&page);
    assert!(steps >= 33, "a template, a group and an autoscaler for each pool: {steps}");
    assert!(page.contains(&format!(" proposed {id}")), "the log's own words");
    for untold in [r#"\"desired\""#, r#"\"instance_template\":{"#, r#"\"hash\""#] {
        assert!(!page.contains(untold), "{untold} is not shown");
    }
    assert!(page.len() < change(steps) + DECLARED, "{steps} steps are {} bytes", page.len());
    app.stop().await;
}
