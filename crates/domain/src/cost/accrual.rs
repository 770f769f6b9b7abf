//! What run intervals add up to. Whole numbers until the moment of showing: a price by the month times seconds, summed,
//! and divided once at the end; so the days of a month, or the pools of a fleet, add up to exactly the whole.

use std::{collections::BTreeMap, iter::Sum, ops};

use chrono::{Datelike as _, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Known, Money, SECONDS_A_MONTH, VmPrice};
use crate::Timestamp;

/// Billionths of a dollar a month, times seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Accrued(i128);

impl Accrued {
    pub const fn of(price_a_month: Money, seconds: i64) -> Self {
        Self(price_a_month.nanos() as i128 * seconds as i128)
    }

    /// To the nearest billionth of a dollar, halves up.
    pub fn money(self) -> Money {
        let month = i128::from(SECONDS_A_MONTH);
        let nanos = (self.0 + month / 2).div_euclid(month);
        Money::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }
}

impl ops::Add for Accrued {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl ops::AddAssign for Accrued {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Accrued {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), |sum, amount| sum + amount)
    }
}

/// How long VMs of one pool and price ran on one day of UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSlice {
    pub day: NaiveDate,
    pub pool: String,
    pub agent_type: String,
    /// None where nothing was known of the VM.
    pub price: Option<VmPrice>,
    pub seconds: i64,
}

/// What was spent, by the parts that have prices, and the running time that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub on_demand: Accrued,
    pub spot: Accrued,
    pub machines: Accrued,
    pub disks: Accrued,
    pub addresses: Accrued,
    pub seconds: i64,
    /// Of these seconds some price is missing.
    pub unknown_seconds: i64,
}

impl Tally {
    fn add(&mut self, slice: &RunSlice) {
        self.seconds += slice.seconds;
        let Some(price) = &slice.price else {
            self.unknown_seconds += slice.seconds;
            return;
        };
        if !price.is_whole() {
            self.unknown_seconds += slice.seconds;
        }
        let part = |amount: Option<Money>| Accrued::of(amount.unwrap_or_default(), slice.seconds);
        self.machines += part(price.machine);
        self.disks += part(price.disks);
        self.addresses += part(price.address);
        let known = Accrued::of(price.known(), slice.seconds);
        if price.spot {
            self.spot += known;
        } else {
            self.on_demand += known;
        }
    }

    pub fn total(&self) -> Accrued {
        self.on_demand + self.spot
    }

    pub fn spend(&self) -> Spend {
        Spend {
            total: self.total().money(),
            on_demand: self.on_demand.money(),
            spot: self.spot.money(),
            machines: self.machines.money(),
            disks: self.disks.money(),
            addresses: self.addresses.money(),
            seconds: self.seconds,
            unknown_seconds: self.unknown_seconds,
        }
    }

    pub fn of<'a>(slices: impl IntoIterator<Item = &'a RunSlice>) -> Self {
        let mut tally = Self::default();
        slices.into_iter().for_each(|slice| tally.add(slice));
        tally
    }

    /// By whatever `key` says of a slice.
    pub fn by<'a, K: Ord>(
        slices: impl IntoIterator<Item = &'a RunSlice>,
        key: impl Fn(&'a RunSlice) -> K,
    ) -> BTreeMap<K, Self> {
        let mut tallies: BTreeMap<K, Self> = BTreeMap::new();
        for slice in slices {
            tallies.entry(key(slice)).or_default().add(slice);
        }
        tallies
    }
}

/// A tally as it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spend {
    pub total: Money,
    pub on_demand: Money,
    pub spot: Money,
    pub machines: Money,
    pub disks: Money,
    pub addresses: Money,
    /// Running time of VMs.
    pub seconds: i64,
    /// Of it, without a price for some part.
    pub unknown_seconds: i64,
}

impl Spend {
    pub const fn known(&self) -> Known {
        self.part(self.total)
    }

