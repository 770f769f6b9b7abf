//! Reading columns into domain types. An unreadable value names its row and column.

use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Error, Result};

pub(crate) fn json<T: DeserializeOwned>(
    row: impl Fn() -> String,
    column: &'static str,
    value: Value,
) -> Result<T> {
    serde_json::from_value(value).map_err(|source| Error::corrupt(row(), column, source))
}

pub(crate) fn text<T: FromStr>(row: impl Fn() -> String, column: &'static str, value: &str) -> Result<T>
where
    T::Err: ToString,
{
    value.parse().map_err(|error: T::Err| Error::corrupt(row(), column, error.to_string()))
}

/// The variant that is spelled so, for enums that know their spellings and no way back.
pub(crate) fn variant<T: Copy>(
    row: impl Fn() -> String,
    column: &'static str,
    all: &[T],
    spelling: impl Fn(T) -> &'static str,
    value: &str,
) -> Result<T> {
    all.iter()
        .copied()
        .find(|candidate| spelling(*candidate) == value)
        .ok_or_else(|| Error::corrupt(row(), column, format!("unknown word `{value}`")))
}

/// A count that the schema keeps from being negative.
pub(crate) fn count(row: impl Fn() -> String, column: &'static str, value: i32) -> Result<u32> {
    value.try_into().map_err(|source| Error::corrupt(row(), column, Box::new(source)))
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use domain::condition::Condition;

    use super::*;

    #[test]
    fn an_unreadable_value_names_its_row_and_says_why() {
        let error = json::<Vec<Condition>>(
            || "environment dev".to_owned(),
            "conditions",
            serde_json::json!([{"type": "Ready"}]),
        )
        .unwrap_err();
        assert_eq!(error.to_string(), "environment dev: conditions cannot be read");
        assert_eq!(error.source().unwrap().to_string(), "missing field `status`");
    }
}
