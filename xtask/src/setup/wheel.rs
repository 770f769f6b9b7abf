//! A Python wheel as a parcel: what we need from outside Debian is published as one, and pip checks its hash.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::install_packages;
use crate::process;

/// Opens the only wheel in a folder and writes those of its members whose names begin so into another folder.
const UNPACK: &str = "import glob, sys, zipfile\n\
    source, into, *beginnings = sys.argv[1:]\n\
    wheel, = glob.glob(source + '/*.whl')\n\
    with zipfile.ZipFile(wheel) as files:\n    \
    files.extractall(into, [name for name in files.namelist() if name.startswith(tuple(beginnings))])\n";

/// Fetches the wheel that a requirement names by version and hash into `scratch`, and unpacks the members whose names begin
/// with one of `beginnings` into `folder`. A wheel keeps no right to execute: whoever needs that gives it.
pub(super) fn unpack(
    requirement: &str,
    why: &str,
    scratch: &Path,
    beginnings: &[&str],
    folder: &Path,
) -> Result<()> {
    if process::capture(Command::new("python3").args(["-m", "pip", "--version"])).is_err() {
        install_packages(&["python3-pip"], why)?;
    }
    let requirements = scratch.join("requirements.txt");
    fs::write(&requirements, requirement)?;
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
    process::capture(pip.arg(scratch).arg("-r").arg(&requirements))?;
    process::capture(Command::new("python3").args(["-c", UNPACK]).arg(scratch).arg(folder).args(beginnings))?;
    Ok(())
}
