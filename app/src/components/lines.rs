//! Lists and maps as people write them into a field: one entry a line, and `key = value` a line. A value that a line
//! cannot hold as it is (line breaks, blanks at its ends, a quote first) is written as a JSON text.

use std::collections::BTreeMap;

pub fn list(items: &[String]) -> String {
    items.join("\n")
}

/// Blank lines mean nothing.
pub fn read_list(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

pub fn map(entries: &BTreeMap<String, String>) -> String {
    entries.iter().map(|(key, value)| format!("{key} = {}", written(value))).collect::<Vec<_>>().join("\n")
}

fn written(value: &str) -> String {
    if value.trim() != value || value.contains(['\n', '\r']) || value.starts_with('"') {
        serde_json::Value::from(value).to_string()
    } else {
        value.to_owned()
    }
}

/// Or which line is none, as a sentence.
pub fn read_map(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut entries = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            return Err(format!("line {number} has no `=`: write `key = value`"));
        };
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() {
            return Err(format!("line {number} has no key before its `=`"));
        }
        let value = if value.starts_with('"') {
            serde_json::from_str(value).map_err(|_| {
                format!("line {number} begins with a quote but is no JSON text: end it with one")
            })?
        } else {
            value.to_owned()
        };
        if entries.insert(key.to_owned(), value).is_some() {
            return Err(format!("line {number} says `{key}` again: keys are there once"));
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_maps_are_read_back() {
        let items = ["a b", "c"].map(str::to_owned);
        assert_eq!(read_list(&list(&items)), items);
        assert_eq!(read_list(" a \n\n b\r\n"), ["a", "b"]);
        let entries: BTreeMap<String, String> =
            [("plain", "x = y"), ("empty", ""), ("two", "a\nb"), ("blank", " a "), ("quote", "\"a\"")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into();
        assert_eq!(read_map(&map(&entries)), Ok(entries));
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        for (text, said) in [
            ("a = 1\nb", "line 2 has no `=`"),
            ("= 1", "line 1 has no key"),
            ("a = 1\n\na=2", "line 3 says `a` again"),
            ("a = \"x", "line 1 begins with a quote"),
        ] {
            let error = read_map(text).unwrap_err();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
