//! A modelled agent at work: one step for each second of uptime, decided by the seed alone.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use super::Load;

const MIB: f64 = 1024.0 * 1024.0;

/// A disk is swept when it has grown this far above where it began.
const SWEEP_AFTER_PERCENT: f64 = 25.0;

#[derive(Debug)]
pub(crate) struct Model {
    rng: SmallRng,
    /// Whole seconds of uptime already walked.
    walked: u64,
    /// What the processor is drawn to when no burst is on; each agent has its own.
    usual_cpu: f64,
    burst_left: u32,
    cpu: f64,
    memory_mib: f64,
    swept_disk: f64,
    disk: f64,
    tasks: u64,
}

impl Model {
    pub(crate) fn new(seed: u64) -> Model {
        let mut rng = SmallRng::seed_from_u64(seed);
        let usual_cpu = rng.random_range(12.0..55.0);
        let swept_disk = rng.random_range(6.0..22.0);
        Model {
            walked: 0,
            usual_cpu,
            burst_left: 0,
            cpu: usual_cpu,
            memory_mib: rng.random_range(400.0..900.0),
            swept_disk,
            disk: swept_disk,
            tasks: 0,
            rng,
        }
    }

    pub(crate) fn sample(&mut self, uptime: Duration) -> Load {
        while self.walked < uptime.as_secs() {
            self.step();
            self.walked += 1;
        }
        Load {
            tasks_completed_total: self.tasks,
            cpu_utilization_percent: one_decimal(self.cpu),
            memory_usage_bytes: (self.memory_mib * MIB) as u64,
            disk_usage_percent: one_decimal(self.disk),
        }
    }

    /// The place for scripts: whatever a script wants, it changes the targets here, and the walk follows.
    fn step(&mut self) {
        if self.burst_left > 0 {
            self.burst_left -= 1;
        } else if self.rng.random_bool(1.0 / 180.0) {
            self.burst_left = self.rng.random_range(15..60);
        }
        let target_cpu = if self.burst_left > 0 { 88.0 } else { self.usual_cpu };
        let cpu_noise = self.rng.random_range(-5.0..5.0);
        self.cpu = (self.cpu + 0.12 * (target_cpu - self.cpu) + cpu_noise).clamp(0.5, 100.0);

        let target_memory = 350.0 + 18.0 * self.cpu;
        let memory_noise = self.rng.random_range(-8.0..8.0);
        self.memory_mib =
            (self.memory_mib + 0.02 * (target_memory - self.memory_mib) + memory_noise).max(200.0);

        // A busy processor ends about one task in twenty seconds; each leaves something on the disk.
        if self.rng.random_bool(self.cpu / 100.0 / 20.0) {
            self.tasks += 1;
            self.disk += self.rng.random_range(0.01..0.09);
        }
        if self.disk > self.swept_disk + SWEEP_AFTER_PERCENT {
            self.disk = self.swept_disk;
        }
    }
}

fn one_decimal(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_shows_the_same_load_however_often_it_is_asked() {
        let mut often = Model::new(42);
        for second in 0..600 {
            often.sample(Duration::from_secs(second));
        }
        let mut once = Model::new(42);
        assert_eq!(often.sample(Duration::from_secs(600)), once.sample(Duration::from_secs(600)));
        assert_ne!(once.sample(Duration::from_secs(600)), Model::new(43).sample(Duration::from_secs(600)));
    }

    #[test]
    fn a_day_of_work_stays_plausible_for_any_seed() {
        for seed in 0..20 {
            let mut model = Model::new(seed);
            let mut before = Load::default();
            for minute in 1..=24 * 60 {
                let load = model.sample(Duration::from_secs(60 * minute));
                assert!((0.0..=100.0).contains(&load.cpu_utilization_percent), "{load:?}");
                assert!(load.disk_usage_percent < 50.0, "{load:?}");
                assert!((200 << 20..8 << 30).contains(&load.memory_usage_bytes), "{load:?}");
                assert!(load.tasks_completed_total >= before.tasks_completed_total);
                before = load;
            }
            assert!(before.tasks_completed_total > 100, "seed {seed} hardly works: {before:?}");
        }
    }
}
