//! Where words stand at the axes: round numbers, and round times of UTC.

use chrono::{Datelike as _, Timelike as _};
use domain::Timestamp;

/// From 0 to at least `most`, in one, two or five of a power of ten; whole numbers where `whole` asks for them.
pub(crate) fn numbers(most: f64, whole: bool) -> Vec<f64> {
    let most = if most.is_finite() && most > 0.0 { most } else { 1.0 };
    let rough = most / 4.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|of| of * power).find(|step| *step >= rough);
    let mut step = step.unwrap_or(power * 10.0);
    if whole {
        step = step.max(1.0);
    }
    let count = (most / step).ceil().max(1.0);
    (0..=count as u32).map(|index| f64::from(index) * step).collect()
}

/// Seconds between words, so that there are four to nine.
fn time_step(window: i64) -> i64 {
    const STEPS: [i64; 11] = [60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];
    STEPS.into_iter().find(|step| window / step <= 8).unwrap_or(172_800)
}

/// Times between the two, each with its word: `09:00`, or `19 Nov` where a day begins or days are all there is.
pub(crate) fn times(from: Timestamp, until: Timestamp) -> Vec<(Timestamp, String)> {
    let step = time_step((until - from).num_seconds());
    let first = from.timestamp().div_euclid(step) * step + step;
    (0..)
        .map(|index| first + index * step)
        .take_while(|second| *second <= until.timestamp())
        .filter_map(|second| Timestamp::from_timestamp(second, 0))
        .map(|at| (at, word(at, step)))
        .collect()
}

fn word(at: Timestamp, step: i64) -> String {
    if step >= 86_400 { day(at.date_naive()) } else { format!("{:02}:{:02}", at.hour(), at.minute()) }
}

/// `19 Nov`.
pub(crate) fn day(day: chrono::NaiveDate) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    format!("{} {}", day.day(), MONTHS[day.month0() as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_round_and_reach_the_highest() {
        assert_eq!(numbers(7.0, true), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(numbers(3.0, true), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(numbers(0.0, true), [0.0, 1.0]);
        assert!(numbers(0.013, false).last().unwrap() >= &0.013);
        assert!(numbers(48.0, true).len() <= 7);
    }

    #[test]
    fn times_are_round_in_utc() {
        let from = Timestamp::from_timestamp(1_795_057_964, 0).unwrap();
        let words: Vec<String> =
            times(from, from + chrono::TimeDelta::hours(24)).into_iter().map(|one| one.1).collect();
        assert_eq!(words, ["06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "00:00", "03:00"]);
        let week = times(from, from + chrono::TimeDelta::days(7));
        assert_eq!(week.first().unwrap().1, "20 Nov");
    }
}
