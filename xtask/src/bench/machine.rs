//! The machine that figures are of, read when they are measured: without it they say nothing.

use std::fmt;
use std::fs;
use std::process::Command;

use anyhow::Result;
use serde_json::json;

use crate::{process, workspace};

#[derive(Debug, Clone)]
pub(crate) struct Machine {
    day: String,
    commit: String,
    processor: String,
    cores: usize,
    memory_kb: u64,
    kernel: String,
    compiler: String,
    /// Over the last minute, before anything was measured: what else the machine was doing.
    load: String,
    /// None: the run had no use for one.
    pub(crate) database: Option<String>,
}

impl Machine {
    pub(crate) fn look() -> Result<Self> {
        let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
        let ask = |program: &str, words: &[&str]| {
            let mut command = Command::new(program);
            process::capture(command.args(words).current_dir(workspace::root()))
                .map(|answer| answer.trim().to_owned())
        };
        // Sources of an archive have no commit.
        let commit = ask("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_else(|_| "no commit".to_owned());
        let changed = ask("git", &["status", "--porcelain"]).is_ok_and(|changes| !changes.is_empty());
        Ok(Self {
            day: ask("date", &["-u", "+%Y-%m-%d"])?,
            commit: if changed { format!("{commit} and changes") } else { commit },
            processor: field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism()?.get(),
            memory_kb: kilobytes(&read("/proc/meminfo"), "MemTotal").unwrap_or_default(),
            kernel: ask("uname", &["-sr"])?,
            compiler: ask("rustc", &["--version"])?,
            load: read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned(),
            database: None,
        })
    }

    pub(crate) fn to_json(&self) -> serde_json::Value {
        json!({
            "day": self.day,
            "commit": self.commit,
            "processor": self.processor,
            "cores": self.cores,
            "memory_kb": self.memory_kb,
            "kernel": self.kernel,
            "compiler": self.compiler,
            "load_before": self.load,
            "database": self.database,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { day, commit, processor, cores, kernel, compiler, load, .. } = self;
        let memory = self.memory_kb / 1_000_000;
        let database = self.database.as_ref().map_or(String::new(), |database| format!(", {database}"));
        write!(
            f,
            "{day}, {commit}: {cores} cores of {processor}, {memory} GB, {kernel}{database}, {compiler}; load before {load}"
        )
    }
}

/// `name : value`, the first one.
fn field(text: &str, name: &str) -> Option<String> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs
        .map(|(key, value)| (key.trim(), value.trim()))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

fn kilobytes(text: &str, name: &str) -> Option<u64> {
    field(text, name)?.strip_suffix(" kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let cpu = "processor\t: 0\nmodel\t\t: 1\nmodel name\t: Fast(R) One\nmodel name\t: Other\n";
        assert_eq!(field(cpu, "model name").as_deref(), Some("Fast(R) One"));
        assert_eq!(field(cpu, "name"), None);
        assert_eq!(kilobytes("MemTotal:        7843210 kB\nMemFree: 1 kB\n", "MemTotal"), Some(7_843_210));
        assert_eq!(kilobytes("MemTotal: lots\n", "MemTotal"), None);
    }

    #[test]
    fn this_machine_is_known() {
        let machine = Machine::look().unwrap();
        assert!(machine.cores > 0 && machine.compiler.starts_with("rustc "), "{machine}");
    }
}
