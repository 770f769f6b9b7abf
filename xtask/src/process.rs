//! Commands that run to their end while we wait. What runs beside us is in `service`.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::{interrupt, terminal};

/// How long a command may take to end after it was asked to.
const PATIENCE: Duration = Duration::from_secs(20);

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// Runs a command in our own terminal; anything but success is an error that names it.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs a command in our own terminal and tells how it ended.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    let child = command
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("could not run `{}`", shown(command)))?;
    wait(child)
}

/// Runs a command silently and gives its standard output; an error carries what it printed.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("could not run `{}`", shown(command)))?;
    if !output.status.success() {
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        bail!("`{}` failed ({})\n{}{}", shown(command), output.status, out, err);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command, forwards both its outputs line by line to ours, and shows each line to `watch`.
pub(crate) fn watched(command: &mut Command, watch: impl Fn(&str) + Sync) -> Result<ExitStatus> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not run `{}`", shown(command)))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        let watch = &watch;
        if let Some(out) = out {
            scope.spawn(move || each_line(out, |line| terminal::say(line), watch));
        }
        if let Some(err) = err {
            scope.spawn(move || each_line(err, |line| terminal::warn(line), watch));
        }
        wait(child)
    })
}

fn each_line(from: impl Read, print: impl Fn(&str), watch: impl Fn(&str)) {
    let mut lines = BufReader::new(from);
    let mut bytes = Vec::new();
    while lines.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&bytes);
        let line = text.trim_end_matches(['\n', '\r']);
        print(line);
        watch(line);
        bytes.clear();
    }
}

/// Waits for the end of a child. When somebody interrupts us, the child is asked to end too.
fn wait(mut child: Child) -> Result<ExitStatus> {
    let mut asked: Option<Instant> = None;
    loop {
        if let Some(status) = child.try_wait()? {
            if interrupt::requested() {
                bail!("interrupted");
            }
            return Ok(status);
        }
        if interrupt::requested() {
            let since = *asked.get_or_insert_with(|| {
                signal(child.id(), Signal::TERM);
                Instant::now()
            });
            if since.elapsed() > PATIENCE {
                child.kill()?;
            }
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Sends a signal to a process; one that is gone already is no error.
pub(crate) fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// The first program of that name in `PATH`.
pub(crate) fn find(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn a_failing_command_is_named_with_what_it_printed() {
        let error = capture(Command::new("sh").args(["-c", "echo why >&2; exit 3"])).unwrap_err().to_string();
        assert!(error.contains("sh -c") && error.contains("why") && error.contains('3'), "{error}");
    }

    #[test]
    fn a_watched_command_shows_each_line_of_both_outputs() {
        let seen = Mutex::new(Vec::new());
        let status = watched(Command::new("sh").args(["-c", "echo one; echo two >&2"]), |line| {
            seen.lock().unwrap().push(line.to_owned());
        })
        .unwrap();
        let mut seen = seen.into_inner().unwrap();
        seen.sort();
        assert!(status.success());
        assert_eq!(seen, ["one", "two"]);
    }
}
