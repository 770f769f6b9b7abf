//! `check`: everything that can be said about the code without running it.

use anyhow::{Context, Result};

use crate::{generate, process, setup, terminal, workspace};

pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<()> {
    if let Some(argument) = arguments.next()? {
        return Err(argument.unexpected().into());
    }
    setup::for_check()?;
    step("formatting", "`cargo fmt --all` repairs it", &["fmt", "--all", "--check"])?;
    // First: it touches the store, and clippy would otherwise compile it twice.
    generate::check()?;
    let clippy: Vec<&str> =
        [&["clippy", "--quiet"][..], &workspace::PRODUCT, &["--all-targets", "--", "-D", "warnings"]]
            .concat();
    step("clippy", "clippy has objections", &clippy)?;
    let tools = ["clippy", "--quiet", "-p", "xtask", "--all-targets", "--", "-D", "warnings"];
    step("clippy xtask", "clippy has objections", &tools)?;
    let browser = [
        "clippy",
        "--quiet",
        "-p",
        "app",
        "--lib",
        "--target",
        workspace::WASM,
        "--no-default-features",
        "--features",
        "hydrate",
        "--profile",
        "wasm-dev",
        "--",
        "-D",
        "warnings",
    ];
    step("clippy wasm", "clippy has objections to the browser's half", &browser)?;
    let documents: Vec<&str> = [&["doc", "--quiet", "--no-deps"][..], &workspace::PRODUCT].concat();
    terminal::stage("rustdoc", || {
        process::run(workspace::cargo().args(documents).env("RUSTDOCFLAGS", "-D warnings"))
            .context("rustdoc has objections")?;
        Ok(((), "no warnings".to_owned()))
    })
}

fn step(name: &str, objection: &str, arguments: &[&str]) -> Result<()> {
    terminal::stage(name, || {
        process::run(workspace::cargo().args(arguments)).with_context(|| objection.to_owned())?;
        Ok(((), "fine".to_owned()))
    })
}
