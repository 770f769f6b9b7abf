//! After `kill -9` of a run, Postgres or some of its processes may still be there, or only its `postmaster.pid` and the lock of
//! its socket.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use crate::interrupt;
use crate::pid::Identity;
use crate::process;

/// How the names of the socket and of its lock begin.
const SOCKET: &str = ".s.PGSQL.";

/// Ends whatever still runs on this data and removes the files that name it: the pid file, and the lock in the folder of the
/// socket, which is this data's alone.
pub(super) fn end(data: &Path, socket: &Path) -> Result<()> {
    let file = data.join("postmaster.pid");
    let recorded = fs::read_to_string(&file).ok().and_then(|text| text.lines().next()?.trim().parse().ok());
    if let Some(identity) = recorded.filter(|&pid| is_ours(pid, data)).and_then(Identity::of) {
        identity.stop(Signal::INT, Duration::from_secs(20));
    }
    // Without their postmaster, sessions end by themselves within moments; those that hang hold the data's lock.
    let began = Instant::now();
    loop {
        let orphans = orphans(data);
        if orphans.is_empty() {
            break;
        }
        if began.elapsed() > Duration::from_secs(20) {
            bail!("processes {orphans:?} still use {}: end them and try again", data.display());
        }
        if began.elapsed() > Duration::from_secs(5) {
            orphans.iter().for_each(|&pid| process::signal(pid, Signal::KILL));
        }
        interrupt::sleep(Duration::from_millis(50))?;
    }
    // Nobody runs on this data now, so both files are stale; their number may by now be a stranger's, or still the zombie's where
    // nobody reaps orphans, and Postgres would refuse to start because of that.
    remove(&file)?;
    for entry in fs::read_dir(socket).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(SOCKET) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a folder in which a cluster was being made, and ends whoever still makes it: an initdb outlives the `kill -9` of its run.
pub(super) fn clear(attempt: &Path, socket: &Path) -> Result<()> {
    // Not asked: it would remove the folder itself, beside us.
    for identity in makers(attempt) {
        identity.stop(Signal::KILL, Duration::ZERO);
    }
    end(attempt, socket)?;
    let began = Instant::now();
    loop {
        match fs::remove_dir_all(attempt) {
            Ok(()) => return Ok(()),
            Err(_) if !attempt.exists() => return Ok(()),
            // Somebody may have written, or removed, there meanwhile.
            Err(error) if began.elapsed() > Duration::from_secs(5) => {
                return Err(error).with_context(|| format!("could not remove {}", attempt.display()));
            }
            Err(_) => interrupt::sleep(Duration::from_millis(50))?,
        }
    }
}

/// Every initdb whose command line names the folder.
fn makers(attempt: &Path) -> Vec<Identity> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let makes = |pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = line.split(|byte| *byte == 0).map(|word| Path::new(OsStr::from_bytes(word)));
        words.next().is_some_and(|program| program.ends_with("initdb")) && words.any(|word| word == attempt)
    };
    numbers.filter(makes).filter_map(Identity::of).collect()
}

fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("could not remove {}", file.display()))
        }
        _ => Ok(()),
    }
}

/// Whether a process is a Postgres on this data: each of its processes works in the data folder.
/// Where the system cannot tell (no /proc), the pid file is believed.
fn is_ours(pid: u32, data: &Path) -> bool {
    match fs::read_link(format!("/proc/{pid}/cwd")) {
        Ok(folder) => fs::canonicalize(data).is_ok_and(|data| data == folder) && is_postgres(pid),
        Err(_) => !Path::new("/proc/self").exists(),
    }
}

fn is_postgres(pid: u32) -> bool {
    // A binary that was upgraded since is shown as `postgres (deleted)`.
    fs::read_link(format!("/proc/{pid}/exe"))
        .ok()
        .and_then(|program| Some(program.file_name()?.to_string_lossy().starts_with("postgres")))
        .unwrap_or(false)
}

fn orphans(data: &Path) -> Vec<u32> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.filter(|&pid| Path::new("/proc/self").exists() && is_ours(pid, data)).collect()
}
