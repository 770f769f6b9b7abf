//! Who may use whom (docs/architecture.md), held against what cargo says.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as expected")]

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

/// Crate to the crates of ours that it may use, directly.
const MAY_USE: &[(&str, &[&str])] = &[
    ("agent-cage", &[]),
    ("app", &["control", "domain"]),
    ("approval", &["domain"]),
    ("audit-log", &["domain"]),
    ("bench", &[]),
    ("compute", &["domain"]),
    ("compute-emulator", &["agent-cage"]),
    ("control", &["approval", "audit-log", "compute", "domain", "store", "terraform"]),
    ("development-issuer", &[]),
    ("domain", &[]),
    ("g", &["domain", "rest-api", "terraform"]),
    ("rest-api", &["domain"]),
    ("server", &["app", "compute", "control", "domain", "rest-api", "store"]),
    ("store", &["audit-log", "domain"]),
    ("terraform", &["domain"]),
    ("xtask", &[]),
];

struct Package {
    name: String,
    /// Without those for tests alone.
    uses: BTreeSet<String>,
}

fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| Package {
            name: text(&package["name"]),
            uses: package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
                .map(|dependency| text(&dependency["name"]))
                .collect(),
        })
        .collect()
}

#[test]
fn every_crate_uses_only_what_it_may() {
    let rules: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let packages = packages();
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    for package in &packages {
        let allowed = rules.get(package.name.as_str());
        let allowed = allowed.unwrap_or_else(|| panic!("{} has no rule: add it to MAY_USE", package.name));
        for used in package.uses.iter().filter(|used| ours.contains(used.as_str())) {
            assert!(allowed.contains(&used.as_str()), "{} must not use {used}", package.name);
        }
    }
}

#[test]
fn only_compute_speaks_googles_client() {
    for package in packages().iter().filter(|package| package.name != "compute") {
        let google = package.uses.iter().find(|used| used.starts_with("google-cloud-"));
        assert_eq!(google, None, "{}", package.name);
    }
}

#[test]
fn the_domain_stays_free_of_io() {
    let packages = packages();
    let domain = packages.iter().find(|package| package.name == "domain").unwrap();
    for forbidden in ["tokio", "reqwest", "sqlx", "axum", "rand", "tracing"] {
        assert!(!domain.uses.contains(forbidden), "domain must not use {forbidden}");
    }
}

#[test]
fn there_is_one_sqlx() {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")).unwrap();
    for name in ["sqlx", "sqlx-core", "sqlx-postgres"] {
        let packages = lock.lines().filter(|line| *line == format!("name = \"{name}\"")).count();
        assert_eq!(packages, 1, "{name}: queries of one version cannot be run in transactions of another");
    }
}
