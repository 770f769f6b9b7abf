//! A pass over the raw text before it is parsed: what is opened is closed, nothing is nested too deeply and no object
//! is too long. It says where the opening one is, which a parser at the end of the text cannot; and it keeps
//! the parser's recursion and its quadratic search for repeated keys within bounds.

use crate::source::Source;

/// Real fleets need about ten; the parser's own limit is 64.
const DEEPEST: usize = 40;

/// Entries between one pair of braces. The parser compares each key with each one before.
const LONGEST_OBJECT: usize = 512;

#[derive(Debug)]
enum Frame<'i> {
    /// `{`, `[` or `(`, and how many entries are in it so far.
    Bracket {
        open: u8,
        at: usize,
        entries: usize,
    },
    /// `${` or `%{`, closed by `}`.
    Template {
        at: usize,
    },
    Quote {
        at: usize,
    },
    Heredoc {
        delimiter: &'i str,
        at: usize,
    },
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) offset: usize,
    pub(crate) message: String,
}

fn fault(offset: usize, message: impl Into<String>) -> Fault {
    Fault { offset, message: message.into() }
}

pub(crate) fn check(source: &Source<'_>) -> Result<(), Fault> {
    Scanner { source, bytes: source.text.as_bytes(), at: 0, frames: Vec::new() }.run()
}

struct Scanner<'s, 'i> {
    source: &'s Source<'i>,
    bytes: &'i [u8],
    at: usize,
    frames: Vec<Frame<'i>>,
}

