//! `shots`: a picture of each page, in both themes and two widths, of a fleet that a person imported.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{build, process, setup, terminal, test, workspace};

pub(crate) fn run(mut arguments: lexopt::Parser) -> Result<()> {
    let mut out = workspace::root().join("shots");
    let mut build = true;
    let mut names = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("out") => out = PathBuf::from(arguments.value()?),
            lexopt::Arg::Long("no-build") => build = false,
            lexopt::Arg::Value(name) => names.push(name),
            lexopt::Arg::Long("help") => {
                terminal::say(
                    "cargo xtask shots [--out shots] [--no-build] [NAME...]\n\n\
                     PNG files, one per page, theme and width: of the pages that a NAME is a part of, or of all.",
                );
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    setup::for_demo()?;
    setup::for_browser_tests()?;
    if build {
        build::everything()?;
    }
    std::fs::create_dir_all(&out).with_context(|| format!("could not create {}", out.display()))?;
    let out = std::fs::canonicalize(out)?;
    process::run(test::node()?.arg("shots.mjs").arg(&out).args(names))
        .context("not all pictures could be taken")
}
