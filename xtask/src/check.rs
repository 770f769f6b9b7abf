//! `check`: everything that can be said about the code without running it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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
        let reader = clippy_driver()?;
        // As in clippy's look at all targets, whose tests turn this on: without it, half of our crates would be others than those.
        let product = [&workspace::PRODUCT[..], &["--features", "approval/authenticator"]].concat();
        for packages in [&product[..], &["-p", "xtask"]] {
            let mut cargo = workspace::cargo();
            cargo.args(["doc", "--quiet", "--no-deps"]).args(packages).env("RUSTDOCFLAGS", "-D warnings");
            if let Some(driver) = &reader {
                cargo.env("RUSTC_WORKSPACE_WRAPPER", driver).env("CLIPPY_ARGS", CLIPPY_ARGS);
            }
            process::run(&mut cargo).context("rustdoc has objections")?;
        }
        Ok(((), "no warnings".to_owned()))
    })
}

/// `-D warnings` as `cargo clippy` hands it to its compiler.
const CLIPPY_ARGS: &str = "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__";

/// The compiler that `cargo clippy` puts in place of rustc. A crate that is documented needs what it depends on, and with the same
/// compiler cargo takes that from clippy's look; with another it would read each of our crates anew.
fn clippy_driver() -> Result<Option<PathBuf>> {
    let mut rustc = Command::new("rustc");
    let sysroot = process::capture(rustc.args(["--print", "sysroot"]).current_dir(workspace::root()))?;
    // `cargo clippy` names it by its real path, and cargo tells compilers apart by their names.
    Ok(fs::canonicalize(Path::new(sysroot.trim()).join("bin/clippy-driver")).ok())
}

fn step(name: &str, objection: &str, arguments: &[&str]) -> Result<()> {
    terminal::stage(name, || {
        process::run(workspace::cargo().args(arguments)).with_context(|| objection.to_owned())?;
        Ok(((), "fine".to_owned()))
    })
}
