//! How an amount is told that may lack something: never as nothing, and never as if it were whole.

use super::Money;

/// What is known of an amount; something without a price can only add to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    amount: Money,
    whole: bool,
}

impl Known {
    pub const fn of(amount: Money, whole: bool) -> Self {
        Self { amount, whole }
    }

    /// Nothing of it has a price, so that there is no figure to tell.
    pub fn is_unknown(self) -> bool {
        !self.whole && self.amount == Money::ZERO
    }

    /// `$1.20`, `at least $1.20` where a part has no price, `unknown` where nothing has one.
    pub fn exact(self) -> String {
        self.said(self.amount.exact())
    }

    /// The same as [`Money::short`] writes it.
    pub fn short(self) -> String {
        self.said(self.amount.short())
    }

    /// The same of any figure that the amount was made into: `at least 40 %`.
    pub fn said(self, figure: String) -> String {
        match (self.whole, self.is_unknown()) {
            (true, _) => figure,
            (false, true) => "unknown".to_owned(),
            (false, false) => format!("at least {figure}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_price_is_no_zero() {
        let said = |text: &str, whole| {
            let known = Known::of(text.parse().unwrap(), whole);
            (known.exact(), known.short())
        };
        let both = |text: &str| (text.to_owned(), text.to_owned());
        assert_eq!(said("0", true), both("$0.00"));
        assert_eq!(said("0", false), both("unknown"));
        assert_eq!(said("1.5", false), both("at least $1.50"));
        assert_eq!(said("1234.5", false), ("at least $1,234.50".to_owned(), "at least $1,235".to_owned()));
        assert_eq!(Known::of(Money::from_dollars(4), false).said("40 %".to_owned()), "at least 40 %");
    }
}
