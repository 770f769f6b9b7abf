//! Google's discovery document of Compute Engine: test data that the emulator's answers are checked against.
//! It is taken from Google's Python client, where it is published, and never committed.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Found, step, wheel};
use crate::scratch::Scratch;

/// Pinned by version and hash, so that each machine tests against the same document.
const REQUIREMENT: &str = "google-api-python-client==2.202.0 \
    --hash=sha256:aaa90064c9bb642ff1d065b22ca8958a2cb6e345909cefe70d0e5452fc50e08b\n";

const MEMBER: &str = "googleapiclient/discovery_cache/documents/compute.v1.json";

const WHY: &str = "tests check the emulator's answers against it";

/// Puts the document into `file`.
pub(super) fn fetch(file: &Path) -> Result<()> {
    step("discovery", WHY, || {
        let stamp = file.with_extension("requirement");
        if file.exists() && fs::read_to_string(&stamp).is_ok_and(|had| had == REQUIREMENT) {
            return Ok(Found::There);
        }
        let scratch = Scratch::new("discovery")?;
        let why = "pip fetches Google's discovery document";
        wheel::unpack(REQUIREMENT, why, scratch.path(), &[MEMBER], scratch.path())?;
        let document = fs::read(scratch.path().join(MEMBER)).context("the wheel has no such document")?;
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
