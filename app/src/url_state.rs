//! The state of a view in the query of its address, decoded exactly once.
//! The router's own query map decodes twice, so that `%2525` and `+` arrive wrong; pages use this instead.

use std::fmt;

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};

/// The pairs of a query, in their order. Defaults are left out by whoever builds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// `raw` is what stands after the `?`. What is no valid escape is kept as it stands.
    pub fn parse(raw: &str) -> Self {
        let pairs = raw.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(name), decode(value))
                })
                .collect(),
        )
    }

    /// What a form sends as its body; browsers break its lines their own way.
    #[cfg(feature = "ssr")]
    pub fn parse_form(body: &str) -> Self {
        let mut form = Self::parse(body);
        for (_, value) in &mut form.0 {
            *value = value.replace("\r\n", "\n");
        }
        form
    }

    /// The first value of the name; an empty value counts as absent, as forms send empty fields.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Every value of the name, as boxes to tick send them.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All of it, in its order.
    #[cfg(feature = "ssr")]
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }

    /// Whether the name was sent at all.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// The same query with one name set, or without it.
    #[must_use]
    pub fn with(mut self, name: &str, value: Option<&str>) -> Self {
        self.0.retain(|(key, _)| key != name);
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.0.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// The path with this query behind it.
    pub fn on(&self, path: &str) -> String {
        if self.0.is_empty() { path.to_owned() } else { format!("{path}?{self}") }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("&")?;
            }
            f.write_str(&encode(name))?;
            if !value.is_empty() {
                write!(f, "={}", encode(value))?;
            }
        }
        Ok(())
    }
}

/// The query of the present address.
pub fn use_query() -> Memo<Query> {
    let search = use_location().search;
    Memo::new(move |_| search.with(|raw| Query::parse(raw)))
}

/// For a path's segment or a query's part: everything but letters, digits and a few marks that both allow.
pub fn encode(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b',' => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    out
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |offset: usize| {
            bytes.get(at + offset).and_then(|byte| char::from(*byte).to_digit(16)).map(|digit| digit as u8)
        };
        match bytes[at] {
            b'+' => out.push(b' '),
            b'%' => match (hex(1), hex(2)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    at += 2;
                }
                _ => out.push(b'%'),
            },
            byte => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["a b", "50%", "%25", "a+b", "é&=?#/", "state:failed age>2h", "%zz", "100%2", "\u{1f600}"]
        {
            let query = Query::default().with("q", Some(text)).with("other", Some("x"));
            let read = Query::parse(&query.to_string());
            assert_eq!(read.get("q"), Some(text), "{query}");
            assert_eq!(read.get("other"), Some("x"));
        }
    }

    #[test]
    fn a_name_may_have_many_values() {
        let query = Query::parse("vm=a&verb=restart&vm=b");
        assert_eq!(query.all("vm").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(query.all("ghost").count(), 0);
    }

    #[test]
    fn a_value_is_decoded_once() {
        assert_eq!(Query::parse("q=%2525").get("q"), Some("%25"));
    }

    #[test]
    fn what_forms_and_people_write_is_read() {
        let query = Query::parse("?q=a+b&flag&empty=&broken=%4");
        assert_eq!(query.get("q"), Some("a b"));
        assert_eq!(query.get("flag"), None);
        assert_eq!(query.get("empty"), None);
        assert_eq!(query.get("broken"), Some("%4"));
    }

    #[test]
    fn defaults_are_left_out() {
        let query = Query::parse("environment=dev&state=ill");
        assert_eq!(query.clone().with("state", None).on("/instances"), "/instances?environment=dev");
        assert_eq!(query.with("state", None).with("environment", Some("")).on("/"), "/");
    }

    #[test]
    fn bytes_that_are_no_text_do_not_stop_it() {
        assert_eq!(Query::parse("q=%ff").get("q"), Some("\u{fffd}"));
    }
}
