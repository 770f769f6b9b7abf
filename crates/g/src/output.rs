//! Tables for people, JSON for programs.

use std::io::{self, Write as _};

use domain::Timestamp;
use serde_json::Value;

use crate::{cli::Output, client::Answer, failure::Failure};

/// Writes to standard output; a reader that has left is no failure.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    write(&format!("{text}\n"))
}

pub(crate) fn write(text: &str) -> Result<(), Failure> {
    put(&plain(text))
}

/// The same values: programs read what was written.
pub(crate) fn json(value: &Value) -> Result<(), Failure> {
    put(&format!("{}\n", escaped(&serde_json::to_string_pretty(value)?)))
}

/// JSON in which a terminal finds nothing to obey: serde escapes the controls of ASCII alone. Outside of strings there are none but
/// line ends, so that each may be written as JSON's own escape.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for mark in json.chars() {
        if mark != '\n' && misleads(mark) {
            // None of them is beyond U+FFFF, where an escape would be two.
            text.push_str(&format!("\\u{:04x}", u32::from(mark)));
        } else {
            text.push(mark);
        }
    }
    text
}

/// What a terminal would obey instead of showing it: controls move its cursor, and the marks that embed, override or isolate a
/// direction of writing let a text be read in another order than it has.
pub(crate) fn misleads(mark: char) -> bool {
    mark.is_control() || matches!(mark, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn put(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// A line on standard error, so that standard output stays the answer's; nothing is left to do where that is closed.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(io::stderr(), "{}", plain(text));
}

/// What a terminal may have of a text that others wrote, as a reason or a message of Compute Engine: what misleads it is shown as
/// marks. Lines stay lines.
fn plain(text: &str) -> String {
    text.replace(|mark: char| misleads(mark) && !matches!(mark, '\n' | '\t'), "\u{fffd}")
}

/// The same of what stands within one line.
pub(crate) fn one_line(text: &str) -> String {
    text.replace(misleads, "\u{fffd}")
}

/// The answer as it came, or what `draw` makes of it.
pub(crate) fn show(
    output: Output,
    answer: &Answer,
    draw: impl FnOnce() -> Result<String, Failure>,
) -> Result<(), Failure> {
    match output {
        Output::Json => json(&answer.value),
        Output::Table => write(&draw()?),
    }
}

/// A line with a name before it; none where there is nothing to say. What misleads a terminal becomes spaces.
pub(crate) fn fact(name: &str, value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    format!("{name:<12}{}\n", value.replace(misleads, " "))
}

pub(crate) fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `1 VM`, `2 VMs`.
pub(crate) fn vms(count: impl Into<u64>) -> String {
    match count.into() {
        1 => "1 VM".to_owned(),
        count => format!("{count} VMs"),
    }
}

/// Columns as wide as their widest cell. What misleads a terminal is shown as marks.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut lines: Vec<Vec<String>> = vec![head.iter().map(|name| (*name).to_owned()).collect()];
    lines.extend(rows.iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()));
    let widths: Vec<usize> = (0..head.len())
        .map(|column| {
            lines
                .iter()
                .filter_map(|line| line.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for line in &lines {
        let mut drawn = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            let missing = width.saturating_sub(cell.chars().count());
            drawn.push_str(cell);
            drawn.push_str(&" ".repeat(missing + 2));
        }
        text.push_str(drawn.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            vec!["web".to_owned(), "2 of 3".to_owned()],
            vec!["a-long-name".to_owned(), "1 of 1".to_owned()],
        ];
        let expected = "POOL         VMS\nweb          2 of 3\na-long-name  1 of 1\n";
        assert_eq!(table(&["POOL", "VMS"], &rows), expected);
    }

    #[test]
    fn a_text_has_lines_and_moves_no_cursor() {
        assert_eq!(plain("a\n\tb"), "a\n\tb");
        assert_eq!(plain("no\u{1b}[2J, \u{9b}2Jno\r"), "no\u{fffd}[2J, \u{fffd}2Jno\u{fffd}");
        assert_eq!(plain("web\u{202e}dorp\u{2066}"), "web\u{fffd}dorp\u{fffd}");
        assert_eq!(plain("Zürich, עברית"), "Zürich, עברית", "a script that is written leftwards is a text");
    }

    #[test]
    fn json_moves_no_cursor_and_has_the_same_values() {
        let value = serde_json::json!({ "reason": "a\u{1b}[2J\u{7f}\n\u{85}\u{9b}2J \u{202e}b\u{2069} ü€😀", "n": 1 });
        let text = escaped(&serde_json::to_string_pretty(&value).unwrap());
        assert!(text.contains(r"\u001b[2J\u007f\n\u0085\u009b2J \u202eb\u2069 ü€😀"), "{text}");
        assert!(text.chars().all(|mark| mark == '\n' || !misleads(mark)), "{text:?}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn a_fact_is_one_line_or_none() {
        assert_eq!(fact("next", "2 VMs\ngo"), "next        2 VMs go\n");
        assert_eq!(
            (fact("next", ""), vms(1_u32), vms(2_u64)),
            (String::new(), "1 VM".to_owned(), "2 VMs".to_owned())
        );
    }

    #[test]
    fn a_cell_cannot_move_the_cursor() {
        let drawn = table(&["A"], &[vec!["x\u{1b}[2J\ny\u{202e}z".to_owned()]]);
        assert!(!drawn.contains(['\u{1b}', '\u{202e}']) && drawn.lines().count() == 2, "{drawn:?}");
    }
}
