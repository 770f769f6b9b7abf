//! Scaling schedules: cron in a time zone, with a length. They follow the wall's time, moved by as much as a switch says.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::clock::Stamp;

const SHORTEST_SECONDS: u32 = 300;
/// How far a start is looked for: a year given may be some years away, a 29th of February eight.
const DAYS: u64 = 9 * 366;

#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    pub(crate) least: u32,
    pub(crate) disabled: bool,
    cron: Cron,
    zone: Tz,
    seconds: i64,
}

/// Minute, hour, day of the month, month, day of the week, and the year where one is given.
#[derive(Debug, Clone)]
struct Cron {
    minutes: Vec<u32>,
    hours: Vec<u32>,
    days: Field,
    months: Vec<u32>,
    weekdays: Field,
    years: Option<Vec<u32>>,
}

/// Days of the month and of the week: where both are restricted, either suffices.
#[derive(Debug, Clone)]
struct Field {
    values: Vec<u32>,
    any: bool,
}

impl Schedule {
    /// What is wrong comes as the field's name and a sentence.
    pub(crate) fn read(value: &Value) -> Result<Self, (&'static str, String)> {
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        let number = |key: &str| value.get(key).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
        let least = number("minRequiredReplicas")
            .ok_or(("minRequiredReplicas", "Must be greater than or equal to 0.".to_owned()))?;
        let seconds = number("durationSec")
            .filter(|seconds| *seconds >= SHORTEST_SECONDS)
            .ok_or(("durationSec", "Must be greater than or equal to 300.".to_owned()))?;
        let zone = match text("timeZone") {
            "" => Tz::UTC,
            name => name
                .parse()
                .map_err(|_| ("timeZone", "It is not a time zone of the tz database.".to_owned()))?,
        };
        let cron = Cron::read(text("schedule")).map_err(|why| ("schedule", why))?;
        let disabled = value.get("disabled").and_then(Value::as_bool).unwrap_or_default();
        Ok(Self { least, disabled, cron, zone, seconds: i64::from(seconds) })
    }

    /// When the run began that is on at `now`, if one is.
    pub(crate) fn active_since(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.disabled {
            return None;
        }
        let earliest = now - chrono::TimeDelta::seconds(self.seconds);
        self.starts(earliest).find(|start| *start > earliest).filter(|start| *start <= now)
    }

    /// The first start after `now`.
    pub(crate) fn next_start(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.starts(now).find(|start| *start > now)
    }

    /// Starts from the day of `from` on, in order.
    fn starts(&self, from: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        let today = from.with_timezone(&self.zone).date_naive();
        // A zone's day may begin before the day of `from` ends elsewhere: one day earlier misses nothing.
        let first = today.checked_sub_days(Days::new(1)).unwrap_or(today);
        (0..DAYS)
            .filter_map(move |day| first.checked_add_days(Days::new(day)))
            .filter(|date| self.cron.has(*date))
            .flat_map(move |date| {
                let times = self.cron.hours.iter().flat_map(move |hour| {
                    self.cron
                        .minutes
                        .iter()
                        .filter_map(move |minute| NaiveTime::from_hms_opt(*hour, *minute, 0))
                });
                // A time that the clocks leave out begins nothing; one that they show twice begins at its first.
                times.filter_map(move |time| {
                    let local = self.zone.from_local_datetime(&date.and_time(time)).earliest()?;
                    Some(local.with_timezone(&Utc))
                })
            })
    }

    pub(crate) fn show(&self, last: Option<Stamp>, at: Stamp) -> Value {
        let now = DateTime::from_timestamp_millis(at.millis()).unwrap_or_default();
        let next = self.next_start(now);
        let state = match () {
            () if self.disabled => "DISABLED",
            () if self.active_since(now).is_some() => "ACTIVE",
            () if next.is_none() => "OBSOLETE",
            () => "READY",
        };
        let mut view = json!({ "state": state });
        if let Some(last) = last {
            view["lastStartTime"] = last.to_string().into();
        }
        if let Some(next) = next.filter(|_| !self.disabled) {
            view["nextStartTime"] = Stamp::from_millis(next.timestamp_millis()).to_string().into();
        }
        view
    }
}

impl Cron {
    fn read(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (five, year) = match fields.as_slice() {
            [five @ .., year] if five.len() == 5 => (five, Some(*year)),
            five if five.len() == 5 => (five, None),
            _ => return Err("It must have five fields, and a sixth for the year if need be.".to_owned()),
        };
        let wrong = |field: &str| format!("'{field}' is no field of a cron expression.");
        let read = |index: usize, from: u32, to: u32, names: &[&str]| {
            values(five[index], from, to, names).ok_or_else(|| wrong(five[index]))
        };
        let mut weekdays = read(4, 0, 7, &WEEKDAYS)?;
        // Sunday is 0 and 7.
        weekdays = weekdays.into_iter().map(|day| day % 7).collect();
        Ok(Self {
            minutes: read(0, 0, 59, &[])?,
            hours: read(1, 0, 23, &[])?,
            days: Field { values: read(2, 1, 31, &[])?, any: five[2].starts_with('*') },
            months: read(3, 1, 12, &MONTHS)?,
            weekdays: Field { values: weekdays, any: five[4].starts_with('*') },
            years: year
                .filter(|year| *year != "*")
                .map(|year| values(year, 1970, 2099, &[]).ok_or_else(|| wrong(year)))
                .transpose()?,
        })
    }

