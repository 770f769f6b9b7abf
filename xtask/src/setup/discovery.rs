//! Google's discovery document of Compute Engine: test data that the emulator's answers are checked against.
//! It is taken from Google's Python client, where it is published, and never committed.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Found, install_packages, step};
use crate::process;
use crate::scratch::Scratch;

/// Pinned by version and hash, so that each machine tests against the same document.
const REQUIREMENT: &str = "google-api-python-client==2.202.0 \
    --hash=sha256:aaa90064c9bb642ff1d065b22ca8958a2cb6e345909cefe70d0e5452fc50e08b\n";

const MEMBER: &str = "googleapiclient/discovery_cache/documents/compute.v1.json";

/// Prints one member of the only wheel in a folder.
const UNZIP: &str = "import glob, sys, zipfile\n\
    wheel, = glob.glob(sys.argv[1] + '/*.whl')\n\
    sys.stdout.buffer.write(zipfile.ZipFile(wheel).read(sys.argv[2]))\n";

const WHY: &str = "tests check the emulator's answers against it";

/// Puts the document into `file`.
pub(super) fn fetch(file: &Path) -> Result<()> {
    step("discovery", WHY, || {
        let stamp = file.with_extension("requirement");
        if file.exists() && fs::read_to_string(&stamp).is_ok_and(|had| had == REQUIREMENT) {
            return Ok(Found::There);
        }
        if process::capture(Command::new("python3").args(["-m", "pip", "--version"])).is_err() {
            install_packages(&["python3-pip"], "pip fetches Google's discovery document")?;
        }
        let scratch = Scratch::new("discovery")?;
        let requirements = scratch.path().join("requirements.txt");
        fs::write(&requirements, REQUIREMENT)?;
        let mut pip = Command::new("python3");
        pip.args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--only-binary=:all:",
            "-d",
        ]);
        process::capture(pip.arg(scratch.path()).arg("-r").arg(&requirements))?;
        let document =
            process::capture(Command::new("python3").args(["-c", UNZIP]).arg(scratch.path()).arg(MEMBER))?;
        let folder = file.parent().context("a file in no folder")?;
        fs::create_dir_all(folder)?;
        // Whole or not at all: tests of another run may be reading it.
        let partial = folder.join(format!("partial-{}", std::process::id()));
        fs::write(&partial, document)?;
        fs::rename(&partial, file)?;
        fs::write(stamp, REQUIREMENT)?;
        Ok(Found::Made)
    })
}