    /// One of its amounts. Which of them is lacking where a price is missing, nobody wrote down: each may be.
    pub const fn part(&self, amount: Money) -> Known {
        Known::of(amount, self.unknown_seconds == 0)
    }
}

/// What the month will have cost if what runs now runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    pub month: Money,
    /// Of it, still to come.
    pub to_come: Money,
    /// Seconds from `as_of` to the month's end.
    pub seconds_left: i64,
}

/// The spent plus the present price of what runs, for the rest of the month: no trend, no season, no schedule.
pub fn forecast(spent: Accrued, running_a_month: Money, as_of: Timestamp) -> Forecast {
    let end = next_month(as_of.date_naive());
    let end = end.and_time(chrono::NaiveTime::MIN).and_utc();
    let seconds_left = (end - as_of).num_seconds().max(0);
    let to_come = Accrued::of(running_a_month, seconds_left);
    Forecast { month: (spent + to_come).money(), to_come: to_come.money(), seconds_left }
}

/// The first day of the day's month.
pub fn month_of(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(u64::from(day.day0()))).unwrap_or(day)
}

/// The first day of the month after the day's.
pub fn next_month(day: NaiveDate) -> NaiveDate {
    month_of(day).checked_add_months(Months::new(1)).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};

    use super::*;

    fn price(nanos: i64, spot: bool) -> VmPrice {
        VmPrice {
            machine_type: "e2-standard-2".to_owned(),
            spot,
            machine: Some(Money::from_nanos(nanos)),
            disks: None,
            address: Some(Money::ZERO),
            book: "1".to_owned(),
        }
    }

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, number).unwrap()
    }

    #[test]
    fn a_month_of_running_costs_the_month_s_price() {
        let month = Money::from_dollars(49);
        assert_eq!(Accrued::of(month, SECONDS_A_MONTH).money(), month);
        assert_eq!(Accrued::of(month, 3600).money().hourly(), "$0.0671");
    }

    #[test]
    fn the_forecast_is_the_spent_and_the_rest_at_the_present_price() {
        let noon = Timestamp::from_timestamp(1_795_953_600, 0).unwrap();
        assert_eq!(noon.to_string(), "2026-11-29 12:00:00 UTC");
        let spent = Accrued::of(Money::from_dollars(730), 3600);
        let said = forecast(spent, Money::from_dollars(730), noon);
        // One dollar was spent; 36 hours are left at a dollar each.
        assert_eq!((said.month, said.to_come), (Money::from_dollars(37), Money::from_dollars(36)));
        assert_eq!(next_month(day(29)).to_string(), "2026-12-01");
    }

    proptest! {
        /// Whatever the slices are cut by, the parts add up to the whole, to the last integer.
        #[test]
        fn parts_add_up_exactly(
            slices in collection::vec((1_u32..30, 0_u8..3, 0_i64..1_000_000_000_000, any::<bool>(), 0_i64..86_400), 0..40),
        ) {
            let slices: Vec<RunSlice> = slices
                .into_iter()
                .map(|(number, pool, nanos, spot, seconds)| RunSlice {
                    day: day(number),
                    pool: pool.to_string(),
                    agent_type: "architect".to_owned(),
                    price: Some(price(nanos, spot)),
                    seconds,
                })
                .collect();
            let whole = Tally::of(&slices);
            let by_day: Accrued = Tally::by(&slices, |slice| slice.day).values().map(Tally::total).sum();
            let by_pool: Accrued = Tally::by(&slices, |slice| &slice.pool).values().map(Tally::total).sum();
            prop_assert_eq!(by_day, whole.total());
            prop_assert_eq!(by_pool, whole.total());
            prop_assert_eq!(whole.machines + whole.disks + whole.addresses, whole.total());
            // The price of disks is missing everywhere.
            prop_assert_eq!(whole.unknown_seconds, whole.seconds);
        }
    }
}
