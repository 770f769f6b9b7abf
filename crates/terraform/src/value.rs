//! What an expression comes to: a value, the place where it was written, and what is still missing in it.

use std::{collections::BTreeMap, fmt, rc::Rc};

use crate::source::At;

/// Values are shared, so that naming one twice costs nothing. `depth` bounds every walk into one.
pub(crate) const DEEPEST_VALUE: u8 = 64;

/// References that only Terraform could resolve, and where each was first written.
pub(crate) type Needs = BTreeMap<Rc<str>, At>;

#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) kind: Kind,
    pub(crate) at: At,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Flag(bool),
    Number(f64),
    Text(Rc<str>),
    /// What the user answered for a reference. A text, or JSON where something else is wanted.
    Given(Rc<Answer>),
    List(Rc<List>),
    Object(Rc<Object>),
    /// Depends on references without an answer.
    Unknown(Rc<Needs>),
    /// An error that was reported; nothing more is said about it.
    Poison,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) reference: Rc<str>,
    pub(crate) text: Rc<str>,
}

#[derive(Debug)]
pub(crate) struct List {
    pub(crate) items: Vec<Value>,
    depth: u8,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key_at: At,
    pub(crate) value: Value,
}

pub(crate) type Entries = BTreeMap<Rc<str>, Entry>;

#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) entries: Entries,
    depth: u8,
}

impl Value {
    pub(crate) const fn new(kind: Kind, at: At) -> Self {
        Self { kind, at }
    }

    pub(crate) const fn poison(at: At) -> Self {
        Self::new(Kind::Poison, at)
    }

    pub(crate) fn text(text: &str, at: At) -> Self {
        Self::new(Kind::Text(text.into()), at)
    }

    /// None where it would be too deep.
    pub(crate) fn list(items: Vec<Self>, at: At) -> Option<Self> {
        let depth = items.iter().map(Self::depth).max().unwrap_or_default() + 1;
        (depth <= DEEPEST_VALUE).then(|| Self::new(Kind::List(Rc::new(List { items, depth })), at))
    }

    /// None where it would be too deep.
    pub(crate) fn object(entries: Entries, at: At) -> Option<Self> {
        let depth = entries.values().map(|entry| entry.value.depth()).max().unwrap_or_default() + 1;
        (depth <= DEEPEST_VALUE).then(|| Self::new(Kind::Object(Rc::new(Object { entries, depth })), at))
    }

    fn depth(&self) -> u8 {
        match &self.kind {
            Kind::List(list) => list.depth,
            Kind::Object(object) => object.depth,
            _ => 0,
        }
    }

    pub(crate) const fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// As Terraform converts: numbers and booleans become texts.
    pub(crate) fn as_text(&self) -> Option<Rc<str>> {
        match &self.kind {
            Kind::Text(text) => Some(Rc::clone(text)),
            Kind::Given(answer) => Some(Rc::clone(&answer.text)),
            Kind::Number(number) => Some(number.to_string().into()),
            Kind::Flag(flag) => Some(flag.to_string().into()),
            _ => None,
        }
    }

    /// As Terraform converts: a text of digits is a number.
    pub(crate) fn as_number(&self) -> Option<f64> {
        match &self.kind {
            Kind::Number(number) => Some(*number),
            Kind::Text(text) => finite(text),
            Kind::Given(answer) => finite(&answer.text),
            _ => None,
        }
    }

    pub(crate) fn as_flag(&self) -> Option<bool> {
        let text = match &self.kind {
            Kind::Flag(flag) => return Some(*flag),
            Kind::Text(text) => text,
            Kind::Given(answer) => &answer.text,
            _ => return None,
        };
        text.parse().ok()
    }
}

fn finite(text: &str) -> Option<f64> {
    let digits = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    text.parse().ok().filter(|number: &f64| digits && number.is_finite())
}

/// As a message names it: `the string "three"`, `a list`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Null => f.write_str("null"),
            Kind::Flag(flag) => write!(f, "{flag}"),
            Kind::Number(number) => write!(f, "the number {number}"),
            Kind::Text(text) => write!(f, "the string {}", Short(text)),
            Kind::Given(answer) => {
                write!(f, "{}, which was given for `{}`", Short(&answer.text), answer.reference)
            }
            Kind::List(_) => f.write_str("a list"),
            Kind::Object(_) => f.write_str("an object"),
            Kind::Unknown(_) => f.write_str("a value that is not known yet"),
            Kind::Poison => f.write_str("a value with an error"),
        }
    }
}

/// A text in quotes, cut where it is long.
pub(crate) struct Short<'t>(pub(crate) &'t str);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: String = self.0.chars().take(40).collect();
        let more = if shown.len() < self.0.len() { "…" } else { "" };
        write!(f, "{:?}", format!("{shown}{more}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: At = At { file: 0, offset: 0 };

    #[test]
    fn scalars_convert_as_terraform_does() {
        let text = |text: &str| Value::text(text, AT);
        let number = |number| Value::new(Kind::Number(number), AT);
        assert_eq!(number(2.0).as_text().as_deref(), Some("2"));
        assert_eq!(number(0.7).as_text().as_deref(), Some("0.7"));
        assert_eq!(text("20").as_number(), Some(20.0));
        assert_eq!(text("-1.5e2").as_number(), Some(-150.0));
        for not_a_number in ["", "three", "inf", "NaN", "1e999", " 5"] {
            assert_eq!(text(not_a_number).as_number(), None, "{not_a_number}");
        }
        assert_eq!(text("true").as_flag(), Some(true));
        assert_eq!(text("yes").as_flag(), None);
        assert_eq!(Value::new(Kind::Null, AT).as_text(), None);
    }

    #[test]
    fn depth_is_bounded() {
        let mut value = Value::text("x", AT);
        for _ in 0..DEEPEST_VALUE {
            value = Value::list(vec![value.clone(), value], AT).unwrap();
        }
        assert!(Value::list(vec![value.clone()], AT).is_none());
        let entry = Entry { key_at: AT, value };
        assert!(Value::object(Entries::from([("a".into(), entry)]), AT).is_none());
    }

    #[test]
    fn long_texts_are_cut_in_messages() {
        assert_eq!(Value::text("three", AT).to_string(), "the string \"three\"");
        assert!(Value::text(&"é".repeat(100), AT).to_string().ends_with("é…\""));
    }
}
