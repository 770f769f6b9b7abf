//! What is only looked at: a pool's rollout and autoscaling, costs, alerts with their incidents.

use std::{path::Path, time::Duration};

use domain::{ChangeId, incident::Cause, token::Scope};
use serde_json::Value;
use sqlx::PgPool;
use store::NewIncident;

use crate::stack::{Said, Stack};

/// What the control plane sees and judges comes a little after what it does.
async fn once_it_says(stack: &Stack, token: &Path, line: &[&str], words: &str) -> Said {
    for _ in 0..100 {
        let said = stack.g(token, line).await;
        if said.code != 0 || said.out.contains(words) {
            return said;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("g {line:?} does not come to say {words:?}");
}

async fn json(stack: &Stack, token: &Path, line: &[&str]) -> Value {
    let said = stack.g(token, &[line, &["--output", "json"]].concat()).await;
    assert_eq!(said.code, 0, "{}", said.err);
    serde_json::from_str(&said.out).unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_pool_tells_what_its_vms_run_and_how_it_is_sized(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let writer = stack.token(&Scope::ALL).await;
    stack.import_basic(&writer).await;
    let token = stack.token(&[Scope::Read]).await;

    let line = ["vm", "rollout", "backend-pool"];
    let settled = once_it_says(&stack, &token, &line, "dev/backend-pool  settled  ").await;
    assert_eq!(settled.code, 0, "{}", settled.err);
    assert!(settled.out.contains("\nVERSION ") && settled.out.contains("  own "), "{}", settled.out);
    assert!(settled.out.contains("  healthy  backend-dev v1\n"), "{}", settled.out);
    let answer = json(&stack, &token, &line).await;
    let versions = &answer["rollout"]["versions"];
    assert_eq!(
        (&versions[0]["template"], &versions[0]["number"]),
        (&"backend-dev".into(), &1.into()),
        "{answer}"
    );

    let line = ["vm", "autoscaling", "backend-pool"];
    let sized = once_it_says(&stack, &token, &line, "\nstatus ").await;
    assert_eq!(sized.code, 0, "{}", sized.err);
    assert!(sized.out.starts_with("dev/backend-pool  1 to 5 VMs\n"), "{}", sized.out);
    let size = sized.out.lines().find(|line| line.starts_with("size ")).unwrap();
    assert_eq!(size.matches("1 to 5 VMs").count(), 2, "declared and observed: {}", sized.out);
    assert!(sized.out.contains(" at the minimum, ") && !sized.out.contains("BOUNDS"), "{}", sized.out);
    let day = [&line[..], &["--window", "24h"]].concat();
    let looks = stack.g(&token, &day).await;
    assert!(looks.out.contains("AT (UTC)") && looks.out.contains("BOUNDS"), "{}", looks.out);
    assert_eq!(json(&stack, &token, &day).await["window"], 86_400);
    assert_eq!(json(&stack, &token, &line).await["window"], 3600, "the server's own");
    let odd = stack.g(&token, &[&line[..], &["--window", "2h"]].concat()).await;
    assert_eq!((odd.code, odd.err.contains("1h, 6h, 24h, 7d")), (2, true), "{}", odd.err);

    for verb in ["rollout", "autoscaling"] {
        let absent = stack.g(&token, &["vm", verb, "frontend"]).await;
        assert_eq!(
            (absent.code, absent.err.contains("pool frontend in dev does not exist")),
            (3, true),
            "{}",
            absent.err
        );
    }
    stack.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_change_tells_what_it_declares_otherwise(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let writer = stack.token(&Scope::ALL).await;
    stack.import_basic(&writer).await;
    let line = ["vm", "scale-pool", "backend-pool", "--min", "2", "--max", "8", "--wait"];
    let scaled = stack.g(&writer, &line).await;
    assert_eq!(scaled.code, 0, "{}", scaled.err);
    let token = stack.token(&[Scope::Read]).await;

    let first = stack.g(&token, &["change", "show", "chg-1"]).await;
    for told in ["\nNothing was declared before: ", "\n  + environment.environment: dev\n"] {
        assert!(first.out.contains(told), "{told}: {}", first.out);
    }
    let shown = stack.g(&token, &["change", "show", "chg-2"]).await;
    let told = "\nWhat differs from generation 1\n  ~ agent_pools[\"backend-pool\"].max_replicas: 5 → 8\n  \
                ~ agent_pools[\"backend-pool\"].min_replicas: 1 → 2\n\n";
    assert!(shown.out.contains(told), "{}", shown.out);
    let change = json(&stack, &token, &["change", "show", "chg-2"]).await;
    let differences = &change["differences"];
    assert_eq!((&differences["first"], &differences["fields"][0]["after"]), (&false.into(), &"8".into()));
    stack.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_month_is_added_up_and_one_that_nobody_knows_is_refused(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let writer = stack.token(&Scope::ALL).await;
    stack.import_basic(&writer).await;
    let token = stack.token(&[Scope::Read]).await;

    let line = ["cost", "show"];
    let present = once_it_says(&stack, &token, &line, "\nbackend-pool  backend-developer  ").await;
    assert_eq!(present.code, 0, "{}", present.err);
    for told in ["budget      none is set\n", "\nforecast    ", "\nruns now    ", "\nPOOL "] {
        assert!(present.out.contains(told), "{told}: {}", present.out);
    }
    let costs = json(&stack, &token, &line).await;
    assert_eq!(costs["pools"][0]["name"], "backend-pool", "{costs}");
    let month = costs["month"].as_str().unwrap();
    assert!(present.out.starts_with(&format!("dev  {month}  ")), "{}", present.out);

    let before = stack.g(&token, &["cost", "show", "--month", "2020-02"]).await;
    assert_eq!(before.code, 0, "{}", before.err);
    assert!(before.out.starts_with("dev  2020-02  $0.00\n"), "{}", before.out);
    assert!(before.out.ends_with("\nNo VM ran in this month.\n"), "{}", before.out);
    let odd = stack.g(&token, &["cost", "show", "--month", "november"]).await;
    assert_eq!((odd.code, odd.err.contains("name a month, like 2026-11")), (5, true), "{}", odd.err);
    let absent = stack.g(&token, &["cost", "show", "--environment", "prod"]).await;
    assert_eq!(absent.code, 3, "{}", absent.err);
    let blind = stack.token(&[Scope::Propose]).await;
    let may_not = stack.g(&blind, &["cost", "show", "--environment", "dev"]).await;
    assert_eq!((may_not.code, may_not.err.contains("code forbidden")), (4, true), "{}", may_not.err);
    stack.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_open_incident_is_told_with_its_reason_and_others_can_be_left_out(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let control = &stack.running.control;
    let token = stack.token(&Scope::ALL).await;
    stack.import_basic(&token).await;

    let well = once_it_says(&stack, &token, &["alert", "list"], "database_connections  ").await;
    assert!(well.code == 0 && well.out.contains("\nNo incident is open.\n"), "{}{}", well.out, well.err);

    // Nothing that is measured ends it.
    let cause = Cause::Forgery(ChangeId(1));
    let new = NewIncident {
        environment: Some("dev"),
        cause: &cause,
        title: "chg-1 is not what was signed",
        why: "a test wants it",
        at: control.clock.now(),
    };
    let mut tx = control.store.begin().await.unwrap();
    let id = tx.open_incident(&new).await.unwrap().unwrap();
    tx.commit().await.unwrap();

    let ill = stack.g(&token, &["alert", "list"]).await;
    assert_eq!(ill.code, 0, "{}", ill.err);
    let row = format!("\ninc-{id}     dev          ");
    assert!(ill.out.contains(&row) && ill.out.contains("  nothing  chg-1 is not what"), "{}", ill.out);
    assert!(ill.out.contains(&format!("\ninc-{id}       a test wants it\n")), "{}", ill.out);
    let list = json(&stack, &token, &["alert", "list"]).await;
    assert_eq!(list["open_incidents"][0]["cause"], "forgery/chg-1", "{list}");
    assert_eq!(list["alerts"].as_array().unwrap().len(), domain::alert::AlertKind::ALL.len(), "{list}");

    let here = json(&stack, &token, &["alert", "list", "--environment", "dev"]).await;
    assert_eq!(here["open_incidents"].as_array().unwrap().len(), 1, "{here}");
    let misspelt = stack.g(&token, &["alert", "list", "--environment", "prod"]).await;
    assert_eq!((misspelt.code, misspelt.out.as_str()), (3, ""), "{}", misspelt.err);
    stack.stop().await;
}
