//! `agent-manager doctor` and `agent-manager audit verify` as somebody types them: what they say, and by which exit code.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _, path::Path, process::Output};

use sqlx::PgPool;
use tokio::process::Command;

use crate::app::TestApp;

async fn run(arguments: &[&str], config: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent-manager"));
    command.args(arguments).arg("--config").arg(config).env_remove("RUST_LOG").kill_on_drop(true);
    command.output().await.unwrap()
}

/// Without a configuration, and so without a database.
async fn offline(arguments: &[&str], file: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent-manager"));
    command.args(["audit", "verify", "--file"]).arg(file).args(arguments);
    command.env_remove("RUST_LOG").kill_on_drop(true).output().await.unwrap()
}

fn said(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// State, part, cause and fix.
type Check<'a> = (&'a str, &'a str, &'a str, Option<&'a str>);

fn checks(text: &str) -> Vec<Check<'_>> {
    let mut checks: Vec<Check<'_>> = Vec::new();
    for line in text.lines() {
        if line.starts_with(' ') {
            checks.last_mut().unwrap().3 = Some(line.trim());
            continue;
        }
        let (seen, cause) = line.strip_suffix(']').unwrap().rsplit_once(" [").unwrap();
        let (state, rest) = seen.split_at(6);
        let (part, _) = rest.split_at(15);
        checks.push((state.trim(), part.trim(), cause, None));
    }
    checks
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_doctor_finds_a_server_well_that_has_all_it_needs(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let scripts = ["agent-manager.js", "__wasm_split.______________________.js"];
    for file in scripts.into_iter().chain(["agent-manager.wasm", "agent-manager.css"]) {
        fs::write(app.folder().join("site/pkg").join(file), "").unwrap();
    }
    let output = run(&["doctor"], &app.folder().join("server.toml")).await;
    let text = said(&output.stdout);
    let well = [
        ("Configuration", "Valid"),
        ("Database", "Answers"),
        ("Migrations", "UpToDate"),
        ("Clock", "Agrees"),
        ("Audit log", "Verified"),
        ("Issuer", "Answers"),
        ("Compute Engine", "Answers"),
        ("Agents' key", "Valid"),
        ("Site files", "Complete"),
    ];
    assert_eq!(checks(text), well.map(|(part, cause)| ("ok", part, cause, None::<&str>)), "{text}");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output.stderr));

    // As the leader notes that somebody wrote to the log behind it.
    sqlx::raw_sql("UPDATE audit_verified SET broken_at = 2").execute(&pool).await.unwrap();
    let output = run(&["doctor"], &app.folder().join("server.toml")).await;
    let text = said(&output.stdout);
    let log = checks(text).into_iter().find(|(_, part, ..)| *part == "Audit log").unwrap();
    assert_eq!((log.0, log.2), ("fail", "LogBroken"), "{text}");
    assert_eq!(output.status.code(), Some(1), "{text}");
    app.stop().await;
}

