//! The errors found so far, in the order of the text, and how one looks in a terminal.

use std::fmt::Write as _;

use domain::view::import::ImportError;

use crate::source::{At, Sources};

/// A person repairs a few at a time; one cause may show at every place that uses it.
const MOST_ERRORS: usize = 50;

#[derive(Debug, Default)]
pub(crate) struct Report {
    errors: Vec<(Option<At>, String)>,
}

impl Report {
    pub(crate) fn push(&mut self, at: impl Into<Option<At>>, message: impl Into<String>) {
        let error = (at.into(), message.into());
        if self.errors.len() < MOST_ERRORS && !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// Where to return to when an attempt may fail without harm, as in `try(…)`.
    pub(crate) fn mark(&self) -> usize {
        self.errors.len()
    }

    /// Whether anything was reported since; it is forgotten.
    pub(crate) fn forget_since(&mut self, mark: usize) -> bool {
        let failed = self.errors.len() > mark;
        self.errors.truncate(mark);
        failed
    }

    pub(crate) fn into_errors(mut self, sources: &Sources<'_>) -> Vec<ImportError> {
        self.errors.sort_by_key(|(at, _)| *at);
        self.errors
            .into_iter()
            .map(|(at, message)| ImportError {
                message,
                position: at.and_then(|at| sources.position(at)),
                line_text: at.and_then(|at| sources.line_text(at)),
            })
            .collect()
    }
}

/// The error as a terminal shows it: the message, the place, the line and a caret below the character.
pub fn format_error(error: &ImportError) -> String {
    let mut text = format!("error: {}", error.message);
    let Some(position) = &error.position else {
        return text;
    };
    let number = position.line.to_string();
    let margin = " ".repeat(number.len());
    // Writing to a String cannot fail.
    let _ = write!(text, "\n{margin}--> {}:{}:{}", position.file, position.line, position.column);
    if let Some(line) = &error.line_text {
        let _ = write!(text, "\n{margin} |\n{number} | {line}");
        let before = position.column.saturating_sub(1) as usize;
        if before <= line.chars().count() {
            // A tab stays a tab, so that the caret stands below its character however wide tabs are.
            let indent: String =
                line.chars().take(before).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            let _ = write!(text, "\n{margin} | {indent}^");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use domain::view::import::Position;

    use super::*;

    #[test]
    fn a_caret_stands_below_the_character() {
        let error = ImportError {
            message: "`region` must be a string".to_owned(),
            position: Some(Position { file: "main.tf".to_owned(), line: 12, column: 11 }),
            line_text: Some("\tregion = 5".to_owned()),
        };
        assert_eq!(
            format_error(&error),
            "error: `region` must be a string\n  --> main.tf:12:11\n   |\n12 | \tregion = 5\n   | \t         ^"
        );
    }

    #[test]
    fn a_line_that_was_cut_has_no_caret_beyond_its_end() {
        let error = ImportError {
            message: "m".to_owned(),
            position: Some(Position { file: "main.tf".to_owned(), line: 1, column: 5000 }),
            line_text: Some("aaaa…".to_owned()),
        };
        assert!(format_error(&error).ends_with("1 | aaaa…"));
    }

    #[test]
    fn errors_come_once_in_the_order_of_the_text_and_not_without_end() {
        let mut report = Report::default();
        report.push(At { file: 0, offset: 2 }, "second");
        report.push(At { file: 0, offset: 0 }, "first");
        report.push(At { file: 0, offset: 2 }, "second");
        for number in 0..100 {
            report.push(None, format!("{number}"));
        }
        let errors = report.into_errors(&Sources(Vec::new()));
        assert_eq!(errors.len(), MOST_ERRORS);
        let last: Vec<_> = errors[MOST_ERRORS - 2..].iter().map(|error| error.message.as_str()).collect();
        assert_eq!(last, ["first", "second"]);
    }
}
