//! Cron expressions as scaling schedules take them: minute, hour, day of the month, month, day of the week, and a year
//! if one likes. When the next one begins is the service's word.

use chrono::{Datelike as _, NaiveDate, NaiveTime};

/// Which field is wrong, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCron {
    #[error(
        "{0} fields are not five, or six with the year: minute, hour, day of the month, month, day of the week"
    )]
    Fields(usize),
    #[error("`{text}` is no {field}: {least} to {most}, with `*`, lists, ranges and steps")]
    Field { text: String, field: &'static str, least: u32, most: u32 },
    #[error("`{0}` never begins: the calendar has no such day")]
    NeverBegins(String),
}

struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// Names of `least` and what follows it.
    names: &'static [&'static str],
}

const FIELDS: [Field; 6] = [
    Field { name: "minute", least: 0, most: 59, names: &[] },
    Field { name: "hour", least: 0, most: 23, names: &[] },
    Field { name: "day of the month", least: 1, most: 31, names: &[] },
    Field {
        name: "month",
        least: 1,
        most: 12,
        names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    // Sunday is 0 and 7.
    Field {
        name: "day of the week",
        least: 0,
        most: 7,
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
    Field { name: "year", least: 1970, most: 2099, names: &[] },
];

/// A calendar has every pair of a date and a weekday within so many years.
const CYCLE: std::ops::Range<u32> = 2000..2028;

pub fn check_cron(text: &str) -> Result<(), InvalidCron> {
    Cron::read(text).map(|_| ())
}

/// What the fields name, each from its least on.
#[derive(Debug)]
pub(super) struct Cron {
    minutes: Vec<u32>,
    hours: Vec<u32>,
    days: Vec<u32>,
    months: Vec<u32>,
    weekdays: Vec<u32>,
    years: Option<Vec<u32>>,
    /// Days of the month and of the week are both restricted: either suffices.
    either: bool,
}

impl Cron {
    pub(super) fn read(text: &str) -> Result<Self, InvalidCron> {
        let given: Vec<&str> = text.split_whitespace().collect();
        if !(5..=6).contains(&given.len()) {
            return Err(InvalidCron::Fields(given.len()));
        }
        let field = |index: usize| FIELDS[index].read(given[index]);
        let cron = Self {
            minutes: field(0)?,
            hours: field(1)?,
            days: field(2)?,
            months: field(3)?,
            weekdays: field(4)?.into_iter().map(|day| day % 7).collect(),
            years: if given.len() == 6 { Some(field(5)?) } else { None },
            either: !given[2].starts_with('*') && !given[4].starts_with('*'),
        };
        if cron.begins() { Ok(cron) } else { Err(InvalidCron::NeverBegins(given.join(" "))) }
    }

    /// Whether the calendar has a day that it names: it has no 30th of February.
    fn begins(&self) -> bool {
        let years = self.years.clone().unwrap_or_else(|| CYCLE.collect());
        years.into_iter().any(|year| {
            let year = i32::try_from(year).unwrap_or_default();
            let mut dates = self
                .months
                .iter()
                .flat_map(|month| (1..=31).filter_map(move |day| NaiveDate::from_ymd_opt(year, *month, day)));
            dates.any(|date| self.has(date))
        })
    }

    pub(super) fn has(&self, date: NaiveDate) -> bool {
        let day = self.days.contains(&date.day());
        let weekday = self.weekdays.contains(&date.weekday().num_days_from_sunday());
        let fits = if self.either { day || weekday } else { day && weekday };
        let year = u32::try_from(date.year()).unwrap_or_default();
        fits && self.months.contains(&date.month())
            && self.years.as_ref().is_none_or(|years| years.contains(&year))
    }

    /// At which it begins on its days, the latest first.
    pub(super) fn times_back(&self) -> impl Iterator<Item = NaiveTime> {
        self.hours.iter().rev().flat_map(|hour| {
            let minutes = self.minutes.iter().rev();
            minutes.filter_map(move |minute| NaiveTime::from_hms_opt(*hour, *minute, 0))
        })
    }
}

impl Field {
    fn read(&self, text: &str) -> Result<Vec<u32>, InvalidCron> {
        let mut all = Vec::new();
        for part in text.split(',') {
            all.extend(self.values(part).ok_or_else(|| InvalidCron::Field {
                text: text.to_owned(),
                field: self.name,
                least: self.least,
                most: self.most,
            })?);
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// `*`, `5`, `1-5`, each with a `/step`.
    fn values(&self, part: &str) -> Option<impl Iterator<Item = u32> + use<>> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, number(step).filter(|step| (1..=self.most).contains(step))?),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.least, self.most),
            Some((from, to)) => (self.value(from)?, self.value(to)?),
            None if step > 1 => (self.value(range)?, self.most),
            None => (self.value(range)?, self.value(range)?),
        };
        (from <= to).then(|| (from..=to).step_by(step as usize))
    }

    fn value(&self, text: &str) -> Option<u32> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = match named {
            Some(index) => self.least + u32::try_from(index).ok()?,
            None => number(text)?,
        };
        (self.least..=self.most).contains(&value).then_some(value)
    }
}

/// Digits alone: a sign is none.
fn number(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_taken() {
        for good in [
            "0 8 * * Mon-Fri",
            "*/15 * * * *",
            "30 6,18 1-7 jan,JUL 0",
            "0 0 1 1 * 2027",
            "5-50/5 0 * * 7",
            "  0   8 * * * ",
            "0 8 29 2 *",
            "0 8 29 2 * 2028",
            "0 8 29 2 */7",
            "0 8 30 2 Mon",
        ] {
            assert_eq!(check_cron(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn the_field_that_is_wrong_is_named() {
        for (wrong, field) in [
            ("60 8 * * *", "minute"),
            ("0 24 * * *", "hour"),
            ("0 8 0 * *", "day of the month"),
            ("0 8 * 13 *", "month"),
            ("0 8 * * Fri-Mon", "day of the week"),
            ("0 8 * * * 1066", "year"),
            ("*/0 * * * *", "minute"),
            ("+5 * * * *", "minute"),
            ("1,,2 * * * *", "minute"),
        ] {
            let said = check_cron(wrong).unwrap_err().to_string();
            assert!(said.contains(&format!("is no {field}:")), "{wrong}: {said}");
        }
        for never in ["0 8 30 2 *", "0 8 31 2,4,6 */2", "0 8 29 2 * 2026", "0  8 30-31 feb *"] {
            let said = check_cron(never).unwrap_err().to_string();
            assert!(said.ends_with("never begins: the calendar has no such day"), "{never}: {said}");
        }
        assert_eq!(check_cron("0 8 * *"), Err(InvalidCron::Fields(4)));
        assert_eq!(check_cron(""), Err(InvalidCron::Fields(0)));
    }
}
