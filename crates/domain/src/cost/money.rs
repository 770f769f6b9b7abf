//! US dollars as a whole number of billionths: exact in sums, a decimal text wherever it is written.

use std::{fmt, iter::Sum, ops, str::FromStr};

use serde::{Deserialize, Serialize};

const NANOS: i64 = 1_000_000_000;
const NANOS_A_CENT: i64 = NANOS / 100;

/// Billionths of a dollar. Sums saturate: nine billion dollars is more than any fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Money(i64);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no amount of dollars: write it like 250 or 0.021811")]
pub struct InvalidMoney(String);

impl Money {
    pub const ZERO: Self = Self(0);

    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    pub const fn from_dollars(dollars: i64) -> Self {
        Self(dollars.saturating_mul(NANOS))
    }

    pub const fn nanos(self) -> i64 {
        self.0
    }

    pub const fn times(self, count: i64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// `$1,234.56`, rounded to the cent; an amount that would round to nothing is `under $0.01`.
    pub fn exact(self) -> String {
        match self.0 {
            1..NANOS_A_CENT => "under $0.01".to_owned(),
            _ => {
                let (sign, cents) = self.cents();
                format!("{sign}${}.{:02}", grouped(cents / 100), cents % 100)
            }
        }
    }

    /// `$1,235` from a hundred dollars on, where cents are noise; below that as [`Money::exact`].
    pub fn short(self) -> String {
        let (sign, cents) = self.cents();
        if cents < 10_000 { self.exact() } else { format!("{sign}${}", grouped((cents + 50) / 100)) }
    }

    /// `+$2,578`, `−$12.50`: of a difference.
    pub fn signed(self) -> String {
        let sign = if self.0 >= NANOS_A_CENT { "+" } else { "" };
        format!("{sign}{}", self.short())
    }

    /// `$0.0670`: an hour of a VM, four decimals as the price list has them.
    pub fn hourly(self) -> String {
        let ten_thousandths = rounded(self.0.unsigned_abs(), NANOS.unsigned_abs() / 10_000);
        format!("${}.{:04}", grouped(ten_thousandths / 10_000), ten_thousandths % 10_000)
    }

    /// What does not change the sum of many: for plots and bars alone.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / NANOS as f64
    }

    fn cents(self) -> (&'static str, u64) {
        let cents = rounded(self.0.unsigned_abs(), NANOS_A_CENT.unsigned_abs());
        (if self.0 < 0 && cents > 0 { "−" } else { "" }, cents)
    }
}

/// To the nearest, halves up.
const fn rounded(value: u64, by: u64) -> u64 {
    (value + by / 2) / by
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl ops::Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl ops::AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl ops::Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, |sum, amount| sum + amount)
    }
}

/// The exact decimal: `0.021811590`, trimmed.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0.unsigned_abs() / 1_000_000_000, self.0.unsigned_abs() % 1_000_000_000);
        let sign = if self.0 < 0 { "-" } else { "" };
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let decimals = format!("{rest:09}");
        write!(f, "{sign}{whole}.{}", decimals.trim_end_matches('0'))
    }
}

/// Digits, with at most nine decimals: nothing is rounded on the way in.
impl FromStr for Money {
    type Err = InvalidMoney;

    fn from_str(text: &str) -> Result<Self, InvalidMoney> {
        let invalid = || InvalidMoney(text.to_owned());
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(decimals) || decimals.len() > 9 {
            return Err(invalid());
        }
        let whole: i64 = whole.parse().map_err(|_| invalid())?;
        let decimals: i64 = format!("{decimals:0<9}").parse().map_err(|_| invalid())?;
        let nanos = whole.checked_mul(NANOS).and_then(|nanos| nanos.checked_add(decimals));
        nanos.map(|nanos| Self(sign * nanos)).ok_or_else(invalid)
    }
}

impl TryFrom<String> for Money {
    type Error = InvalidMoney;

    fn try_from(text: String) -> Result<Self, InvalidMoney> {
        text.parse()
    }
}

impl From<Money> for String {
    fn from(money: Money) -> Self {
        money.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        assert_eq!("0.02181159".parse(), Ok(Money(21_811_590)));
        assert_eq!("250".parse(), Ok(Money::from_dollars(250)));
        for wrong in ["", "-", ".5", "5.", "1,000", "$5", "0.0218115901", "1e3", " 1", "9999999999999"] {
            assert!(wrong.parse::<Money>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn people_read_cents_and_never_a_zero_that_is_none() {
        let said = ["1234.565", "99.994", "100", "0.004", "0", "-12.5"]
            .map(|text| text.parse::<Money>().unwrap())
            .map(|money| (money.exact(), money.short()));
        let expected = [
            ("$1,234.57", "$1,235"),
            ("$99.99", "$99.99"),
            ("$100.00", "$100"),
            ("under $0.01", "under $0.01"),
            ("$0.00", "$0.00"),
            ("−$12.50", "−$12.50"),
        ];
        assert_eq!(said, expected.map(|(exact, short)| (exact.to_owned(), short.to_owned())));
        assert_eq!("0.06701142".parse::<Money>().unwrap().hourly(), "$0.0670");
    }

    #[test]
    fn a_difference_has_its_sign() {
        let said = ["2578", "0", "-12.5", "0.001"].map(|text| text.parse::<Money>().unwrap().signed());
        assert_eq!(said, ["+$2,578", "$0.00", "−$12.50", "under $0.01"]);
    }

    proptest! {
        #[test]
        fn every_amount_reads_back(nanos in -i64::MAX..=i64::MAX) {
            prop_assert_eq!(Money(nanos).to_string().parse(), Ok(Money(nanos)));
        }
    }
}
