//! The load of the machine this process runs on. What cannot be read counts as 0: an agent never fails for a gauge.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::Load;

/// Two readings closer than this say nothing about the processor.
const SHORTEST_WINDOW: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct System {
    tasks: PathBuf,
    cpu: Ticks,
    sampled: Option<(Duration, Load)>,
}

impl System {
    pub(crate) fn new(tasks: PathBuf) -> System {
        System { tasks, cpu: Ticks::default(), sampled: None }
    }

    pub(crate) fn sample(&mut self, uptime: Duration) -> Load {
        if let Some((at, load)) = self.sampled
            && uptime.saturating_sub(at) < SHORTEST_WINDOW
        {
            return load;
        }
        // The first reading covers the time since the machine booted.
        let cpu = fs::read_to_string("/proc/stat").ok().and_then(|text| Ticks::parse(&text));
        let cpu_utilization_percent = cpu.map_or(0.0, |now| now.busy_percent_since(self.cpu));
        self.cpu = cpu.unwrap_or_default();
        let load = Load {
            tasks_completed_total: fs::read_to_string(&self.tasks)
                .ok()
                .and_then(|text| text.trim().parse().ok())
                .unwrap_or(0),
            cpu_utilization_percent,
            memory_usage_bytes: fs::read_to_string("/proc/meminfo")
                .ok()
                .and_then(|text| used_memory(&text))
                .unwrap_or(0),
            disk_usage_percent: used_disk_percent("/").unwrap_or(0.0),
        };
        self.sampled = Some((uptime, load));
        load
    }
}

/// Processor time since boot, in the kernel's ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Ticks {
    busy: u64,
    total: u64,
}

impl Ticks {
    /// `cpu user nice system idle iowait irq softirq steal guest guest_nice`; guest time is already within user time.
    fn parse(stat: &str) -> Option<Ticks> {
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let fields: Vec<u64> =
            line.split_whitespace().take(8).map(str::parse).collect::<Result<_, _>>().ok()?;
        let idle = fields.get(3)? + fields.get(4).unwrap_or(&0);
        let total = fields.iter().sum();
        Some(Ticks { busy: total - idle, total })
    }

    fn busy_percent_since(self, earlier: Ticks) -> f64 {
        let total = self.total.saturating_sub(earlier.total);
        if total == 0 {
            return 0.0;
        }
        let busy = self.busy.saturating_sub(earlier.busy).min(total);
        (busy as f64 / total as f64 * 1000.0).round() / 10.0
    }
}

/// Bytes in use, by the kernel's own estimate of what is available without swapping.
fn used_memory(meminfo: &str) -> Option<u64> {
    let kib = |name: &str| -> Option<u64> {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    Some(kib("MemTotal:")?.saturating_sub(kib("MemAvailable:")?) * 1024)
}

/// As `df` counts: what is used, of what an unprivileged process could use.
fn used_disk_percent(path: &str) -> Option<f64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    let used = disk.f_blocks.saturating_sub(disk.f_bfree);
    let usable = used + disk.f_bavail;
    (usable > 0).then(|| (used as f64 / usable as f64 * 1000.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  100 0 50 800 50 0 0 0 30 0\ncpu0 100 0 50 800 50 0 0 0 30 0\nintr 1\n";

    #[test]
    fn processor_time_is_counted_between_two_readings() {
        let earlier = Ticks::parse(STAT).expect("ticks");
        assert_eq!(earlier, Ticks { busy: 150, total: 1000 });
        let later = Ticks { busy: 400, total: 2000 };
        assert_eq!(later.busy_percent_since(earlier), 25.0);
        assert_eq!(earlier.busy_percent_since(later), 0.0, "a counter that went back is no load");
        assert_eq!(Ticks::parse("cpu  none\n"), None);
    }

    #[test]
    fn memory_in_use_is_what_is_not_available() {
        let meminfo = "MemTotal:       1000 kB\nMemFree:  100 kB\nMemAvailable:    400 kB\n";
        assert_eq!(used_memory(meminfo), Some(600 * 1024));
        assert_eq!(used_memory("MemTotal: 1000 kB\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_can_be_read() {
        let tasks = std::env::temp_dir().join(format!("agent-cage-tasks-{}", std::process::id()));
        fs::write(&tasks, "17\n").expect("written");
        let load = System::new(tasks.clone()).sample(Duration::ZERO);
        fs::remove_file(tasks).expect("removed");
        assert_eq!(load.tasks_completed_total, 17);
        assert!(load.memory_usage_bytes > 0, "{load:?}");
        assert!(load.disk_usage_percent > 0.0 && load.disk_usage_percent <= 100.0, "{load:?}");
    }
}
