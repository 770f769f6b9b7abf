//! The rows of one page as they travel: a text for each column instead of an object for each row. Names of fields are not repeated,
//! and a cell says only where it begins to differ from the one above it: of fifty instances of a pool, names differ by a letter or two.
//!
//! A cell ends with a comma. An empty one is the same as the one above. Any other begins with how many characters it shares with that
//! one, as a digit of base 36, and goes on with the rest; within the rest `~0` is a tilde and `~1` a comma, as in a JSON Pointer.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{ChangeId, Timestamp, agent::AgentState, audit::AuditAction};

const BASE: u32 = 36;

/// What a column can hold.
pub(super) trait Cell: Sized {
    fn written(&self) -> String;

    /// None: it is no such thing.
    fn read(text: &str) -> Option<Self>;
}

impl Cell for String {
    fn written(&self) -> String {
        self.clone()
    }

    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl<T: Cell> Cell for Option<T> {
    fn written(&self) -> String {
        self.as_ref().map_or_else(String::new, |value| format!("={}", value.written()))
    }

    fn read(text: &str) -> Option<Self> {
        match text.strip_prefix('=') {
            Some(value) => T::read(value).map(Some),
            None => text.is_empty().then_some(None),
        }
    }
}

impl Cell for i64 {
    fn written(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Cell for Timestamp {
    /// ISO 8601 with all decimals that there are.
    fn written(&self) -> String {
        format!("{self:?}")
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Cell for ChangeId {
    fn written(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Cell for AgentState {
    fn written(&self) -> String {
        self.as_str().to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

impl Cell for AuditAction {
    fn written(&self) -> String {
        self.as_str().to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// What travels by its columns; [`columns`] says which.
pub(super) trait Row: Sized {
    const COLUMNS: usize;

    fn write(rows: &[Self]) -> Vec<String>;

    /// As many columns as there are. None: they are no such rows.
    fn read(columns: &[String]) -> Option<Vec<Self>>;
}

/// Makes a [`Row`] of a struct, a column a field.
macro_rules! columns {
    ($row:ty: $($field:ident)+) => {
        impl $crate::view::columns::Row for $row {
            const COLUMNS: usize = [$(stringify!($field)),+].len();

            fn write(rows: &[Self]) -> Vec<String> {
                vec![$($crate::view::columns::write(rows.iter().map(|row| &row.$field))),+]
            }

            fn read(columns: &[String]) -> Option<Vec<Self>> {
                let [$($field),+] = columns else { return None };
                $(let mut $field = $crate::view::columns::read($field)?.into_iter();)+
                let row = || Some(Self { $($field: $field.next()?),+ });
                Some(std::iter::from_fn(row).collect())
            }
        }
    };
}
pub(super) use columns;

pub(super) fn write<'a, T: Cell + 'a>(cells: impl Iterator<Item = &'a T>) -> String {
    let (mut column, mut above) = (String::new(), String::new());
    for cell in cells {
        let text = cell.written();
        if text != above {
            let most = BASE as usize - 1;
            let shared = text.chars().zip(above.chars()).take_while(|(one, other)| one == other).count();
            let shared = shared.min(most);
            column.extend(char::from_digit(shared as u32, BASE));
            for letter in text.chars().skip(shared) {
                match letter {
                    '~' => column.push_str("~0"),
                    ',' => column.push_str("~1"),
                    other => column.push(other),
                }
            }
            above = text;
        }
        column.push(',');
    }
    column
}

pub(super) fn read<T: Cell>(column: &str) -> Option<Vec<T>> {
    let mut above = String::new();
    let cell = |own: &str| {
        let mut letters = own.chars();
        if let Some(digit) = letters.next() {
            let shared = digit.to_digit(BASE)? as usize;
            let rest = letters.as_str().replace("~1", ",").replace("~0", "~");
            above = above.chars().take(shared).chain(rest.chars()).collect();
        }
        T::read(&above)
    };
    column.split_terminator(',').map(cell).collect()
}

/// For `#[serde(with = "columns")]`.
pub(super) fn serialize<T: Row, S: Serializer>(rows: &[T], serializer: S) -> Result<S::Ok, S::Error> {
    T::write(rows).serialize(serializer)
}

pub(super) fn deserialize<'de, T: Row, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let columns = Vec::<String>::deserialize(deserializer)?;
    T::read(&columns).ok_or_else(|| D::Error::custom(format!("{} columns of one page's rows", T::COLUMNS)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cell_says_where_it_begins_to_differ() {
        let names =
            ["agent-web-x7k2", "agent-web-x7k9", "agent-web-x7k9", "", "a,b~c", "a,b~"].map(str::to_owned);
        let column = write(names.iter());
        assert_eq!(column, "0agent-web-x7k2,d9,,0,0a~1b~0c,4,");
        assert_eq!(read::<String>(&column).unwrap(), names);
        assert_eq!(read::<String>(""), Some(Vec::new()));
        let addresses = [None, Some("10.0.0.2".to_owned()), Some(String::new()), None];
        let column = write(addresses.iter());
        assert_eq!(column, ",0=10.0.0.2,1,0,");
        assert_eq!(read::<Option<String>>(&column).unwrap(), addresses);
    }

    #[test]
    fn what_is_no_such_column_is_refused() {
        assert_eq!(read::<String>("-web,"), None, "it begins with no digit");
        assert_eq!(read::<i64>("012,0x,"), None);
        assert_eq!(read::<AgentState>("0well,"), None);
        assert_eq!(read::<Option<String>>("0web,"), None);
    }

    proptest! {
        #[test]
        fn texts_are_read_as_they_were_written(
            texts in prop::collection::vec(prop_oneof!["[ab,~]{0,5}", "a{30,40}[bc]{0,2}", any::<String>()], 0..9)
        ) {
            prop_assert_eq!(read::<String>(&write(texts.iter())), Some(texts.clone()));
            let some: Vec<Option<String>> =
                texts.into_iter().map(|text| Some(text).filter(|text| text.len() != 2)).collect();
            prop_assert_eq!(read::<Option<String>>(&write(some.iter())), Some(some));
        }

        #[test]
        fn numbers_and_moments_are_read_as_they_were_written(
            numbers in prop::collection::vec(any::<i64>(), 0..9),
            moments in prop::collection::vec((0_i64..250_000_000_000, 0_u32..1_000_000_000), 0..9),
        ) {
            prop_assert_eq!(read::<i64>(&write(numbers.iter())), Some(numbers));
            let moments: Vec<Timestamp> =
                moments.into_iter().filter_map(|(at, nanos)| Timestamp::from_timestamp(at, nanos)).collect();
            prop_assert_eq!(read::<Timestamp>(&write(moments.iter())), Some(moments));
        }

        #[test]
        fn whatever_comes_is_read_or_refused(column in any::<String>()) {
            let _ = read::<String>(&column);
            let _ = read::<Option<Timestamp>>(&column);
        }
    }
}
