//! How long to wait: after failures (doubling, full jitter) and between heartbeats (± 10 %).

use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::SmallRng;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// The run of failures since the last success.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The longest the next wait may be: 1 s, 2 s, 4 s … 60 s.
    fn ceiling(&self) -> Duration {
        FIRST.saturating_mul(1 << self.failures.min(6)).min(LONGEST)
    }

    /// Counts one more failure. Full jitter: a fleet cut off together must not come back together.
    pub(crate) fn fail(&mut self, rng: &mut SmallRng) -> Duration {
        let ceiling = self.ceiling();
        self.failures = self.failures.saturating_add(1);
        ceiling.mul_f64(rng.random_range(0.0..=1.0))
    }
}

/// `period` ± 10 %.
pub(crate) fn jittered(period: Duration, rng: &mut SmallRng) -> Duration {
    period.mul_f64(rng.random_range(0.9..=1.1))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn the_ceiling_doubles_from_one_second_to_sixty() {
        let mut rng = SmallRng::seed_from_u64(1);
        let mut backoff = Backoff::default();
        let mut ceilings = Vec::new();
        for _ in 0..9 {
            let ceiling = backoff.ceiling();
            ceilings.push(ceiling.as_secs());
            assert!(backoff.fail(&mut rng) <= ceiling);
        }
        assert_eq!(ceilings, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        backoff.reset();
        assert_eq!(backoff.ceiling(), FIRST);
    }

    #[test]
    fn waits_fill_the_whole_range_and_not_its_end_only() {
        let mut rng = SmallRng::seed_from_u64(7);
        let waits: Vec<f64> =
            (0..200).map(|_| Backoff { failures: 9 }.fail(&mut rng).as_secs_f64()).collect();
        assert!(waits.iter().any(|wait| *wait < 10.0) && waits.iter().any(|wait| *wait > 50.0));
    }

    #[test]
    fn heartbeats_stay_within_a_tenth_of_their_period() {
        let mut rng = SmallRng::seed_from_u64(7);
        for _ in 0..200 {
            let wait = jittered(Duration::from_secs(10), &mut rng);
            assert!((9.0..=11.0).contains(&wait.as_secs_f64()), "{wait:?}");
        }
    }
}
