//! A code, as a link to where docs/errors.md explains it.

use leptos::prelude::*;

use crate::routes;

pub fn code_link(code: impl Into<String>) -> AnyView {
    linked(code.into(), "muted")
}

/// The same in small print, where a muted link would look like the words around it.
pub fn code_in_print(code: impl Into<String>) -> AnyView {
    linked(code.into(), "link")
}

fn linked(code: String, class: &'static str) -> AnyView {
    let meaning = routes::error_code(&code);
    view! {
        <a class=class href=meaning rel="external">
            <code>{code}</code>
        </a>
    }
    .into_any()
}

/// A text whose code in brackets, where it has one, is a link: `its votes do not verify (evidence_invalid)`.
pub fn with_code_link(text: &str) -> AnyView {
    let Some((before, code, after)) = parts(text) else { return text.to_owned().into_any() };
    let (before, code, after) = (format!("{before} ("), code_link(code), format!("){after}"));
    view! {
        {before}
        {code}
        {after}
    }
    .into_any()
}

/// What stands before the first code in brackets, the code, and what follows. A code has two words at least: one alone may be
/// anything.
fn parts(text: &str) -> Option<(&str, &str, &str)> {
    let is_code =
        |word: &str| word.contains('_') && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    text.match_indices(" (").find_map(|(at, mark)| {
        let (code, after) = text[at + mark.len()..].split_once(')')?;
        is_code(code).then(|| (&text[..at], code, after))
    })
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn a_code_in_brackets_is_found_and_nothing_else_is() {
        let refused = "Its bytes are not what was digested: a (b) c (bytes_mismatch).";
        let expected = ("Its bytes are not what was digested: a (b) c", "bytes_mismatch", ".");
        assert_eq!(parts(refused), Some(expected));
        assert_eq!(parts("no event (not_claimed)"), Some(("no event", "not_claimed", "")));
        for other in
            ["", "it stops (now)", "the service says (QUOTA_EXCEEDED)", "open (not_claimed", "(not_claimed)"]
        {
            assert_eq!(parts(other), None, "{other}");
        }
    }
}
