//! `check`: everything that can be said about the code without running it.

use anyhow::{Context, Result};

use crate::{generate, process, setup, terminal, workspace};

pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<()> {
    match arguments.next()? {
        None => {}
        Some(lexopt::Arg::Long("help")) => {
            terminal::say(
                "cargo xtask check\n\nFormatting, clippy for the server and the browser, rustdoc, generated files.",
            );
            return Ok(());
        }
        Some(other) => return Err(other.unexpected().into()),
    }
    setup::for_check()?;
    step("formatting", "`cargo fmt --all` repairs it", &["fmt", "--all", "--check"])?;
    // One compilation for both: it asks the database about each query, and so needs no answer of `.sqlx` to be there.
    let clippy: Vec<&str> =
        [&["clippy", "--quiet"][..], &workspace::PRODUCT, &["--all-targets", "--", "-D", "warnings"]]
            .concat();
    let mut cargo = workspace::cargo();
    cargo.args(clippy);
    generate::check(cargo)?;
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
    terminal::stage("rustdoc", || {
        for packages in [&workspace::PRODUCT[..], &["-p", "xtask"]] {
            let mut cargo = workspace::cargo();
            cargo.args(["doc", "--quiet", "--no-deps"]).args(packages).env("RUSTDOCFLAGS", "-D warnings");
            process::run(&mut cargo).context("rustdoc has objections")?;
        }
        Ok(((), "no warnings".to_owned()))
    })
}

fn step(name: &str, objection: &str, arguments: &[&str]) -> Result<()> {
    terminal::stage(name, || {
        process::run(workspace::cargo().args(arguments)).with_context(|| objection.to_owned())?;
        Ok(((), "fine".to_owned()))
    })
}
