//! How often each environment is looked at, and what need not be read again with each look.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::TimeDelta;
use domain::{Timestamp, crash_loop::History, observed::Location};
use store::Environment;

use super::MOVING;

/// The longest pause while Compute Engine does not answer.
const AWAY_AT_MOST: Duration = Duration::from_secs(20);
/// Zones and machine types hardly ever change.
const LOCATION_LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// What a round leaves to the next one; losing it costs a look, nothing more.
#[derive(Debug, Default)]
pub struct Pace {
    pub(super) failures: BTreeMap<String, (u32, Timestamp)>,
    pub(super) locations: BTreeMap<String, (Timestamp, Location)>,
    pub(super) listed: BTreeMap<String, Timestamp>,
    /// What crash loops are counted from, with how far it goes back.
    pub(super) histories: BTreeMap<String, (TimeDelta, History)>,
}

impl Pace {
    /// When to look again after one more failure.
    pub(super) fn failed(&mut self, environment: &str, now: Timestamp) -> Duration {
        let failures = self.failures.get(environment).map_or(0, |(count, _)| *count);
        let pause = MOVING.saturating_mul(1 << failures.min(6)).min(AWAY_AT_MOST);
        let again_at = now + TimeDelta::from_std(pause).unwrap_or_default();
        self.failures.insert(environment.to_owned(), (failures + 1, again_at));
        pause
    }

    /// How long an environment whose API is away is left alone.
    pub(super) fn rests(&self, environment: &str, now: Timestamp) -> Option<Duration> {
        let (_, again_at) = self.failures.get(environment)?;
        (*again_at - now).to_std().ok().filter(|rest| !rest.is_zero())
    }

    pub(super) fn location(&self, environment: &str, now: Timestamp) -> Option<Location> {
        let (read_at, location) = self.locations.get(environment)?;
        (now - *read_at < LOCATION_LIFETIME).then(|| location.clone())
    }

    /// To be given back by a look that still has it right.
    pub(super) fn take_history(&mut self, environment: &str, looks_back: TimeDelta) -> Option<History> {
        let (known, history) = self.histories.remove(environment)?;
        (known == looks_back).then_some(history)
    }

    pub(super) fn keep_only(&mut self, environments: &[Environment]) {
        let names: BTreeSet<&str> =
            environments.iter().map(|environment| environment.name.as_str()).collect();
        self.failures.retain(|name, _| names.contains(name.as_str()));
        self.locations.retain(|name, _| names.contains(name.as_str()));
        self.listed.retain(|name, _| names.contains(name.as_str()));
        self.histories.retain(|name, _| names.contains(name.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_that_stays_away_is_asked_less_and_less_often() {
        let mut pace = Pace::default();
        let mut now = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let pause = pace.failed("dev", now);
            assert_eq!(pace.rests("dev", now), Some(pause));
            now += TimeDelta::from_std(pause).unwrap();
            assert_eq!(pace.rests("dev", now), None);
            pauses.push(pause.as_millis());
        }
        assert_eq!(pauses, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
    }

    #[test]
    fn a_history_that_goes_back_as_far_as_is_asked_is_not_read_again() {
        let hour = TimeDelta::hours(1);
        let mut pace = Pace::default();
        assert_eq!(pace.take_history("dev", hour), None);
        pace.histories.insert("dev".to_owned(), (hour, History::default()));
        assert_eq!(pace.take_history("prod", hour), None);
        assert_eq!(pace.take_history("dev", hour), Some(History::default()));
        pace.histories.insert("dev".to_owned(), (hour, History::default()));
        assert_eq!(pace.take_history("dev", hour * 2), None, "a pool became more patient");
    }
}
