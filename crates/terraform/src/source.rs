//! The texts as given and the places in them: bytes inside, lines and characters outside.

use domain::view::import::{Position, SourceFile};

/// Longer lines are cut in an error: a megabyte on one line must not come back once per error.
const LONGEST_LINE_SHOWN: usize = 400;

/// A byte in one of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    pub(crate) file: u16,
    pub(crate) offset: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    Configuration,
    VariableValues,
}

#[derive(Debug)]
pub(crate) struct Source<'i> {
    pub(crate) name: &'i str,
    pub(crate) text: &'i str,
    /// None: neither `.tf` nor `.tfvars`.
    pub(crate) syntax: Option<Syntax>,
    line_starts: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct Sources<'i>(pub(crate) Vec<Source<'i>>);

impl<'i> Sources<'i> {
    pub(crate) fn new(files: &'i [SourceFile]) -> Self {
        Self(files.iter().map(Source::new).collect())
    }

    pub(crate) fn get(&self, at: At) -> Option<&Source<'i>> {
        self.0.get(usize::from(at.file))
    }

    pub(crate) fn position(&self, at: At) -> Option<Position> {
        let source = self.get(at)?;
        let (line, before) = source.line_before(at.offset as usize);
        Some(Position {
            file: source.name.to_owned(),
            line: saturate(line),
            column: saturate(before.chars().count() + 1),
        })
    }

    pub(crate) fn line_text(&self, at: At) -> Option<String> {
        let source = self.get(at)?;
        let (line, _) = source.line_before(at.offset as usize);
        let start = source.line_starts.get(line - 1).copied()?;
        let text = source.text.get(start..)?.lines().next().unwrap_or_default();
        Some(match text.char_indices().nth(LONGEST_LINE_SHOWN) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_owned(),
        })
    }
}

impl<'i> Source<'i> {
    fn new(file: &'i SourceFile) -> Self {
        // Editors on Windows put a byte order mark there; Terraform reads over it as well.
        let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
        let syntax = if file.name.ends_with(".tfvars") {
            Some(Syntax::VariableValues)
        } else if file.name.ends_with(".tf") {
            Some(Syntax::Configuration)
        } else {
            None
        };
        let line_starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(newline, _)| newline + 1)).collect();
        Self { name: &file.name, text, syntax, line_starts }
    }

    /// The line's number from 1, and what stands in it before the byte.
    fn line_before(&self, offset: usize) -> (usize, &'i str) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_starts.partition_point(|&start| start <= offset).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or_default();
        (line, self.text.get(start..offset).unwrap_or_default())
    }

    /// The line's number from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.line_before(offset).0
    }
}

fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_end_before_their_ending() {
        let files =
            [SourceFile { name: "a.tf".to_owned(), text: "\u{feff}x = \"é\" # y\r\nz\n".to_owned() }];
        let sources = Sources::new(&files);
        let at = |offset| At { file: 0, offset };
        let place = |offset| sources.position(at(offset)).map(|place| (place.line, place.column));
        assert_eq!(place(0), Some((1, 1)));
        assert_eq!(place(9), Some((1, 9)), "the two bytes of é are one column");
        assert_eq!(place(6), Some((1, 6)), "inside é is at é");
        assert_eq!(place(14), Some((2, 1)));
        assert_eq!(place(999), Some((3, 1)), "past the end is the end");
        assert_eq!(sources.line_text(at(3)).as_deref(), Some("x = \"é\" # y"));
        assert_eq!(sources.line_text(at(14)).as_deref(), Some("z"));
        assert_eq!(sources.position(At { file: 1, offset: 0 }), None);
    }
}
