//! An environment that is named is heeded, also where what is asked for would be clear without it.

use std::{path::Path, process::Command};

use domain::token::Scope;
use sqlx::PgPool;

use crate::stack::{REFERENCES, Stack, example, said};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn texts_of_another_environment_are_refused_and_a_name_that_nothing_has_is_told(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let token = stack.token(&Scope::ALL).await;
    let basic = example("basic.tf");
    for verb in ["plan", "import"] {
        let line = [&["vm", verb, basic.as_str(), "--environment", "prod"][..], &REFERENCES].concat();
        let other = stack.g(&token, &line).await;
        let why = "the files declare dev, and --environment (or AGENT_MANAGER_ENVIRONMENT) names prod";
        let told = other.err.contains(why);
        assert_eq!((other.code, other.out.as_str(), told), (2, "", true), "{}", other.err);
    }
    let changes = stack.g(&token, &["change", "list"]).await;
    assert_eq!((changes.code, changes.out.lines().count()), (0, 1), "nothing was proposed: {}", changes.out);
    let misspelt = stack.g(&token, &["change", "list", "--environment", "prod"]).await;
    assert_eq!((misspelt.code, misspelt.out.as_str()), (3, ""), "{}", misspelt.err);

    stack.import_basic(&token).await;
    let none = stack.g(&token, &["change", "list", "--environment", "dev", "--state", "failed"]).await;
    assert_eq!((none.code, none.out.lines().count()), (0, 1), "{}{}", none.out, none.err);
    stack.stop().await;
}

#[test]
fn a_plan_without_a_server_is_of_the_environment_that_is_named() {
    let basic = example("basic.tf");
    let line = [&["vm", "plan", "--offline", "--environment", "prod", &basic][..], &REFERENCES].concat();
    let mut command = Command::new(env!("CARGO_BIN_EXE_g"));
    let other = said(command.args(&line).env_clear().output().unwrap());
    assert_eq!((other.code, other.err.contains("the files declare dev")), (2, true), "{}", other.err);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_empty_variable_names_no_environment(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let token = stack.token(&Scope::ALL).await;
    stack.import_basic(&token).await;
    let mut command = stack.command(&token, &["vm", "list-pools"]);
    command.env("AGENT_MANAGER_ENVIRONMENT", "");
    let listed = said(tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap());
    assert_eq!((listed.code, listed.out.contains("backend-pool")), (0, true), "{}", listed.err);
    stack.stop().await;
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    const EMPTY: [(&str, &str); 3] =
        [("AGENT_MANAGER_URL", ""), ("AGENT_MANAGER_TOKEN_FILE", ""), ("AGENT_MANAGER_ENVIRONMENT", "")];
    let run = |line: &[&str], home: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_g"));
        said(command.args(line).env_clear().env("HOME", home).envs(EMPTY).output().unwrap())
    };
    let home = tempfile::tempdir().unwrap();
    let basic = example("basic.tf");
    let line = [&["vm", "plan", "--offline", &basic][..], &REFERENCES].concat();
    let planned = run(&line, home.path());
    assert_eq!(planned.code, 0, "{}", planned.err);
    // The address is the default one, or it would be the first thing that is wrong; so is the token's file.
    let file = home.path().join(".config/agent-manager/token");
    let asked = run(&["change", "list"], home.path());
    let told = format!("no API token in {}", file.display());
    assert_eq!((asked.code, asked.err.contains(&told)), (4, true), "{}", asked.err);
    // What was typed is taken at its word.
    let typed = run(&["change", "list", "--url", ""], home.path());
    assert_eq!(typed.code, 2, "{}", typed.err);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn no_agent_of_another_environment_is_asked(pool: PgPool) {
    let stack = Stack::start(pool).await;
    let token = stack.token(&Scope::ALL).await;
    stack.import_basic(&token).await;
    let listed = stack.g(&token, &["vm", "list-instances", "--output", "json"]).await;
    let listed: serde_json::Value = serde_json::from_str(&listed.out).unwrap();
    let instance = &listed["instances"][0];
    let (name, zone) = (instance["name"].as_str().unwrap(), instance["zone"].as_str().unwrap());
    let line = ["vm", "agent-stop", "--instance", name, "--zone", zone, "--environment", "prod"];
    let elsewhere = stack.g(&token, &line).await;
    let told = format!("prod has no instance {name} in {zone}: that one is of dev");
    assert_eq!((elsewhere.code, elsewhere.err.contains(&told)), (3, true), "{}", elsewhere.err);
    // A token that may not read cannot look, and is let do what it may.
    let blind = stack.token(&[Scope::Operate]).await;
    let asked = stack.g(&blind, &line).await;
    assert!(!asked.err.contains("that one is of dev"), "{}", asked.err);
    stack.stop().await;
}
