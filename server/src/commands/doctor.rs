//! `agent-manager doctor`: looks at everything that the server needs, a line for each with what to do. Changes nothing.

use std::{io::Write as _, path::Path, time::Duration};

use anyhow::bail;
use compute::{Compute, Scope};
use control::diagnosis::{SKEW, audit_log};
use domain::{
    Timestamp,
    view::diagnosis::{HealthCheck, HealthStatus},
};
use store::Store;

use crate::config::{Config, read_secret};

/// A service that takes longer than this is not well.
const PATIENCE: Duration = Duration::from_secs(5);
/// What every page asks for. The long one loads the other parts of the pages' code: without it no script of a page begins.
const SITE_FILES: [&str; 4] =
    ["agent-manager.js", "agent-manager.wasm", "agent-manager.css", "__wasm_split.______________________.js"];

/// An error where a part does not work, so that scripts can tell.
pub(super) async fn run(path: &Path, now: Timestamp) -> anyhow::Result<()> {
    let checks = match Config::read(path) {
        Ok(config) => look(&config, now).await,
        Err(error) => {
            let fix = "Repair the file: docs/architecture.md and the demo's own file show what it holds.";
            vec![HealthCheck::fail("Configuration", "ConfigurationInvalid", format!("{error:#}."), fix)]
        }
    };
    let mut out = std::io::stdout().lock();
    write!(out, "{}", render(&checks))?;
    let failed = checks.iter().filter(|check| check.status == HealthStatus::Fail).count();
    if failed > 0 {
        bail!("{failed} of {} parts do not work", checks.len());
    }
    Ok(())
}

fn render(checks: &[HealthCheck]) -> String {
    let mut text = String::new();
    for check in checks {
        text.push_str(&format!(
            "{:<5} {:<15} {} [{}]\n",
            check.status.as_str(),
            check.part,
            check.seen,
            check.cause
        ));
        if let Some(fix) = &check.fix {
            text.push_str(&format!("      {:<15} {fix}\n", ""));
        }
    }
    text
}

async fn look(config: &Config, now: Timestamp) -> Vec<HealthCheck> {
    let mut checks = vec![HealthCheck::ok("Configuration", "Valid", "The file is read and complete.")];
    checks.extend(database(config, now).await);
    checks.push(issuer(config).await);
    checks.push(compute(config).await);
    checks.push(agents_key(config));
    checks.push(site(&config.http.site_root));
    checks
}

async fn database(config: &Config, now: Timestamp) -> Vec<HealthCheck> {
    let fix = "Is Postgres up at database.url, does the user exist, does .pgpass hold the password?";
    let store = match super::serve::open_store(config) {
        Ok(store) => store,
        Err(error) => return vec![HealthCheck::fail("Database", "UrlInvalid", format!("{error:#}."), fix)],
    };
    let theirs = match store.time().await {
        Ok(theirs) => theirs,
        Err(error) => {
            tracing::debug!(%error, "the database does not answer");
            return vec![HealthCheck::fail("Database", "DatabaseUnavailable", "It does not answer.", fix)];
        }
    };
    let skew = (theirs - now).abs();
    let clock = if skew > SKEW {
        let seen = format!("The database's clock is {} s away from this machine's.", skew.num_seconds());
        HealthCheck::warn("Clock", "ClockSkew", seen, "Let both machines follow the same time server.")
    } else {
        HealthCheck::ok("Clock", "Agrees", "This machine's clock and the database's agree.")
    };
    let schema = migrations(&store).await;
    // An older schema may lack what says how far the log is verified.
    let log = match schema.status {
        HealthStatus::Ok => Some(audit_log(&store, now).await),
        HealthStatus::Warn | HealthStatus::Fail => None,
    };
    let answers = HealthCheck::ok("Database", "Answers", "It answers.");
    [answers, schema, clock].into_iter().chain(log).collect()
}

async fn migrations(store: &Store) -> HealthCheck {
    const PART: &str = "Migrations";
    match store.pending_migrations().await {
        Ok(pending) if pending.is_empty() => HealthCheck::ok(PART, "UpToDate", "The schema is up to date."),
        Ok(pending) => {
            let seen = format!("{} are missing, the first is {}.", pending.len(), pending[0]);
            HealthCheck::fail(PART, "MigrationsMissing", seen, "Run `agent-manager migrate --config FILE`.")
        }
        Err(error) => {
            tracing::debug!(%error, "migrations cannot be read");
            let fix = "May the database's user read its tables?";
            HealthCheck::fail(PART, "MigrationsUnreadable", "They cannot be read.", fix)
        }
    }
}

