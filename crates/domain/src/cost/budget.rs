//! One budget a month and environment, and the shares of it at which a notice is given.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Known, Money, month_of, next_month};

/// Per cent of the budget.
pub const THRESHOLDS: [u8; 3] = [50, 80, 100];

/// The budget beside what the month has cost so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetStanding {
    pub monthly: Money,
    pub spent: Money,
    /// Whether all that ran has a price: without it more was spent than is known.
    pub whole: bool,
    /// The highest threshold that is crossed.
    pub crossed: Option<u8>,
    pub set_by_name: String,
    pub revision: i32,
}

impl BudgetStanding {
    pub const fn known(&self) -> Known {
        Known::of(self.spent, self.whole)
    }

    /// Per cent, rounded down: 100 is said only when it is spent.
    pub fn percent(&self) -> u64 {
        percent_of(self.spent, self.monthly)
    }
}

/// How much of the budget an amount is: per cent, rounded down.
pub fn percent_of(amount: Money, monthly: Money) -> u64 {
    let (amount, monthly) = (i128::from(amount.nanos()), i128::from(monthly.nanos()));
    if monthly <= 0 { 0 } else { u64::try_from(amount.max(0) * 100 / monthly).unwrap_or(u64::MAX) }
}

/// The thresholds that the spent amount has reached, lowest first.
pub fn crossed(spent: Money, monthly: Money) -> Vec<u8> {
    let reached = |threshold: &u8| {
        i128::from(spent.nanos()) * 100 >= i128::from(monthly.nanos()) * i128::from(*threshold)
    };
    if monthly <= Money::ZERO { Vec::new() } else { THRESHOLDS.into_iter().filter(reached).collect() }
}

/// What of a month's budget falls to that day if every day gets the same.
pub fn day_share(monthly: Money, day: NaiveDate) -> Money {
    let days = (next_month(day) - month_of(day)).num_days().max(1);
    Money::from_nanos(monthly.nanos() / days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_gets_its_month_s_even_share() {
        let share = |day: &str| day_share(Money::from_dollars(300), day.parse().unwrap());
        assert_eq!(share("2026-11-30"), Money::from_dollars(10));
        assert!(share("2026-02-01") > share("2026-01-31"));
    }

    #[test]
    fn a_threshold_is_crossed_when_it_is_reached_and_not_before() {
        let budget = Money::from_dollars(100);
        let at = |text: &str| crossed(text.parse().unwrap(), budget);
        assert_eq!(at("49.999999999"), [] as [u8; 0]);
        assert_eq!(at("50"), [50]);
        assert_eq!(at("99.999999999"), [50, 80]);
        assert_eq!(at("100"), [50, 80, 100]);
        assert_eq!(at("1000000"), [50, 80, 100]);
        assert_eq!(crossed(budget, Money::ZERO), [] as [u8; 0]);
    }

    #[test]
    fn a_hundred_per_cent_is_said_when_all_is_spent() {
        let standing = |spent: &str| BudgetStanding {
            monthly: Money::from_dollars(100),
            spent: spent.parse().unwrap(),
            whole: true,
            crossed: None,
            set_by_name: "Robin".to_owned(),
            revision: 1,
        };
        assert_eq!([standing("99.999").percent(), standing("100").percent()], [99, 100]);
    }
}
