//! Which schedule is on: reckoned by the rules of its time zone, for what the service has not been told yet.

use chrono::{Datelike as _, TimeDelta, TimeZone as _, Timelike as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{AutoscalingMode, ScalingSchedule, cron::Cron};
use crate::{Timestamp, resource::Autoscaler};

/// A schedule that is on: its pool has at least so many VMs until it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleInForce {
    pub name: String,
    pub until: Timestamp,
    pub min_required_replicas: u32,
}

impl ScheduleInForce {
    /// `16:00 UTC`, with its day where that is another than the present one.
    pub fn until_words(&self, now: Timestamp) -> String {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let until = self.until;
        let time = format!("{:02}:{:02} UTC", until.hour(), until.minute());
        if until.date_naive() == now.date_naive() {
            return time;
        }
        format!("{} {} {}, {time}", until.day(), MONTHS[until.month0() as usize], until.year())
    }
}

impl ScalingSchedule {
    /// When the run ends that is on at `now`. None: none is, or nobody here knows the zone's rules.
    pub fn in_force_until(&self, now: Timestamp) -> Option<Timestamp> {
        if self.disabled {
            return None;
        }
        let cron = Cron::read(&self.schedule).ok()?;
        let zone: Tz = self.time_zone.parse().ok()?;
        let length = TimeDelta::seconds(i64::from(self.duration_sec));
        let earliest = now - length;
        let first = earliest.with_timezone(&zone).date_naive();
        let mut date = now.with_timezone(&zone).date_naive();
        while date >= first {
            if cron.has(date) {
                // A time that the clocks leave out begins nothing; one that they show twice begins at its first.
                let begun = cron
                    .times_back()
                    .filter_map(|time| zone.from_local_datetime(&date.and_time(time)).earliest())
                    .map(|local| local.with_timezone(&Utc))
                    .find(|start| *start <= now);
                if let Some(start) = begun {
                    return (start > earliest).then(|| start + length);
                }
            }
            date = date.pred_opt()?;
        }
        None
    }
}

/// Of the schedules that are on, the one that asks for most: it is what holds the size. None for an autoscaler that sizes nothing.
pub fn schedule_in_force(scaler: &Autoscaler, now: Timestamp) -> Option<ScheduleInForce> {
    if scaler.mode == AutoscalingMode::Off {
        return None;
    }
    let on = scaler.schedules.iter().filter_map(|schedule| {
        Some(ScheduleInForce {
            name: schedule.name.clone(),
            until: schedule.in_force_until(now)?,
            min_required_replicas: schedule.min_required_replicas,
        })
    });
    on.max_by(|a, b| {
        let asks = a.min_required_replicas.cmp(&b.min_required_replicas);
        asks.then(a.until.cmp(&b.until)).then_with(|| b.name.cmp(&a.name))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::resource::ScaleInControl;

    fn schedule(name: &str, cron: &str, zone: &str, seconds: u32, least: u32) -> ScalingSchedule {
        ScalingSchedule {
            name: name.to_owned(),
            description: String::new(),
            schedule: cron.to_owned(),
            time_zone: zone.to_owned(),
            duration_sec: seconds,
            min_required_replicas: least,
            disabled: false,
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_run_is_on_from_its_start_for_its_length() {
        let work = schedule("work", "30 8 * * Mon-Fri", "Europe/Berlin", 3600, 4);
        let until = |now: &str| work.in_force_until(at(now));
        // Friday, in winter time.
        assert_eq!(until("2026-11-20T07:29:59Z"), None);
        assert_eq!(until("2026-11-20T07:30:00Z"), Some(at("2026-11-20T08:30:00Z")));
        assert_eq!(until("2026-11-20T08:29:59Z"), Some(at("2026-11-20T08:30:00Z")));
        assert_eq!(until("2026-11-20T08:30:00Z"), None);
        assert_eq!(until("2026-11-21T07:45:00Z"), None, "a Saturday");
        // In summer the same wall clock is an hour earlier.
        assert_eq!(until("2026-07-01T06:45:00Z"), Some(at("2026-07-01T07:30:00Z")));
        let off = ScalingSchedule { disabled: true, ..work };
        assert_eq!(off.in_force_until(at("2026-11-20T07:30:00Z")), None);
    }

    #[test]
    fn a_run_may_have_begun_days_ago_or_not_at_all() {
        let weekend = schedule("weekend", "0 20 * * Fri", "UTC", 60 * 3600, 1);
        assert_eq!(weekend.in_force_until(at("2026-11-22T12:00:00Z")), Some(at("2026-11-23T08:00:00Z")));
        // The clocks leave out half past two.
        let early = schedule("early", "30 2 * * *", "Europe/Berlin", 3600, 1);
        assert_eq!(early.in_force_until(at("2026-03-29T01:00:00Z")), None);
        let nowhere = schedule("nowhere", "* * * * *", "Moon/Base", 3600, 1);
        assert_eq!(nowhere.in_force_until(at("2026-11-22T12:00:00Z")), None);
    }

    #[test]
    fn the_schedule_that_asks_for_most_holds_the_size() {
        let day = schedule("day", "0 8 * * *", "UTC", 36_000, 4);
        let mut scaler = Autoscaler {
            name: "a".into(),
            group: "g".into(),
            min_replicas: 1,
            max_replicas: 5,
            cooldown_sec: 60,
            cpu_target: 0.7,
            predictive: false,
            custom_metrics: Vec::new(),
            scale_in: ScaleInControl { max_percent: 25, time_window_sec: 600 },
            mode: AutoscalingMode::On,
            schedules: vec![schedule("all", "0 0 * * *", "UTC", 86_400, 2), day],
        };
        let name = |scaler: &Autoscaler, now: &str| schedule_in_force(scaler, at(now)).map(|one| one.name);
        assert_eq!(name(&scaler, "2026-11-20T09:00:00Z").as_deref(), Some("day"));
        assert_eq!(name(&scaler, "2026-11-20T19:00:00Z").as_deref(), Some("all"));
        scaler.mode = AutoscalingMode::Off;
        assert_eq!(name(&scaler, "2026-11-20T09:00:00Z"), None);
    }

    #[test]
    fn the_end_is_said_with_its_day_where_that_is_another() {
        let now = at("2026-11-23T08:16:00Z");
        let said = |until: &str| {
            let one = ScheduleInForce { name: "day".into(), until: at(until), min_required_replicas: 4 };
            one.until_words(now)
        };
        assert_eq!(said("2026-11-23T17:00:00Z"), "17:00 UTC");
        assert_eq!(said("2026-11-24T17:05:00Z"), "24 Nov 2026, 17:05 UTC");
    }

    proptest! {
        /// Once a day in UTC is arithmetic alone.
        #[test]
        fn a_daily_run_is_on_for_as_long_as_it_lasts(
            hour in 0_i64..24,
            minute in 0_i64..60,
            length in 300_i64..200_000,
            now in 1_700_000_000_i64..1_900_000_000,
        ) {
            let daily =
                schedule("daily", &format!("{minute} {hour} * * *"), "UTC", u32::try_from(length).unwrap(), 1);
            let today = now - now % 86_400 + hour * 3600 + minute * 60;
            let start = if today > now { today - 86_400 } else { today };
            let moment = |seconds: i64| Timestamp::from_timestamp(seconds, 0).unwrap();
            let expected = (now < start + length).then(|| moment(start + length));
            prop_assert_eq!(daily.in_force_until(moment(now)), expected);
        }
    }
}
