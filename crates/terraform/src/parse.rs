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
            let (before, rest) = source.text.split_at_checked(offset).unwrap_or((source.text, ""));
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            let line_before = before.get(line_start..).unwrap_or_default();
            report.push(at(offset), explain(error.message(), line_before, rest));
            None
        }
    }
}

/// `before` is the line up to the error, `rest` the whole text from there on.
fn explain(message: &str, before: &str, rest: &str) -> String {
    let found = found(rest);
    let name = word(before.trim_start());
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
    if message.starts_with("invalid escape sequence") {
        let written = before.rfind('\\').and_then(|from| before.get(from..)).unwrap_or("\\");
        return format!("`{written}` is no escape sequence: write `\\\\` for a backslash itself");
    }
    if message.starts_with("invalid expression") && before.trim_end().ends_with('=') && !name.is_empty() {
        return format!("`{name}` needs a value after its `=`, found {found}");
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
        "expected `{`" if !name.is_empty() => {
            format!(
                "`{name}` needs `=` before its value, or, if it is a block, `{{` after its labels; found {found}"
            )
        }
        "unexpected token" => format!("not expected here: {found}"),
        other => format!("{other}; found {found}"),
    }
}

fn word(text: &str) -> String {
    text.chars().take_while(|&c| c.is_alphanumeric() || c == '_' || c == '-').take(40).collect()
}

fn found(rest: &str) -> String {
    let word = word(rest);
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
        assert_eq!(
            explain("expected `]`", "a = [\"a\" ", "\"b\"]"),
            "`,` or `]` must follow the item before; found `\"`"
        );
        assert_eq!(explain("unexpected token", "", ""), "not expected here: the end of the file");
        assert_eq!(
            explain("unexpected token", "", "\u{1}"),
            "not expected here: the control character U+0001"
        );
        assert!(explain("invalid expression; expected letter", "a = ", "'dev'").contains("double quotes"));
    }
}
