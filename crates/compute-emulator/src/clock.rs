//! Two times: virtual time, in which VMs boot, and real time, which stands on the wire and in tokens.

use std::{
    fmt,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use chrono::{DateTime, Datelike as _, Timelike as _};
use serde::{Deserialize, Serialize};

/// Milliseconds of virtual time since the emulator's state was first made. Never goes back, also over restarts.
pub(crate) type Virtual = u64;

/// An instant in both times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) at: Virtual,
    pub(crate) stamp: Stamp,
}

/// Milliseconds of real time since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Stamp(i64);

impl Stamp {
    pub(crate) fn millis(self) -> i64 {
        self.0
    }

    pub(crate) fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// That many milliseconds later, or earlier.
    pub(crate) fn moved(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    pub(crate) fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    pub(crate) fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// As the service writes times: RFC 3339 with milliseconds, in California (without its summer and winter).
impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WEST: i64 = 7 * 3600 * 1000;
        let t = DateTime::from_timestamp_millis(self.0 - WEST).unwrap_or_default();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}-07:00",
            t.year(),
            t.month(),
            t.day(),
            t.hour(),
            t.minute(),
            t.second(),
            t.timestamp_subsec_millis()
        )
    }
}

#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    base: Virtual,
    rate: f64,
}

impl Clock {
    /// A clock that continues at `base` and runs `rate` times as fast as the wall's.
    pub(crate) fn new(base: Virtual, rate: f64) -> Self {
        Self { started: Instant::now(), base, rate }
    }

    pub(crate) fn now(&self) -> Moment {
        let elapsed = self.started.elapsed().as_secs_f64() * self.rate * 1000.0;
        Moment { at: self.base + elapsed as u64, stamp: real() }
    }

    /// How long a virtual duration takes here.
    pub(crate) fn real(&self, duration: Duration) -> Duration {
        duration.div_f64(self.rate)
    }

    /// How long to sleep until a virtual time has come.
    pub(crate) fn until(&self, at: Virtual) -> Duration {
        self.real(Duration::from_millis(at.saturating_sub(self.now().at)))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the emulator is its own world: this is where its real clock is read"
)]
fn real() -> Stamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Stamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_times_like_the_service() {
        assert_eq!(Stamp(1_795_291_688_042).to_string(), "2026-11-21T13:08:08.042-07:00");
    }

    #[test]
    fn runs_faster_and_continues() {
        let clock = Clock::new(5_000, 1000.0);
        std::thread::sleep(Duration::from_millis(5));
        assert!(clock.now().at >= 10_000);
        assert_eq!(clock.real(Duration::from_secs(10)), Duration::from_millis(10));
    }
}
