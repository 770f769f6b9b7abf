//! `setup`: what the other verbs need from outside. Each step is skipped when its result is already there, says
//! what it does and why, and can be run again.

mod discovery;
mod elsewhere;
pub(crate) mod node;
mod wheel;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::postgres::Programs;
use crate::{process, terminal, workspace};

pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<()> {
    match arguments.next()? {
        None => {}
        Some(lexopt::Arg::Long("help")) => {
            terminal::say(
                "cargo xtask setup\n\nInstalls what the other verbs need; they do it themselves, too.",
            );
            return Ok(());
        }
        Some(other) => return Err(other.unexpected().into()),
    }
    for_demo()?;
    for_rust_tests()?;
    for_browser_tests()
}

/// What `build` and `demo` need.
pub(crate) fn for_demo() -> Result<()> {
    wasm_target()?;
    postgres()
}

/// What `check` needs.
pub(crate) fn for_check() -> Result<()> {
    for_demo()
}

/// What the Rust tests need.
pub(crate) fn for_rust_tests() -> Result<()> {
    discovery::fetch(&workspace::discovery_document())?;
    step("nextest", "runs the Rust tests in parallel", || {
        Ok(if has_nextest() {
            Found::There
        } else {
            Found::Without("not here: `cargo test` runs them, a test program at a time, which takes longer")
        })
    })
}

/// What the browser tests and `shots` need.
pub(crate) fn for_browser_tests() -> Result<()> {
    step("chromium", "the browser that the browser tests drive", chromium)?;
    step("fonts", "pictures look the same on each machine", || {
        if Path::new("/usr/share/fonts/opentype/inter").exists() {
            return Ok(Found::There);
        }
        if process::find("apt-get").is_none() {
            return Ok(Found::Without("left to this system: pictures look as its own fonts do"));
        }
        install_packages(&["fonts-inter", "fonts-dejavu-core"], "pictures look the same on each machine")?;
        Ok(Found::Made)
    })?;
    node::fetch()?;
    step("npm packages", "playwright-core and axe, exactly as end2end/package-lock.json says", npm_packages)
}

/// The same engine without a window: what Debian's whole browser does for the bars around its pages is a third of the tests' work.
const WITHOUT_WINDOW: &str = "chromium-headless-shell";

fn chromium() -> Result<Found> {
    let named = std::env::var_os("CHROMIUM").is_some_and(|path| !path.is_empty());
    if named || process::find(WITHOUT_WINDOW).is_some() {
        return Ok(Found::There);
    }
    let why = "the browser that the browser tests drive";
    if install_packages(&[WITHOUT_WINDOW], why).is_err() {
        // Not every system has it; any chromium will do.
        if browser().is_some() {
            return Ok(Found::There);
        }
        install_packages(&["chromium"], why)?;
    }
    browser().map(|_| Found::Made).context("installed, but no chromium found: name it by CHROMIUM")
}

/// The browser: `CHROMIUM`, else the first of the usual names in `PATH`.
pub(crate) fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").filter(|path| !path.is_empty()).map(PathBuf::from);
    named.or_else(|| {
        [WITHOUT_WINDOW, "chromium", "chromium-browser", "google-chrome"]
            .iter()
            .find_map(|name| process::find(name))
    })
}

pub(crate) fn has_nextest() -> bool {
    process::capture(workspace::cargo().args(["nextest", "--version"])).is_ok()
}

/// Installs Debian packages when we may; otherwise the error is the one command that does, as this system has it.
pub(crate) fn install_packages(packages: &[&str], why: &str) -> Result<()> {
    let wanted = packages.join(" ");
    let root = rustix::process::geteuid().is_root();
    if process::find("apt-get").is_none() {
        let has = |program: &str| process::find(program).is_some();
        bail!(elsewhere::told(packages, why, root, has));
    }
    let sudo: &[&str] = if root {
        &[]
    } else if process::capture(Command::new("sudo").args(["-n", "true"])).is_ok() {
        &["sudo", "-n"]
    } else {
        bail!("missing: {wanted} ({why}). This installs it:\n\n    sudo apt-get install -y {wanted}\n");
    };
    let apt = |words: &[&str]| {
        let mut all = sudo.to_vec();
        all.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]);
        all.extend(words);
        let (program, rest) = all.split_first().context("an empty command")?;
        process::capture(Command::new(program).args(rest))
    };
    terminal::warn(format_args!("  installing {wanted}: {why}"));
    apt(&["update"]).context("could not read the list of Debian packages")?;
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(packages);
    apt(&install).with_context(|| format!("could not install {wanted}"))?;
    Ok(())
}

enum Found {
    There,
    Made,
    Without(&'static str),
}

impl Found {
    fn told(self, why: &str) -> String {
        match self {
            Self::There => format!("already there: {why}"),
            Self::Made => format!("installed: {why}"),
            Self::Without(words) => words.to_owned(),
        }
    }
}

fn step(name: &str, why: &str, work: impl FnOnce() -> Result<Found>) -> Result<()> {
    terminal::stage(name, || {
        let found = work().with_context(|| format!("{name} ({why})"))?;
        Ok(((), found.told(why)))
    })
}

fn wasm_target() -> Result<()> {
    step("wasm target", "the browser's half of the face is compiled for it", || {
        let sysroot = process::capture(
            Command::new("rustc").args(["--print", "sysroot"]).current_dir(workspace::root()),
        )?;
        if Path::new(sysroot.trim()).join("lib/rustlib").join(workspace::WASM).exists() {
            return Ok(Found::There);
        }
        let mut rustup = Command::new("rustup");
        rustup.args(["target", "add", workspace::WASM]).current_dir(workspace::root());
        process::capture(&mut rustup).context("without rustup, install the target as this system does it")?;
        Ok(Found::Made)
    })
}

fn postgres() -> Result<()> {
    step("Postgres", "the database that the product keeps everything in", || {
        let there = Programs::find(None)?.is_some();
        Programs::find_or_install(None)?;
        Ok(if there { Found::There } else { Found::Made })
    })
}

/// `npm ci` removes and refills node_modules, so it runs only when the lock file is another one than last time.
fn npm_packages() -> Result<Found> {
    let folder = workspace::root().join("end2end");
    let lock =
        fs::read(folder.join("package-lock.json")).context("could not read end2end/package-lock.json")?;
    let stamp = folder.join("node_modules/.installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(Found::There);
    }
    process::capture(node::npm().args(["ci", "--no-fund", "--no-audit"]).current_dir(&folder))?;
    fs::write(stamp, lock)?;
    Ok(Found::Made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_says_why_also_where_nothing_is_left_to_do() {
        let why = "runs the Rust tests in parallel";
        assert_eq!(Found::There.told(why), format!("already there: {why}"));
        assert_eq!(Found::Made.told(why), format!("installed: {why}"));
        assert_eq!(Found::Without("not here").told(why), "not here");
    }
}
