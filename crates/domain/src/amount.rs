//! A number of VMs, or a share of a group. As declared and stored: `3` or `"20%"`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Compute Engine's `FixedOrPercent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Amount {
    Fixed(u32),
    /// 0 to 100.
    Percent(u32),
}

impl Amount {
    pub const NONE: Self = Self::Fixed(0);

    /// VMs of a group of that size. A share is rounded up: Compute Engine does not say to which side it rounds.
    pub fn of(self, size: u32) -> u32 {
        match self {
            Self::Fixed(count) => count,
            Self::Percent(percent) => {
                u32::try_from((u64::from(size) * u64::from(percent)).div_ceil(100)).unwrap_or(u32::MAX)
            }
        }
    }

    pub const fn is_none(self) -> bool {
        matches!(self, Self::Fixed(0) | Self::Percent(0))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no number of VMs: write a whole number as 3, or a share as 20%")]
pub struct InvalidAmount(pub String);

impl FromStr for Amount {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, InvalidAmount> {
        let invalid = || InvalidAmount(text.chars().take(40).collect());
        let trimmed = text.trim();
        let (digits, share) = match trimmed.strip_suffix('%') {
            Some(digits) => (digits.trim_end(), true),
            None => (trimmed, false),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid());
        }
        let number: u32 = digits.parse().map_err(|_| invalid())?;
        match share {
            true if number > 100 => Err(invalid()),
            true => Ok(Self::Percent(number)),
            false => Ok(Self::Fixed(number)),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(count) => serializer.serialize_u32(*count),
            Self::Percent(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or a share as \"20%\"")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Amount, E> {
                u32::try_from(number).map(Amount::Fixed).map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Amount, E> {
                u32::try_from(number).map(Amount::Fixed).map_err(E::custom)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_shares_are_read_back() {
        for (text, amount) in [("3", Amount::Fixed(3)), ("\"20%\"", Amount::Percent(20))] {
            assert_eq!(serde_json::from_str::<Amount>(text).unwrap(), amount);
            assert_eq!(serde_json::to_string(&amount).unwrap(), text);
        }
        assert_eq!(" 20 % ".parse(), Ok(Amount::Percent(20)));
        for wrong in ["", "%", "101%", "-1", "1.5", "three", "99999999999"] {
            assert!(wrong.parse::<Amount>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_share_is_rounded_up() {
        assert_eq!([0, 1, 10, 11].map(|size| Amount::Percent(10).of(size)), [0, 1, 1, 2]);
        assert_eq!(Amount::Percent(100).of(u32::MAX), u32::MAX);
    }
}
