//! Which process is it? A process id alone is reused by the system: here it comes with the moment the process
//! started, so that a pid file of yesterday never ends a stranger.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::process;

/// A process that is running now, told apart from any later one with the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) pid: u32,
    /// Opaque: equal for the same process only.
    began: String,
}

impl Identity {
    /// The identity of a running process; `None` when there is no such process, or only its zombie.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let began = match fs::read_to_string(format!("/proc/{pid}/stat")) {
            Ok(stat) => {
                let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
                format!("{}@{}", start_ticks(&stat)?, boot.trim())
            }
            // No such process, or a system without /proc.
            Err(_) if Path::new("/proc/self/stat").exists() => return None,
            Err(_) => {
                let words =
                    process::capture(Command::new("ps").args(["-o", "lstart=", "-p", &pid.to_string()]));
                words.ok()?.split_whitespace().collect::<Vec<_>>().join("-")
            }
        };
        (!began.is_empty()).then_some(Self { pid, began })
    }

    /// Reads what [`Identity::write`] wrote; `None` for anything else.
    pub(crate) fn read(file: &Path) -> Option<Self> {
        let text = fs::read_to_string(file).ok()?;
        let (pid, began) = text.trim().split_once(' ')?;
        Some(Self { pid: pid.parse().ok()?, began: began.to_owned() })
    }

    pub(crate) fn write(&self, file: &Path) -> std::io::Result<()> {
        fs::write(file, format!("{} {}\n", self.pid, self.began))
    }

    /// Whether this very process still runs.
    pub(crate) fn runs(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }

    /// Asks the process to end, and ends it when it does not within `patience`.
    pub(crate) fn stop(&self, ask: Signal, patience: Duration) {
        if self.runs() {
            process::signal(self.pid, ask);
        }
        let asked = Instant::now();
        while self.runs() {
            if asked.elapsed() > patience {
                process::signal(self.pid, Signal::KILL);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The 22nd field of `/proc/PID/stat`. The second is the program's name in parentheses and may hold anything,
/// so fields are counted from the last parenthesis. A zombie (state Z) has ended.
fn start_ticks(stat: &str) -> Option<&str> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    fields.nth(18)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_ticks_survive_a_name_with_parentheses() {
        let stat = "17 (a) b (c) S 1 17 17 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 98765 1000 10";
        assert_eq!(start_ticks(stat), Some("98765"));
        assert_eq!(start_ticks(&stat.replace(") S ", ") Z ")), None);
        assert_eq!(start_ticks("nonsense"), None);
    }

    #[test]
    fn a_pid_file_of_another_start_names_nobody() {
        let ours = Identity::of(std::process::id()).unwrap();
        assert!(ours.runs());
        let file = std::env::temp_dir().join(format!("xtask-pid-{}", std::process::id()));
        ours.write(&file).unwrap();
        assert_eq!(Identity::read(&file), Some(ours));
        fs::write(&file, format!("{} yesterday\n", std::process::id())).unwrap();
        assert!(!Identity::read(&file).unwrap().runs());
        fs::write(&file, "").unwrap();
        assert_eq!(Identity::read(&file), None);
        fs::remove_file(&file).unwrap();
    }

    #[test]
    fn a_process_that_ignores_the_question_is_ended() {
        let mut child =
            Command::new("sh").args(["-c", "trap '' TERM; while :; do sleep 0.05; done"]).spawn().unwrap();
        let identity = Identity::of(child.id()).unwrap();
        // The shell needs a moment to set its trap; without it the test would pass for the wrong reason.
        std::thread::sleep(Duration::from_millis(200));
        let reaper = std::thread::spawn(move || child.wait().unwrap());
        identity.stop(Signal::TERM, Duration::from_millis(100));
        assert!(!identity.runs());
        assert!(!reaper.join().unwrap().success());
    }
}
