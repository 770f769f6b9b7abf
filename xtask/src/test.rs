//! `test`: every test there is, Rust and browser, and one closing line that adds them up.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context, Result, bail};

use crate::postgres::{Cluster, Durability};
use crate::scratch::Scratch;
use crate::service::Rooms;
use crate::settings::Settings;
use crate::tally::Tally;
use crate::{build, process, proxy, setup, terminal, workspace};

const HELP: &str = "\
cargo xtask test [FILTER] [--rust-only | --browser-only] [--no-build]

FILTER is part of a Rust test's name, or of a browser test's file name.
Each run has its own Postgres and its own ports, and leaves nothing behind.";

#[derive(Debug, Default, PartialEq, Eq)]
struct Wishes {
    rust: bool,
    browser: bool,
    build: bool,
    filter: Option<String>,
    help: bool,
}

pub(crate) fn run(arguments: lexopt::Parser) -> Result<()> {
    let wishes = parse(arguments)?;
    if wishes.help {
        terminal::say(HELP);
        return Ok(());
    }
    let specs = if wishes.browser { specs(wishes.filter.as_deref())? } else { Vec::new() };
    setup::for_demo()?;
    if wishes.rust {
        setup::for_rust_tests()?;
    }
    if !specs.is_empty() {
        setup::for_browser_tests()?;
        if wishes.build {
            build::site(false)?;
        }
    }
    if wishes.build {
        build::for_tests(wishes.rust)?;
    }
    let mut tally = Tally::default();
    let mut well = true;
    if wishes.rust {
        well &= rust_tests(&wishes, &mut tally)?;
    }
    if !specs.is_empty() {
        well &= browser_tests(&specs, &mut tally)?;
    }
    terminal::say(format_args!("\n{}", tally.closing_line()));
    if !well || tally.failed > 0 {
        bail!("not all tests passed");
    }
    if tally.passed == 0 {
        bail!("no test ran");
    }
    Ok(())
}

/// Runs the Rust tests against a Postgres of their own. Tells whether the runner was content.
fn rust_tests(wishes: &Wishes, tally: &mut Tally) -> Result<bool> {
    let scratch = Scratch::new("test")?;
    let rooms = Rooms::in_folder(scratch.path())?;
    let cluster = Cluster::start(scratch.path(), &rooms, Durability::Throwaway)?;
    cluster.prepare_database(true)?;
    if wishes.build {
        migrate_template(&cluster, scratch.path())?;
    }
    let nextest = setup::has_nextest();
    let mut well = true;
    for packages in [&workspace::PRODUCT[..], &["-p", "xtask"]] {
        let mut cargo = workspace::cargo();
        if nextest {
            cargo.args(["nextest", "run", "--no-fail-fast", "--no-tests=pass"]);
            cargo.arg("--config-file").arg(workspace::root().join("xtask/nextest.toml"));
            cargo.args(["--test-threads", &at_once().to_string()]);
        } else {
            cargo.args(["test", "--quiet", "--no-fail-fast", "--lib", "--bins", "--tests"]);
        }
        cargo.args(packages).args(wishes.filter.as_deref());
        if !nextest {
            // For the test programs, so behind all that cargo itself reads.
            cargo.args(["--", "--test-threads", &at_once().to_string()]);
        }
        proxy::spare_loopback(&mut cargo).env("DATABASE_URL", cluster.url());
        cargo.env("COMPUTE_DISCOVERY", workspace::discovery_document());
        // A snapshot that nobody approved fails; it is never written as if it were right.
        cargo.env("INSTA_UPDATE", "no");
        let seen = Mutex::new(Tally::default());
        let status = process::watched(&mut cargo, |line| {
            if let Ok(mut seen) = seen.lock() {
                seen.read(line);
            }
        })?;
        well &= status.success();
        *tally += seen.into_inner().unwrap_or_default();
    }
    Ok(well)
}

