//! `g` as a person types it, against a real server, a real database and the Compute Engine emulator.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as expected")]

mod environments;
mod reading;
mod stack;
mod updating;
mod waiting;

use std::{os::unix::fs::PermissionsExt as _, process::Command, time::Duration};

use domain::{
    ChangeState, FleetSpec, ObservedFleet, approvals::Requirement, change::Verdict,
    environment::EnvironmentSpec, plan, token::Scope,
};
use sqlx::PgPool;
use store::NewChange;

use crate::stack::{
    REFERENCES, Stack, example,
    proxy::{self, Fate},
    said,
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_fleet_is_imported_scaled_and_looked_at(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let token = stack.token(&Scope::ALL).await;
    let basic = example("basic.tf");

    let lacks = stack.g(&token, &["vm", "plan", &basic]).await;
    assert_eq!(lacks.code, 5, "{}", lacks.err);
    assert!(
        lacks.err.contains("--set 'module.networking.vpc_id=…'  # network_id at basic.tf:"),
        "{}",
        lacks.err
    );

    let line = [&["vm", "import", basic.as_str(), "--wait", "--reason", "first"][..], &REFERENCES].concat();
    let imported = stack.g(&token, &line).await;
    assert_eq!(imported.code, 0, "{}", imported.err);
    assert!(
        imported.out.contains("chg-1  applied") && imported.err.contains("chg-1 applying"),
        "{}{}",
        imported.out,
        imported.err
    );

    let pools = stack.g(&token, &["vm", "list-pools"]).await;
    let head: Vec<&str> = pools.out.lines().next().unwrap().split_whitespace().collect();
    let expected = ["POOL", "TYPE", "TEMPLATE", "DESIRED", "RUNNING", "AUTOSCALING", "AGENTS", "READY"];
    assert_eq!(head, expected, "{}", pools.out);
    assert!(pools.out.contains("1 to 5"), "{}", pools.out);
    let instances =
        stack.g(&token, &["vm", "list-instances", "--pool", "backend-pool", "--output", "json"]).await;
    let instances: serde_json::Value = serde_json::from_str(&instances.out).unwrap();
    assert_eq!(instances["instances"].as_array().unwrap().len(), 2);
    let absent = stack.g(&token, &["vm", "list-instances", "--pool", "frontend"]).await;
    assert_eq!(
        (absent.code, absent.err.contains("pool frontend in dev does not exist")),
        (3, true),
        "{}",
        absent.err
    );

    // The VMs run; their agents report a little later.
    let healthy = loop {
        let healthy = stack.g(&token, &["vm", "health-check", "--pool", "backend-pool"]).await;
        if !healthy.out.contains("starting") {
            break healthy;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!((healthy.code, healthy.out.as_str()), (0, "AGENTS   COUNT\nhealthy  2\n"), "{}", healthy.err);
    let templates = stack.g(&token, &["vm", "list-templates"]).await;
    assert!(
        templates.out.contains("backend-dev") && templates.out.contains("e2-standard-2"),
        "{}",
        templates.out
    );
    let url = stack.g(&token, &["vm", "outputs", "instance_group_urls"]).await;
    assert!(url.out.contains("/instanceGroups/genesis-pool-backend-pool\""), "{}", url.out);
    let cost = stack.g(&token, &["vm", "outputs", "cost_optimization"]).await;
    let cost: serde_json::Value = serde_json::from_str(&cost.out).unwrap();
    let dollars = |name: &str| cost[name]["known"].as_str().unwrap().parse::<f64>().unwrap();
    assert!(
        0.0 < dollars("monthly_usd") && dollars("monthly_usd") <= dollars("monthly_usd_at_most"),
        "{cost}"
    );
    let scaler = stack.g(&token, &["vm", "outputs", "autoscalers"]).await;
    let scaler: serde_json::Value = serde_json::from_str(&scaler.out).unwrap();
    assert!(scaler["backend-pool"]["status"].is_string(), "{scaler}");
    let none = stack.g(&token, &["vm", "outputs", "nothing"]).await;
    assert_eq!((none.code, none.err.contains("vm_management_summary")), (3, true), "{}", none.err);

    let dry = stack
        .g(&token, &["vm", "scale-pool", "backend-pool", "--min", "2", "--max", "10", "--dry-run"])
        .await;
    assert!(dry.code == 0 && dry.out.contains("autoscaler"), "{}{}", dry.out, dry.err);
    let fixed = stack.g(&token, &["vm", "scale-pool", "backend-pool", "--size", "3"]).await;
    assert_eq!(
        (fixed.code, fixed.err.contains("set min_replicas and max_replicas instead")),
        (5, true),
        "{}",
        fixed.err
    );
    let scaled =
        stack.g(&token, &["vm", "scale-pool", "backend-pool", "--min", "2", "--max", "10", "--wait"]).await;
    assert_eq!(scaled.code, 0, "{}", scaled.err);
    let made =
        stack.g(&token, &["vm", "create-pool", "--type", "backend-developer", "--size", "1", "--wait"]).await;
    assert_eq!(made.code, 0, "{}", made.err);
    let again = stack.g(&token, &["vm", "create-pool", "--type", "backend-developer"]).await;
    assert_eq!((again.code, again.err.contains("is declared already")), (5, true), "{}", again.err);
    let typo =
        stack.g(&token, &["vm", "delete-pool", "backend-developer-pool", "--confirm", "backend"]).await;
    assert_eq!(typo.code, 2, "{}", typo.err);
    let name = "backend-developer-pool";
    let gone =
        stack.g(&token, &["vm", "delete-pool", name, "--confirm", name, "--wait", "--output", "json"]).await;
    let gone: serde_json::Value = serde_json::from_str(&gone.out).unwrap();
    assert_eq!(gone["state"], "applied");

    let changes = stack.g(&token, &["change", "list"]).await;
    assert_eq!(changes.out.lines().count(), 5, "{}", changes.out);
    let shown = stack.g(&token, &["change", "show", "chg-2"]).await;
    assert!(shown.out.contains("dev: edit pool backend-pool") && shown.out.contains("done"), "{}", shown.out);
    stack.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_agent_is_stopped_while_its_vm_runs_on_and_started_again(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let token = stack.token(&Scope::ALL).await;
    stack.import_basic(&token).await;
    let first = async || {
        let listed = stack.g(&token, &["vm", "list-instances", "--output", "json"]).await;
        let listed: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
        listed["instances"][0].clone()
    };
    let instance = loop {
        let instance = first().await;
        if instance["agent_state"] == "healthy" {
            break instance;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let name = instance["name"].as_str().unwrap();
    let asks = async |verb: &str, more: &[&str]| {
        stack.g(&token, &[&["vm", verb, "--instance", name][..], more].concat()).await
    };

    let runs = asks("agent-start", &[]).await;
    assert_eq!((runs.code, runs.err.contains("it runs already")), (5, true), "{}", runs.err);
    let reader = stack.token(&[Scope::Read]).await;
    let may_not = stack.g(&reader, &["vm", "agent-stop", "--instance", name]).await;
    assert_eq!((may_not.code, may_not.err.contains("code forbidden")), (4, true), "{}", may_not.err);
    let absent = stack.g(&token, &["vm", "agent-stop", "--instance", "agent-backend-001"]).await;
    assert_eq!((absent.code, absent.err.contains("dev has no instance")), (3, true), "{}", absent.err);

    let stopped = asks("agent-stop", &["--wait"]).await;
    assert_eq!(stopped.code, 0, "{}", stopped.err);
    assert!(stopped.err.contains("cmd-1 pending") && stopped.err.contains("cmd-1 done"), "{}", stopped.err);
    let told = format!("cmd-1  done  stop {name}: work is stopped; heartbeats go on\n");
    assert_eq!(stopped.out, told);
    let rests = first().await;
    assert_eq!((&rests["agent_state"], &rests["status"]), (&"stopped".into(), &"RUNNING".into()), "{rests}");
    assert_eq!(rests["id"], instance["id"], "the VM is the same");
    let unwell = stack.g(&token, &["vm", "health-check"]).await;
    assert_eq!((unwell.code, unwell.out.contains("stopped")), (7, true), "{}", unwell.out);
    let pointless = asks("agent-restart", &[]).await;
    assert_eq!((pointless.code, pointless.err.contains("start it instead")), (5, true), "{}", pointless.err);

    let zone = instance["zone"].as_str().unwrap();
    let started = asks("agent-start", &["--zone", zone, "--wait", "--output", "json"]).await;
    assert_eq!(started.code, 0, "{}", started.err);
    let command: serde_json::Value = serde_json::from_str(&started.out).unwrap();
    assert_eq!((&command["state"], &command["command"]), (&"done".into(), &"start".into()), "{command}");
    assert_eq!(first().await["agent_state"], "healthy");
    let restarted = asks("agent-restart", &[]).await;
    let told = format!("cmd-3  pending  restart {name}\n");
    assert_eq!((restarted.code, restarted.out), (0, told), "{}", restarted.err);
    let impatient = asks("agent-stop", &["--wait", "--timeout", "0"]).await;
    assert_eq!(
        (impatient.code, impatient.err.contains("still pending after 0 s")),
        (7, true),
        "{}",
        impatient.err
    );
    stack.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_wrong_is_said_with_its_remedy_and_a_code(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let reader = stack.token(&[Scope::Read]).await;
    let basic = example("basic.tf");
    let line = [&["vm", "import", basic.as_str()][..], &REFERENCES].concat();
    let refused = stack.g(&reader, &line).await;
    assert_eq!(refused.code, 4, "{}", refused.err);
    let empty = stack.g(&reader, &["vm", "list-pools"]).await;
    assert_eq!((empty.code, empty.err.contains("g vm import FILE")), (3, true), "{}", empty.err);

    let nowhere = stack.folder.path().join("none");
    let lost = stack.g(&nowhere, &["vm", "list-pools"]).await;
    assert_eq!((lost.code, lost.err.contains("Settings, API tokens")), (4, true), "{}", lost.err);
    std::fs::set_permissions(&reader, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = stack.g(&reader, &["vm", "list-pools"]).await;
    assert_eq!((open.code, open.err.contains("chmod 600")), (4, true), "{}", open.err);
    std::fs::set_permissions(&reader, std::fs::Permissions::from_mode(0o600)).unwrap();
    let plain = stack.g(&reader, &["vm", "list-pools", "--url", "http://manager.example.com"]).await;
    assert_eq!((plain.code, plain.err.contains("https only")), (2, true), "{}", plain.err);
    let away = stack.g(&reader, &["vm", "list-pools", "--url", "http://localhost:9"]).await;
    assert_eq!((away.code, away.err.contains("does not answer")), (6, true), "{}", away.err);
    let wrong = stack.g(&reader, &["vm", "create-pool", "--type", "wizard"]).await;
    assert_eq!((wrong.code, wrong.err.contains("backend-developer")), (2, true), "{}", wrong.err);
    stack.stop().await;
}

/// Between what `g` reads and what it sends, somebody else's change is applied.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_changed_meanwhile_is_told_field_by_field(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let token = stack.token(&Scope::ALL).await;
    stack.import_basic(&token).await;

    let bounds = |min, max| ["vm", "scale-pool", "backend-pool", "--min", min, "--max", max];
    let mut faster = stack.command(&token, &[&bounds("2", "8")[..], &["--wait"]].concat());
    let mut ended = None;
    let url = proxy::start(&stack.url, move |head| {
        if head.starts_with("POST /api/v1/environments/dev/changes") && ended.is_none() {
            ended = Some(said(faster.output().unwrap()).code);
            assert_eq!(ended, Some(0));
        }
        Fate::Answered
    });
    let late = stack.g(&token, &[&bounds("1", "3")[..], &["--url", &url]].concat()).await;
    assert_eq!(late.code, 5, "{}{}", late.out, late.err);
    assert!(
        late.err.contains("dev is at generation 2 now, and the edit was of generation 1"),
        "{}",
        late.err
    );
    let told = "  it followed generation 1; generation 2 has\n    agent_pools[\"backend-pool\"].max_replicas: 8, was 5\n    \
                agent_pools[\"backend-pool\"].min_replicas: 2, was 1\n";
    assert!(late.err.contains(told), "{}", late.err);
    let changes = stack.g(&token, &["change", "list"]).await;
    assert_eq!(changes.out.lines().count(), 3, "{}", changes.out);
    stack.stop().await;
}

/// Texts declare everything: what came between their plan and their proposal is not taken back unseen.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn texts_whose_plan_is_an_older_one_are_told_what_is_in_force(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let token = stack.token(&Scope::ALL).await;
    stack.import_basic(&token).await;

    let mut faster = stack.command(&token, &["vm", "scale-pool", "backend-pool", "--max", "8", "--wait"]);
    let mut ended = None;
    let url = proxy::start(&stack.url, move |head| {
        if head.starts_with("POST /api/v1/changes ") && ended.is_none() {
            ended = Some(said(faster.output().unwrap()).code);
            assert_eq!(ended, Some(0));
        }
        Fate::Answered
    });
    let text = std::fs::read_to_string(example("basic.tf")).unwrap();
    let file = stack.folder.path().join("larger.tf");
    std::fs::write(&file, text.replace("max_replicas  = 5", "max_replicas  = 7")).unwrap();
    let line = [&["vm", "import", file.to_str().unwrap(), "--url", url.as_str()][..], &REFERENCES].concat();
    let late = stack.g(&token, &line).await;
    assert_eq!(late.code, 5, "{}{}", late.out, late.err);
    assert!(late.err.contains("  generation 2 is in force; `g vm plan` shows"), "{}", late.err);
    stack.stop().await;
}

/// What somebody else made of another pool is in nobody's way.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_pool_is_scaled_though_another_came_into_force_meanwhile(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let token = stack.token(&Scope::ALL).await;
    stack.import_basic(&token).await;

    let create = ["vm", "create-pool", "--type", "backend-developer", "--size", "1", "--wait"];
    let mut faster = stack.command(&token, &create);
    let mut ended = None;
    let url = proxy::start(&stack.url, move |head| {
        if head.starts_with("POST /api/v1/environments/dev/changes") && ended.is_none() {
            ended = Some(said(faster.output().unwrap()).code);
            assert_eq!(ended, Some(0));
        }
        Fate::Answered
    });
    let scale =
        ["vm", "scale-pool", "backend-pool", "--min", "2", "--max", "8", "--wait", "--url", url.as_str()];
    let late = stack.g(&token, &scale).await;
    assert_eq!(late.code, 0, "{}{}", late.out, late.err);
    let pools = stack.g(&token, &["vm", "list-pools"]).await;
    assert!(pools.out.contains("backend-developer-pool") && pools.out.contains("2 to 8"), "{}", pools.out);
    stack.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_list_that_is_longer_than_a_page_is_read_to_its_end(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let control = &stack.running.control;
    let now = control.clock.now();
    let environment = EnvironmentSpec::new("genesis-project-dev", "us-central1", "dev", "vpc", "subnet");
    let desired = FleetSpec::new(environment);
    let plan = plan::plan(&desired, &ObservedFleet::default(), now);
    let verdict = Verdict {
        policy: "default r1".to_owned(),
        approvals_needed: 0,
        requirement: Requirement::default(),
        reason: "development".to_owned(),
    };
    let mut tx = control.store.begin().await.unwrap();
    for _ in 0..60 {
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
        let id = tx.insert_change(&new).await.unwrap().id;
        // Before anybody could run it.
        tx.set_change_state(id, ChangeState::Approved, ChangeState::Cancelled, None, now).await.unwrap();
    }
    tx.commit().await.unwrap();

    let token = stack.token(&[Scope::Read]).await;
    let all = stack.g(&token, &["change", "list", "--limit", "100", "--output", "json"]).await;
    let all: serde_json::Value = serde_json::from_str(&all.out).unwrap();
    let ids: Vec<&str> =
        all["changes"].as_array().unwrap().iter().map(|change| change["id"].as_str().unwrap()).collect();
    let expected: Vec<String> = (1..=60).rev().map(|number| format!("chg-{number}")).collect();
    assert_eq!((ids, &all["more"]), (expected.iter().map(String::as_str).collect(), &false.into()));
    let some = stack.g(&token, &["change", "list", "--limit", "55"]).await;
    assert_eq!((some.out.lines().count(), some.out.contains("There are more")), (57, true), "{}", some.out);
    stack.stop().await;
}

#[test]
fn a_plan_needs_no_server_offline() {
    let basic = example("basic.tf");
    let line = [&["vm", "plan", "--offline", &basic][..], &REFERENCES].concat();
    let mut command = Command::new(env!("CARGO_BIN_EXE_g"));
    let planned = said(command.args(&line).env_clear().output().unwrap());
    assert_eq!(planned.code, 0, "{}", planned.err);
    assert!(planned.out.contains("create instance group genesis-pool-backend-pool"), "{}", planned.out);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.tf");
    std::fs::write(&file, "module \"vm_management\" {\n  region = 5\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_g"));
    let broken = said(command.args(["vm", "plan", "--offline"]).arg(&file).env_clear().output().unwrap());
    assert_eq!(broken.code, 5);
    assert!(broken.err.starts_with("error: ") && broken.err.contains("--> broken.tf:"), "{}", broken.err);
}