    fn has(&self, date: NaiveDate) -> bool {
        let day = self.days.values.contains(&date.day());
        let weekday = self.weekdays.values.contains(&date.weekday().num_days_from_sunday());
        let fits = if self.days.any || self.weekdays.any { day && weekday } else { day || weekday };
        let year = u32::try_from(date.year()).unwrap_or_default();
        fits && self.months.contains(&date.month())
            && self.years.as_ref().is_none_or(|years| years.contains(&year))
    }
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The values of one field: `*`, `5`, `1-5`, `*/15`, `mon-fri`, and several of these between commas. Sorted.
fn values(field: &str, from: u32, to: u32, names: &[&str]) -> Option<Vec<u32>> {
    let number = |text: &str| {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        // Months are counted from 1, days of the week from 0: as the field's own first value.
        named
            .and_then(|at| u32::try_from(at).ok())
            .map(|at| at + from)
            .or_else(|| text.parse().ok())
            .filter(|n| (from..=to).contains(n))
    };
    let mut all = Vec::new();
    for part in field.split(',') {
        let (range, every) = match part.split_once('/') {
            Some((range, every)) => (range, every.parse::<u32>().ok().filter(|every| *every > 0)?),
            None => (part, 1),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (from, to),
            Some((first, last)) => (number(first)?, number(last)?),
            None if every > 1 => (number(range)?, to),
            None => (number(range)?, number(range)?),
        };
        if first > last {
            return None;
        }
        all.extend((first..=last).step_by(every as usize));
    }
    all.sort_unstable();
    all.dedup();
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(cron: &str, zone: &str) -> Schedule {
        Schedule::read(
            &json!({"schedule": cron, "timeZone": zone, "durationSec": 3600, "minRequiredReplicas": 4}),
        )
        .unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_run_is_on_from_its_start_for_its_length() {
        let work = schedule("30 8 * * Mon-Fri", "Europe/Berlin");
        // Friday, in winter time.
        assert_eq!(work.active_since(at("2026-11-20T07:29:59Z")), None);
        assert_eq!(work.active_since(at("2026-11-20T07:30:00Z")), Some(at("2026-11-20T07:30:00Z")));
        assert_eq!(work.active_since(at("2026-11-20T08:29:59Z")), Some(at("2026-11-20T07:30:00Z")));
        assert_eq!(work.active_since(at("2026-11-20T08:30:00Z")), None);
        assert_eq!(work.next_start(at("2026-11-20T09:00:00Z")), Some(at("2026-11-23T07:30:00Z")));
        // In summer the same wall clock is an hour earlier.
        assert_eq!(work.next_start(at("2026-07-01T00:00:00Z")), Some(at("2026-07-01T06:30:00Z")));
    }

    #[test]
    fn a_time_that_the_clocks_leave_out_begins_nothing() {
        let early = schedule("30 2 * * *", "Europe/Berlin");
        assert_eq!(early.next_start(at("2026-03-28T12:00:00Z")), Some(at("2026-03-30T00:30:00Z")));
    }

    #[test]
    fn a_year_that_is_over_leaves_nothing_to_start() {
        let once = schedule("0 9 24 12 * 2025", "UTC");
        assert_eq!(once.next_start(at("2026-01-01T00:00:00Z")), None);
        assert_eq!(once.show(None, Stamp::from_millis(1_795_291_688_042))["state"], "OBSOLETE");
        assert_eq!(once.next_start(at("2025-01-01T00:00:00Z")), Some(at("2025-12-24T09:00:00Z")));
    }

    #[test]
    fn fields_take_lists_ranges_steps_and_names() {
        assert_eq!(values("*/20", 0, 59, &[]), Some(vec![0, 20, 40]));
        assert_eq!(values("1,5-7", 0, 59, &[]), Some(vec![1, 5, 6, 7]));
        assert_eq!(values("MON-wed", 0, 7, &WEEKDAYS), Some(vec![1, 2, 3]));
        assert_eq!(values("jan,dec", 1, 12, &MONTHS), Some(vec![1, 12]));
        for wrong in ["", "60", "5-1", "*/0", "x", "1-"] {
            assert_eq!(values(wrong, 0, 59, &[]), None, "{wrong}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_its_field() {
        let good = json!({"schedule": "0 8 * * *", "durationSec": 300, "minRequiredReplicas": 0});
        assert!(Schedule::read(&good).is_ok());
        for (field, value) in [
            ("schedule", json!("0 8 * *")),
            ("timeZone", json!("Moon/Base")),
            ("durationSec", json!(299)),
            ("minRequiredReplicas", json!(-1)),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            assert_eq!(Schedule::read(&bad).unwrap_err().0, field);
        }
    }
}