async fn issuer(config: &Config) -> HealthCheck {
    const PART: &str = "Issuer";
    let url = format!("{}/.well-known/openid-configuration", config.sign_in.issuer.trim_end_matches('/'));
    let fix = "Is sign_in.issuer right, and can this machine reach it? Nobody new can sign in until then.";
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
    let answer = match client {
        Ok(client) => client.get(&url).send().await.and_then(reqwest::Response::error_for_status),
        Err(error) => Err(error),
    };
    let metadata: Result<serde_json::Value, _> = match answer {
        Ok(answer) => answer.json().await,
        Err(error) => Err(error),
    };
    match metadata {
        Ok(metadata) if metadata["issuer"].as_str() == Some(config.sign_in.issuer.as_str()) => {
            HealthCheck::ok(PART, "Answers", format!("{} answers.", config.sign_in.issuer))
        }
        Ok(metadata) => {
            let named = metadata["issuer"].as_str().unwrap_or("nobody");
            let seen = format!("It calls itself {named}, and sign_in.issuer is {}.", config.sign_in.issuer);
            HealthCheck::fail(PART, "IssuerDiffers", seen, "Write sign_in.issuer as the issuer calls itself.")
        }
        Err(_) => HealthCheck::fail(PART, "IssuerUnavailable", format!("{url} does not answer."), fix),
    }
}

async fn compute(config: &Config) -> HealthCheck {
    const PART: &str = "Compute Engine";
    let settings = match &config.compute.endpoint {
        Some(endpoint) => compute::Config::emulator(endpoint),
        None => compute::Config::default(),
    };
    let environment = compute::Environment::from_vars(std::env::vars());
    let fix = "Does this machine have application default credentials, or is compute.endpoint right?";
    let client = match Compute::connect(compute::Config { environment, ..settings }).await {
        Ok(client) => client,
        Err(error) => {
            return HealthCheck::fail(
                PART,
                "CredentialsMissing",
                format!("No client can be made: {error}."),
                fix,
            );
        }
    };
    // A project that nobody has: refused or unknown is an answer.
    let scope = Scope::new("agent-manager-doctor", "us-central1");
    let asked = tokio::time::timeout(PATIENCE, client.location(&scope, &[])).await;
    match asked {
        Ok(Ok(_)) => HealthCheck::ok(PART, "Answers", "It answers."),
        Ok(Err(
            compute::Error::NotFound { .. }
            | compute::Error::Forbidden { .. }
            | compute::Error::Invalid { .. },
        )) => HealthCheck::ok(
            PART,
            "Answers",
            "It answers; whether a project may be read shows when one is declared.",
        ),
        Ok(Err(error)) => {
            HealthCheck::fail(PART, "ComputeUnavailable", format!("It does not answer: {error}."), fix)
        }
        Err(_) => HealthCheck::fail(PART, "ComputeUnavailable", "It does not answer in time.", fix),
    }
}

fn agents_key(config: &Config) -> HealthCheck {
    const PART: &str = "Agents' key";
    let fix = "Write 32 random bytes into agents.credential_key_file, chmod 600 it, and give all replicas the same.";
    match read_secret(&config.agents.credential_key_file) {
        Ok(key) if key.len() >= 32 => {
            HealthCheck::ok(PART, "Valid", "The key is there and only we can read it.")
        }
        Ok(_) => HealthCheck::fail(PART, "KeyTooShort", "It holds less than 32 bytes.", fix),
        Err(error) => HealthCheck::fail(PART, "KeyUnreadable", format!("{error:#}."), fix),
    }
}

fn site(root: &Path) -> HealthCheck {
    const PART: &str = "Site files";
    let missing: Vec<&str> =
        SITE_FILES.into_iter().filter(|name| !root.join("pkg").join(name).is_file()).collect();
    if missing.is_empty() {
        return HealthCheck::ok(PART, "Complete", "Style and scripts are there.");
    }
    let seen = format!("{} lacks {}.", root.join("pkg").display(), missing.join(", "));
    let fix =
        "Build them with `cargo xtask build`, or set http.site_root; without them pages work and look bare.";
    HealthCheck::warn(PART, "SiteIncomplete", seen, fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_was_seen_and_the_next_what_to_do() {
        let checks = [
            HealthCheck::ok("Database", "Answers", "It answers."),
            HealthCheck::fail("Issuer", "IssuerUnavailable", "It does not answer.", "Start it."),
        ];
        let expected = "ok    Database        It answers. [Answers]\n\
                        fail  Issuer          It does not answer. [IssuerUnavailable]\n                      Start it.\n";
        assert_eq!(render(&checks), expected);
    }

    #[test]
    fn files_that_are_not_there_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let check = site(folder.path());
        assert_eq!(check.status, HealthStatus::Warn);
        assert!(SITE_FILES.iter().all(|file| check.seen.contains(file)), "{}", check.seen);
    }
}