#[tokio::test]
async fn the_doctor_names_each_part_that_is_away_its_cause_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (key, config) = (folder.path().join("key"), folder.path().join("server.toml"));
    fs::write(&key, [7; 32]).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    // A port that was free a moment ago: nobody answers there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = format!(
        r#"
        [http]
        listen = "127.0.0.1:0"
        public_url = "http://localhost:{port}"
        site_root = "{site}"
        [database]
        url = "postgres://nobody@127.0.0.1:{port}/nothing"
        [sign_in]
        issuer = "http://127.0.0.1:{port}"
        client_id = "agent-manager"
        development = true
        [compute]
        endpoint = "http://127.0.0.1:{port}"
        [agents]
        jwks_url = "http://127.0.0.1:{port}/certs"
        credential_key_file = "{key}"
        "#,
        site = folder.path().display(),
        key = key.display(),
    );
    fs::write(&config, text).unwrap();
    let output = run(&["doctor"], &config).await;
    let text = said(&output.stdout);
    let found = checks(text);
    let states: Vec<_> = found.iter().map(|(state, part, cause, _)| (*state, *part, *cause)).collect();
    let expected = [
        ("ok", "Configuration", "Valid"),
        ("fail", "Database", "DatabaseUnavailable"),
        ("fail", "Issuer", "IssuerUnavailable"),
        ("fail", "Compute Engine", "ComputeUnavailable"),
        ("ok", "Agents' key", "Valid"),
        ("warn", "Site files", "SiteIncomplete"),
    ];
    assert_eq!(states, expected, "{text}");
    for (state, part, _, fix) in &found {
        assert_eq!(fix.is_some_and(|fix| !fix.is_empty()), *state != "ok", "{part}: {text}");
    }
    assert_eq!(output.status.code(), Some(1), "{text}");
    let error = said(&output.stderr);
    assert!(error.contains("3 of 6 parts do not work"), "{error}");

    fs::remove_file(&config).unwrap();
    let output = run(&["doctor"], &config).await;
    let text = said(&output.stdout);
    let found = checks(text);
    assert_eq!((found[0].0, found[0].2, found.len()), ("fail", "ConfigurationInvalid", 1), "{text}");
    assert_eq!(output.status.code(), Some(1), "{text}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_log_is_verified_by_its_exit_code_and_the_first_wrong_event_is_named(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    for persona in ["mara", "vera", "wen"] {
        app.sign_in(persona).await;
    }
    let (config, checkpoint) = (app.folder().join("server.toml"), app.folder().join("checkpoint"));
    let path = checkpoint.to_str().unwrap();
    let good = run(&["audit", "verify", "--write-checkpoint", path], &config).await;
    let text = said(&good.stdout);
    assert!(text.starts_with("3 events are right"), "{text}");
    assert_eq!(good.status.code(), Some(0), "{}", said(&good.stderr));
    let again = run(&["audit", "verify", "--checkpoint", path], &config).await;
    assert!(said(&again.stdout).contains("Event 3 is the one that the checkpoint witnessed."));
    assert_eq!(again.status.code(), Some(0), "{}", said(&again.stderr));

    sqlx::raw_sql(
        "ALTER TABLE audit_events DISABLE TRIGGER USER; UPDATE audit_events SET object = 'x' WHERE seq >= 2",
    )
    .execute(&pool)
    .await
    .unwrap();
    let tampered = run(&["audit", "verify"], &config).await;
    assert_eq!(
        said(&tampered.stdout),
        "WRONG: event 2: its column object does not repeat the event\nEvents before it that are right: 1\n"
    );
    assert_eq!(tampered.status.code(), Some(3), "{}", said(&tampered.stderr));

    // The file says the same of its own bytes: a column is none of them.
    let file = app.folder().join("export.jsonl");
    let vera = app.sign_in("vera").await;
    fs::write(&file, app.page("/audit.jsonl?before=4", &vera).await.bytes().await.unwrap()).unwrap();
    let whole = offline(&["--checkpoint", path], &file).await;
    let text = said(&whole.stdout);
    assert!(
        text.starts_with("3 events are right, from 1 to 3: each has its hash.\nNone is missing"),
        "{text}"
    );
    assert!(text.contains("Event 3 is the one that the checkpoint witnessed."), "{text}");
    assert_eq!(whole.status.code(), Some(0), "{}", said(&whole.stderr));
    // A script takes 0 for a proof: where the checkpoint is not reached, or nothing is there, it gets another answer.
    let all = fs::read_to_string(&file).unwrap();
    for short in [all.lines().next().unwrap(), ""] {
        fs::write(&file, short).unwrap();
        let unproved = offline(&["--checkpoint", path], &file).await;
        assert_eq!(unproved.status.code(), Some(1), "{}", said(&unproved.stdout));
        assert!(said(&unproved.stderr).contains("the export"), "{}", said(&unproved.stderr));
    }
    fs::write(&file, all.replacen("sign_in", "sign_up", 1)).unwrap();
    let edited = offline(&[], &file).await;
    assert_eq!(
        said(&edited.stdout),
        "WRONG: line 1: event 1: its bytes do not hash to what is stored beside them\nEvents before it that are right: 0\n"
    );
    assert_eq!(edited.status.code(), Some(3), "{}", said(&edited.stderr));

    let nowhere = run(&["audit", "verify"], &app.folder().join("nowhere.toml")).await;
    assert_eq!(nowhere.status.code(), Some(1), "it could not be verified");
    assert!(said(&nowhere.stderr).contains("nowhere.toml"), "{}", said(&nowhere.stderr));
    app.stop().await;
}
