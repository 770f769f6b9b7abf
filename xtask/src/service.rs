//! A program that runs beside us: its log, its pid file, its orderly end. Used for every part of a stack.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::pid::Identity;
use crate::{interrupt, process};

/// Where services keep their logs and pid files.
#[derive(Debug, Clone)]
pub(crate) struct Rooms {
    logs: PathBuf,
    pids: PathBuf,
}

impl Rooms {
    /// `DIR/logs` and `DIR/run`.
    pub(crate) fn in_folder(folder: &Path) -> Result<Self> {
        let rooms = Self { logs: folder.join("logs"), pids: folder.join("run") };
        for path in [&rooms.logs, &rooms.pids] {
            fs::create_dir_all(path).with_context(|| format!("could not create {}", path.display()))?;
        }
        Ok(rooms)
    }

    /// Ends the service of that name when an earlier run of ours was killed and left it behind.
    pub(crate) fn end_leftover(&self, name: &str, ask: Signal) -> bool {
        let file = self.pid_file(name);
        let leftover = Identity::read(&file).filter(Identity::runs);
        if let Some(identity) = &leftover {
            identity.stop(ask, Duration::from_secs(10));
        }
        let _ = fs::remove_file(file);
        leftover.is_some()
    }

    fn pid_file(&self, name: &str) -> PathBuf {
        self.pids.join(format!("{name}.pid"))
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }
}

/// A running program. Dropped, it is stopped.
#[derive(Debug)]
pub(crate) struct Service {
    name: &'static str,
    child: Child,
    ask: Signal,
    log: PathBuf,
    pid_file: PathBuf,
    ended: bool,
}

impl Service {
    /// Starts a program with its output in its log. It gets a process group of its own, so that the terminal's
    /// Ctrl-C reaches only us and we stop things in their order. `ask` is the signal it takes as a polite request.
    pub(crate) fn start(
        name: &'static str,
        command: &mut Command,
        rooms: &Rooms,
        ask: Signal,
    ) -> Result<Self> {
        let (log, pid_file) = (rooms.log(name), rooms.pid_file(name));
        let file = File::options().create(true).append(true).open(&log);
        let out = file.with_context(|| format!("could not write {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .process_group(0)
            .spawn()
            .with_context(|| format!("could not start {name} (`{}`)", process::shown(command)))?;
        if let Some(identity) = Identity::of(child.id()) {
            identity.write(&pid_file)?;
        }
        Ok(Self { name, child, ask, log, pid_file, ended: false })
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    #[cfg(test)]
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, when it did without being asked.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits until `ready` says yes; an error when the service ends before that or takes longer than `limit`.
    pub(crate) fn wait_until(&mut self, limit: Duration, ready: impl Fn() -> bool) -> Result<()> {
        let began = Instant::now();
        while !ready() {
            if let Some(status) = self.ended() {
                bail!("{} ended at its start ({status}); its last words:\n{}", self.name, self.last_words());
            }
            if began.elapsed() > limit {
                bail!(
                    "{} did not answer within {limit:?}; its last words:\n{}",
                    self.name,
                    self.last_words()
                );
            }
            interrupt::sleep(Duration::from_millis(25))?;
        }
        Ok(())
    }

    /// The last 20 lines of its log.
    pub(crate) fn last_words(&self) -> String {
        last_lines(&fs::read(&self.log).unwrap_or_default(), 20)
    }

    /// Asks it to end, waits, and insists after 15 s. The rest of its group goes with it.
    pub(crate) fn stop(&mut self) {
        self.end(self.ask);
    }

    /// Ends it as a crash would: nothing is asked, nothing is flushed.
    pub(crate) fn kill(&mut self) {
        self.end(Signal::KILL);
    }

    fn end(&mut self, signal: Signal) {
        if self.ended {
            return;
        }
        self.ended = true;
        let pid = self.child.id();
        if self.ended().is_none() {
            process::signal(pid, signal);
        }
        let asked = Instant::now();
        while self.ended().is_none() {
            if asked.elapsed() > Duration::from_secs(15) {
                let _ = self.child.kill();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        if let Some(group) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = fs::remove_file(&self.pid_file);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop();
    }
}

fn last_lines(log: &[u8], count: usize) -> String {
    let text = String::from_utf8_lossy(log);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(count);
    lines.get(from..).unwrap_or_default().iter().map(|line| format!("    {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_service_that_ends_at_its_start_says_why() {
        let scratch = Scratch::new("service").unwrap();
        let rooms = Rooms::in_folder(scratch.path()).unwrap();
        let mut service =
            Service::start("sh", &mut shell("echo no such port >&2; exit 7"), &rooms, Signal::TERM).unwrap();
        let error = service.wait_until(Duration::from_secs(10), || false).unwrap_err().to_string();
        assert!(
            error.contains("sh ended") && error.contains("no such port") && error.contains('7'),
            "{error}"
        );
    }

    #[test]
    fn a_leftover_is_ended_and_its_pid_file_removed() {
        let scratch = Scratch::new("service").unwrap();
        let rooms = Rooms::in_folder(scratch.path()).unwrap();
        let service = Service::start("sh", &mut shell("sleep 60"), &rooms, Signal::TERM).unwrap();
        assert!(rooms.pid_file("sh").exists());
        let identity = Identity::read(&rooms.pid_file("sh")).unwrap();
        assert!(rooms.end_leftover("sh", Signal::TERM));
        assert!(!identity.runs() && !rooms.pid_file("sh").exists());
        assert!(!rooms.end_leftover("sh", Signal::TERM));
        drop(service);
    }

    #[test]
    fn the_last_lines_are_the_last() {
        assert_eq!(last_lines(b"a\nb\nc\n", 2), "    b\n    c\n");
        assert_eq!(last_lines(b"", 2), "");
    }
}
