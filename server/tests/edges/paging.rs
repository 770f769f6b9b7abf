//! Lists are read page by page, by each page's `next`: nothing stands there twice and nothing is left out.

use domain::{
    Actor, ChangeState, FleetSpec, ObservedFleet, Role, approvals::Requirement, audit::AuditAction,
    change::Verdict, environment::EnvironmentSpec, instance::Instance, plan,
};
use serde_json::Value;
use sqlx::PgPool;
use store::{NewChange, NewEvent};

use crate::{
    app::TestApp,
    rest::{ALL, instance},
};

impl TestApp {
    /// So many changes of development that nobody runs; what the first one declares is in force.
    pub(crate) async fn declare(&self, changes: usize) {
        let now = self.control().clock.now();
        let environment = EnvironmentSpec::new(
            "genesis-project-dev",
            "us-central1",
            "dev",
            "global/networks/genesis",
            "regions/us-central1/subnetworks/genesis",
        );
        let desired = FleetSpec::new(environment);
        let plan = plan::plan(&desired, &ObservedFleet::default(), now);
        let verdict = Verdict {
            policy: "default r1".to_owned(),
            approvals_needed: 0,
            requirement: Requirement::default(),
            reason: "development".to_owned(),
        };
        let mut tx = self.control().store.begin().await.unwrap();
        let mut made = Vec::new();
        for _ in 0..changes {
            let new = NewChange {
                environment: "dev",
                title: "dev: a test",
                reason: "",
                state: ChangeState::Approved,
                proposed_by: "olga",
                at: now,
                base_generation: 0,
                desired: &desired,
                plan: &plan,
                verdict: &verdict,
                expires_in: None,
            };
            made.push(tx.insert_change(&new).await.unwrap().id);
        }
        tx.declare_environment(&desired, 0, made[0], now).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// How many items each page has, and what `member` names of all of them in their order.
    async fn pages(&self, token: &str, path: &str, list: &str, member: &str) -> (Vec<usize>, Vec<String>) {
        let (mut sizes, mut names) = (Vec::new(), Vec::new());
        let mut address = path.to_owned();
        loop {
            let page: Value = self.read(token, &address).await.json().await.unwrap();
            let items = page[list].as_array().unwrap();
            sizes.push(items.len());
            names.extend(items.iter().map(|item| item[member].to_string()));
            match page["next"].as_str() {
                Some(next) => address = format!("{path}?cursor={next}"),
                None => return (sizes, names),
            }
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn three_pages_hold_everything_once(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let token = app.token("olga", &[Role::Operator], ALL).await;
    app.declare(120).await;
    let (sizes, changes) = app.pages(&token, "/api/v1/changes", "changes", "id").await;
    let expected: Vec<String> = (1..=120).rev().map(|number| format!("\"chg-{number}\"")).collect();
    assert_eq!((sizes, changes), (vec![50, 50, 20], expected));

    let control = app.control();
    let now = control.clock.now();
    let vm = |number: u32| Instance { id: Some(number.to_string()), ..instance(&format!("web-{number:03}")) };
    let vms = (0..250).map(|number| ("web".to_owned(), vm(number))).collect();
    control.live.sync("dev", vms, now);
    let of_dev = "/api/v1/environments/dev/instances";
    let (sizes, instances) = app.pages(&token, of_dev, "instances", "name").await;
    let expected: Vec<String> = (0..250).map(|number| format!("\"web-{number:03}\"")).collect();
    assert_eq!((sizes, instances), (vec![100, 100, 50], expected));

    let actor = Actor::system("a test", "request-1");
    let events: Vec<NewEvent<'_>> = (0..120)
        .map(|number| NewEvent::new(&actor, AuditAction::SignIn, format!("person {number}"), now))
        .collect();
    let mut tx = control.store.begin().await.unwrap();
    let last = tx.append_audits(&events).await.unwrap().pop().unwrap().seq;
    tx.commit().await.unwrap();
    let (sizes, events) = app.pages(&token, "/api/v1/audit-events", "audit_events", "seq").await;
    let expected: Vec<String> = (1..=last).rev().map(|seq| seq.to_string()).collect();
    assert_eq!((sizes.len(), events), (3, expected));
    app.stop().await;
}
