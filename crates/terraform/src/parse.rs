//! From text to a syntax tree with positions. The words of the parser's errors are made a person's here.

use hcl_edit::structure::Body;

use crate::{
    brackets,
    report::Report,
    source::{At, Source},
};

/// None after an error was reported.
pub(crate) fn parse(source: &Source<'_>, file: u16, report: &mut Report) -> Option<Body> {
    let at = |offset: usize| At { file, offset: u32::try_from(offset).unwrap_or(u32::MAX) };
    if let Err(fault) = brackets::check(source) {
        report.push(at(fault.offset), fault.message);
        return None;
    }
    match hcl_edit::parser::parse_body(source.text) {
        Ok(body) => Some(body),
        Err(error) => {
            let offset = error.location().offset();
            let rest = source.text.get(offset..).unwrap_or_default();
            report.push(at(offset), explain(error.message(), rest));
            None
        }
    }
}

/// `rest` is the text from the error on.
fn explain(message: &str, rest: &str) -> String {
    let found = found(rest);
    if message.contains("redefined attribute") {
        return format!("{found} is set twice in one block: remove one of them");
    }
    if message.contains("redefined object key") {
        return format!("{found} is set twice between the same braces: remove one of them");
    }
    if message.contains("nested levels") || message.contains("chained binary") {
        return format!("too deeply nested: {message}");
    }
    if rest.starts_with('\'') {
        return "strings are written in double quotes: `\"…\"`".to_owned();
    }
    if message.starts_with("invalid expression") {
        return format!("a value is expected here, found {found}");
    }
    if message.starts_with("invalid structure") {
        return format!("`=` and a value, or `{{` and a block, must follow the name before; found {found}");
    }
    if message.starts_with("invalid object value assignment") {
        return format!("`=` and a value must follow the key before; found {found}");
    }
    if message.starts_with("invalid object item") {
        return format!("a new line, `,` or `}}` must follow the value before; found {found}");
    }
    if message.starts_with("invalid block body") {
        return format!("each attribute of a block stands on its own line; found {found}");
    }
    match message {
        "expected `]`" => format!("`,` or `]` must follow the item before; found {found}"),
        "expected `)`" => format!("`,` or `)` must follow the value before; found {found}"),
        "unexpected token" => format!("not expected here: {found}"),
        other => format!("{other}; found {found}"),
    }
}

fn found(rest: &str) -> String {
    let word: String =
        rest.chars().take_while(|&c| c.is_alphanumeric() || c == '_' || c == '-').take(40).collect();
    match rest.chars().next() {
        None => "the end of the file".to_owned(),
        Some('\n' | '\r') => "the end of the line".to_owned(),
        Some(_) if !word.is_empty() => format!("`{word}`"),
        Some(c) if c.is_control() => format!("the control character U+{:04X}", u32::from(c)),
        Some(c) => format!("`{c}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parsers_words_become_a_persons() {
        assert_eq!(explain("expected `]`", "\"b\"]"), "`,` or `]` must follow the item before; found `\"`");
        assert_eq!(explain("unexpected token", ""), "not expected here: the end of the file");
        assert_eq!(explain("unexpected token", "\u{1}"), "not expected here: the control character U+0001");
        assert!(explain("invalid expression; expected letter", "'dev'").contains("double quotes"));
    }
}