impl<'i> Scanner<'_, 'i> {
    fn run(mut self) -> Result<(), Fault> {
        while self.at < self.bytes.len() {
            match self.frames.last() {
                Some(&Frame::Quote { at }) => self.quoted(at)?,
                Some(&Frame::Heredoc { delimiter, .. }) => self.heredoc(delimiter)?,
                _ => self.code()?,
            }
        }
        match self.frames.last() {
            None => Ok(()),
            Some(Frame::Bracket { open, at, .. }) => {
                let (open, close) = (char::from(*open), closing(*open));
                Err(fault(*at, format!("this `{open}` is never closed: add `{close}`")))
            }
            Some(Frame::Template { at }) => Err(unclosed_template(*at)),
            Some(Frame::Quote { at }) => Err(self.unclosed_quote(*at)),
            Some(Frame::Heredoc { at, delimiter }) => Err(fault(
                *at,
                format!("this text is never closed: put `{delimiter}` on a line of its own at its end"),
            )),
        }
    }

    fn rest(&self) -> &'i [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, frame: Frame<'i>) -> Result<(), Fault> {
        if self.frames.len() >= DEEPEST {
            return Err(fault(self.at, format!("nested more than {DEEPEST} levels deep: flatten it")));
        }
        self.frames.push(frame);
        Ok(())
    }

    fn code(&mut self) -> Result<(), Fault> {
        let at = self.at;
        let rest = self.rest();
        match rest {
            [b'#', ..] | [b'/', b'/', ..] => self.at += until(rest, b"\n").unwrap_or(rest.len()),
            [b'/', b'*', inner @ ..] => {
                let Some(end) = until(inner, b"*/") else {
                    return Err(fault(at, "this comment is never closed: add `*/`"));
                };
                self.at += end + 4;
            }
            [b'"', ..] => {
                self.push(Frame::Quote { at })?;
                self.at += 1;
            }
            [b'<', b'<', ..] => self.heredoc_start()?,
            [open @ (b'{' | b'[' | b'('), ..] => {
                self.push(Frame::Bracket { open: *open, at, entries: 0 })?;
                self.at += 1;
            }
            [close @ (b'}' | b']' | b')'), ..] => {
                self.close(*close)?;
                self.at += 1;
            }
            // Comparisons and `=>` assign nothing.
            [b'=', b'=' | b'>', ..] | [b'!' | b'<' | b'>', b'=', ..] => self.at += 2,
            [b'=' | b':', ..] => {
                if let Some(Frame::Bracket { open: b'{', entries, at: opened }) = self.frames.last_mut()
                    && !opens_block(self.source.text.get(..*opened).unwrap_or_default())
                {
                    *entries += 1;
                    if *entries > LONGEST_OBJECT {
                        return Err(fault(
                            at,
                            format!("more than {LONGEST_OBJECT} entries between two braces"),
                        ));
                    }
                }
                self.at += 1;
            }
            // Words, numbers and white space, which most of a text is, in one go.
            _ => self.at += 1 + run(rest, |byte| byte.is_ascii_alphanumeric() || b" \n\t_,.".contains(&byte)),
        }
        Ok(())
    }

    fn close(&mut self, close: u8) -> Result<(), Fault> {
        let here = self.at;
        let close_text = char::from(close);
        match self.frames.pop() {
            Some(Frame::Template { .. }) if close == b'}' => Ok(()),
            Some(Frame::Bracket { open, .. }) if closing(open) == close_text => Ok(()),
            Some(Frame::Bracket { open, at, .. }) => Err(fault(
                here,
                format!(
                    "expected `{}` here, found `{close_text}`: the `{}` of line {} is still open",
                    closing(open),
                    char::from(open),
                    self.source.line(at),
                ),
            )),
            Some(Frame::Template { at }) => Err(fault(
                here,
                format!(
                    "expected `}}` here, found `{close_text}`: the interpolation of line {} is still open",
                    self.source.line(at)
                ),
            )),
            Some(Frame::Quote { .. } | Frame::Heredoc { .. }) | None => {
                Err(fault(here, format!("this `{close_text}` closes nothing: remove it")))
            }
        }
    }

    fn quoted(&mut self, opened: usize) -> Result<(), Fault> {
        match self.rest() {
            [b'"', ..] => {
                self.frames.pop();
                self.at += 1;
            }
            [b'\n', ..] => return Err(self.unclosed_quote(opened)),
            [b'\\', b'\n', ..] => self.at += 1,
            [b'\\', _, ..] => self.at += 2,
            _ => self.text()?,
        }
        Ok(())
    }

    /// What a quoted text and a heredoc have in common.
    fn text(&mut self) -> Result<(), Fault> {
        match self.rest() {
            [b'$', b'$', b'{', ..] | [b'%', b'%', b'{', ..] => self.at += 3,
            [b'$' | b'%', b'{', ..] => {
                self.push(Frame::Template { at: self.at })?;
                self.at += 2;
            }
            rest => self.at += 1 + run(rest, |byte| !b"\"\\\n$%".contains(&byte)),
        }
        Ok(())
    }

    fn unclosed_quote(&self, at: usize) -> Fault {
        // In `"${x"` the second quote opens a string within the interpolation, which is what lacks its end.
        if let [.., Frame::Template { at }, Frame::Quote { .. }] = self.frames.as_slice() {
            return unclosed_template(*at);
        }
        fault(
            at,
            "this string is not closed on its line: add `\"` (a text over several lines is written `<<-EOT`)",
        )
    }

    fn heredoc_start(&mut self) -> Result<(), Fault> {
        let at = self.at;
        let skipped = if self.rest().starts_with(b"<<-") { 3 } else { 2 };
        let line_end = self.at + until(self.rest(), b"\n").unwrap_or(self.rest().len());
        let delimiter =
            self.source.text.get(at + skipped..line_end).unwrap_or_default().trim_end_matches('\r');
        let is_word = delimiter.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        if delimiter.is_empty() || !is_word {
            return Err(fault(
                at,
                "`<<` starts a text over several lines: a name such as `EOT` must follow, alone",
            ));
        }
        self.push(Frame::Heredoc { delimiter, at })?;
        // On the line's end, so that an empty text's end is found as any other.
        self.at = line_end;
        Ok(())
    }

    fn heredoc(&mut self, delimiter: &str) -> Result<(), Fault> {
        let Some(after_newline) = self.rest().strip_prefix(b"\n") else {
            return self.text();
        };
        let indent = after_newline.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count();
        let start = self.at + 1 + indent;
        let line = self.source.text.get(start..).unwrap_or_default();
        let ends = line
            .strip_prefix(delimiter)
            .is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-'));
        if ends {
            self.frames.pop();
            self.at = start + delimiter.len();
        } else {
            self.at += 1;
        }
        Ok(())
    }
}

