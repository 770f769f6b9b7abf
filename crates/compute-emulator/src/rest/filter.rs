//! The part of the filter grammar that is modelled: `field = value`, `field != value`, `field eq regex`, `field ne regex`,
//! several of them in parentheses or joined by AND. The rest is refused, not ignored.

use serde_json::Value;

use crate::error::Error;

#[derive(Debug, Default)]
pub(crate) struct Filter(Vec<Term>);

#[derive(Debug)]
struct Term {
    field: String,
    equal: bool,
    pattern: Pattern,
}

#[derive(Debug)]
enum Pattern {
    Exactly(String),
    Matching(regex::Regex),
}

impl Filter {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let refuse = || {
            let why = "Invalid list filter expression: the emulator knows =, !=, eq, ne and AND.";
            Error::invalid("filter", text, why)
        };
        let terms = split(text).ok_or_else(refuse)?;
        terms.iter().map(|term| parse_term(term).ok_or_else(refuse)).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn admits(&self, item: &Value) -> bool {
        self.0.iter().all(|term| {
            let found =
                item.pointer(&format!("/{}", term.field.replace('.', "/"))).map(text_of).unwrap_or_default();
            let same = match &term.pattern {
                Pattern::Exactly(value) => found == *value,
                Pattern::Matching(regex) => regex.is_match(&found),
            };
            same == term.equal
        })
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The terms of `(a = b) (c = d)`, `a = b AND c = d` and `a = b`; None if they are joined in another way.
fn split(text: &str) -> Option<Vec<String>> {
    let mut terms = Vec::new();
    for part in text.split(" AND ") {
        let part = part.trim();
        if !part.starts_with('(') {
            terms.push(part.to_owned());
            continue;
        }
        let mut rest = part;
        while !rest.is_empty() {
            let (term, after) = rest.strip_prefix('(')?.split_once(')')?;
            terms.push(term.trim().to_owned());
            rest = after.trim_start();
        }
    }
    Some(terms)
}

fn parse_term(term: &str) -> Option<Term> {
    for (operator, equal, matching) in
        [(" eq ", true, true), (" ne ", false, true), ("!=", false, false), ("=", true, false)]
    {
        let Some((field, value)) = term.split_once(operator) else { continue };
        let field = field.trim();
        let named =
            !field.is_empty() && field.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        let value = unquote(value.trim())?;
        let pattern = if matching {
            Pattern::Matching(regex::Regex::new(&format!("^(?:{value})$")).ok()?)
        } else {
            // A star, a comparison or a second operator would mean something that is not modelled.
            let plain = !value.contains(['*', '=', '<', '>', '(', ')']) && !value.contains(" OR ");
            Pattern::Exactly(plain.then(|| value.to_owned())?)
        };
        return named.then(|| Term { field: field.to_owned(), equal, pattern });
    }
    None
}

fn unquote(value: &str) -> Option<&str> {
    match value.strip_prefix('"') {
        Some(inner) => inner.strip_suffix('"'),
        None => (!value.contains([' ', '"'])).then_some(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn admits_by_equality_and_pattern() {
        let item = json!({"name": "pool-a", "labels": {"env": "dev"}, "targetSize": 3});
        for filter in [
            "name=pool-a",
            "name = \"pool-a\"",
            "name != pool-b",
            "name eq pool-.*",
            "name ne pool",
            "labels.env=dev",
            "targetSize=3",
            "(name = pool-a) (labels.env = dev)",
            "name=pool-a AND labels.env=dev",
        ] {
            assert!(Filter::parse(filter).unwrap().admits(&item), "{filter}");
        }
        for filter in ["name=pool", "name eq pool", "(name=pool-a) (labels.env=prod)", "labels.team=a"] {
            assert!(!Filter::parse(filter).unwrap().admits(&item), "{filter}");
        }
    }

    #[test]
    fn refuses_what_is_not_modelled() {
        for filter in
            ["name", "name:pool*", "name=pool*", "size>3", "name=a OR name=b", "(name=a", "name eq (", "=a"]
        {
            assert!(Filter::parse(filter).is_err(), "{filter}");
        }
    }
}