/// How many Rust tests run side by side. They wait much, for VMs that boot, for leases and for Postgres: with one a core, two cores were
/// a quarter idle.
fn at_once() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    cores + cores.div_ceil(2)
}

/// Each database test has a database made for it, and that is a copy of one that has all migrations: sqlx finds nothing left to
/// apply. Only by a program that was just built, because an older one's migrations may be others than the tests'.
fn migrate_template(cluster: &Cluster, folder: &Path) -> Result<()> {
    terminal::stage("template", || {
        let (file, url) = (folder.join("migrate.toml"), cluster.template()?);
        // Nothing is started: of all this, the database alone is looked at.
        let settings = Settings {
            port: 3000,
            site_root: folder,
            database_url: &url,
            issuer_port: 4001,
            emulator_port: 4002,
            credential_key: &folder.join("none"),
        };
        fs::write(&file, settings.to_toml()).context("could not write the migration's configuration")?;
        let mut migrate = Command::new(workspace::program("agent-manager", false));
        migrate.arg("migrate").arg("--config").arg(&file);
        process::capture(&mut migrate)
            .context("could not migrate what the tests' databases are copies of")?;
        Ok(((), "each test's database has all migrations when it is made".to_owned()))
    })
}

/// Runs the browser tests; each file starts a stack of its own through `cargo xtask stack`.
fn browser_tests(specs: &[PathBuf], tally: &mut Tally) -> Result<bool> {
    let scratch = Scratch::new("browser")?;
    let report = scratch.path().join("report.tap");
    let mut node = node()?;
    let status = process::status(node.arg("run.mjs").arg(&report).args(specs))?;
    let report = fs::read_to_string(&report).context("node's test runner wrote no report")?;
    *tally += Tally::of_tap(&report);
    Ok(status.success())
}

/// Node in `end2end`, told where our programs and the browser are.
pub(crate) fn node() -> Result<Command> {
    let mut node = setup::node::node();
    node.current_dir(workspace::root().join("end2end"));
    node.env("XTASK", std::env::current_exe().context("where are we?")?);
    node.env("CHROMIUM", setup::browser().context("no browser: `cargo xtask setup` installs one")?);
    Ok(node)
}

/// The browser test files whose name has the filter in it.
fn specs(filter: Option<&str>) -> Result<Vec<PathBuf>> {
    let folder = workspace::root().join("end2end/specs");
    let mut specs = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("no {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".spec.mjs") && filter.is_none_or(|filter| name.contains(filter)) {
            specs.push(path);
        }
    }
    specs.sort();
    Ok(specs)
}

fn parse(mut arguments: lexopt::Parser) -> Result<Wishes> {
    let mut wishes = Wishes { rust: true, browser: true, build: true, ..Wishes::default() };
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("rust-only") => wishes.browser = false,
            lexopt::Arg::Long("browser-only") => wishes.rust = false,
            lexopt::Arg::Long("no-build") => wishes.build = false,
            lexopt::Arg::Long("help") => wishes.help = true,
            lexopt::Arg::Value(filter) if wishes.filter.is_none() => {
                wishes.filter = Some(filter.to_string_lossy().into_owned());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if !wishes.rust && !wishes.browser {
        bail!("--rust-only and --browser-only together leave nothing");
    }
    Ok(wishes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Wishes> {
        parse(lexopt::Parser::from_args(words))
    }

    #[test]
    fn without_a_word_all_tests_run() {
        let all = parsed(&[]).unwrap();
        assert!(all.rust && all.browser && all.build && all.filter.is_none());
    }

    #[test]
    fn halves_and_filters() {
        let rust = parsed(&["--rust-only", "plan"]).unwrap();
        assert!(rust.rust && !rust.browser);
        assert_eq!(rust.filter.as_deref(), Some("plan"));
        assert!(parsed(&["--rust-only", "--browser-only"]).is_err());
        assert!(parsed(&["one", "two"]).unwrap_err().to_string().contains("two"));
    }
}