fn unclosed_template(at: usize) -> Fault {
    fault(at, "this interpolation is never closed: add `}`, or write `$${` for a plain `${`")
}

/// After a name or a label comes a block, whose attributes the parser finds by hash.
fn opens_block(before: &str) -> bool {
    before.trim_end().ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '"'))
}

const fn closing(open: u8) -> char {
    match open {
        b'{' => '}',
        b'[' => ']',
        _ => ')',
    }
}

/// How many bytes after the first are of the kind.
fn run(bytes: &[u8], of_the_kind: impl Fn(u8) -> bool) -> usize {
    bytes.iter().skip(1).take_while(|&&byte| of_the_kind(byte)).count()
}

fn until(bytes: &[u8], end: &[u8]) -> Option<usize> {
    bytes.windows(end.len()).position(|window| window == end)
}

#[cfg(test)]
mod tests {
    use domain::view::import::SourceFile;

    use super::*;
    use crate::source::Sources;

    fn checked(text: &str) -> Result<(), (usize, String)> {
        let files = [SourceFile { name: "a.tf".to_owned(), text: text.to_owned() }];
        check(&Sources::new(&files).0[0]).map_err(|fault| (fault.offset, fault.message))
    }

    #[test]
    fn brackets_within_texts_and_comments_count_for_nothing() {
        let text = "a = \"[ ${f(\"{\")} $${ \\\" %%{ \" # {\n// [\n/* ( */\nb = <<-EOT\n  } EOTX ${ {a = 1} }\n  EOT\n";
        assert_eq!(checked(text), Ok(()));
        assert_eq!(checked("a = <<EOT\r\nEOT\r\nb = [1]\r\n"), Ok(()));
        assert_eq!(checked(""), Ok(()));
    }

    #[test]
    fn each_fault_is_told_at_its_opening() {
        for (text, offset, part) in [
            ("a = [1", 4, "`[` is never closed"),
            ("a = [{ b = 1 ]", 13, "expected `}` here, found `]`: the `{` of line 1"),
            ("a = ]", 4, "closes nothing"),
            ("a = \"x\nb = 1", 4, "not closed on its line"),
            ("a = \"${x\"\n", 5, "interpolation"),
            ("a = \"${x", 5, "interpolation"),
            ("a = \"${x]\"", 8, "expected `}`"),
            ("a = <<EOT\nx\n", 4, "put `EOT`"),
            ("a = << EOT\nx\n", 4, "must follow"),
            ("/* a", 0, "comment"),
        ] {
            let (found, message) = checked(text).unwrap_err();
            assert!(found == offset && message.contains(part), "{text}: {found} {message}");
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        assert_eq!(checked(&format!("a = {}{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST))), Ok(()));
        let (_, message) = checked(&format!("a = {}", "[".repeat(DEEPEST + 1))).unwrap_err();
        assert!(message.contains("40 levels"), "{message}");
        let entries = |count: usize| format!("a = {{{}}}", "b = 1 == 1\n".repeat(count));
        assert_eq!(checked(&entries(LONGEST_OBJECT)), Ok(()));
        assert!(checked(&entries(LONGEST_OBJECT + 1)).is_err());
        assert_eq!(checked(&format!("locals {{\n{}}}", "b = 1\n".repeat(LONGEST_OBJECT + 1))), Ok(()));
    }
}
