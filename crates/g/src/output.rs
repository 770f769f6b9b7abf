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

/// As it is: programs read what was written.
pub(crate) fn json(value: &Value) -> Result<(), Failure> {
    put(&format!("{}\n", serde_json::to_string_pretty(value)?))
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

/// What a terminal may have of a text that others wrote, as a reason or a message of Compute Engine: control characters, which
/// could move its cursor, are shown as marks. Lines stay lines.
fn plain(text: &str) -> String {
    text.replace(|mark: char| mark.is_control() && !matches!(mark, '\n' | '\t'), "\u{fffd}")
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

/// A line with a name before it; none where there is nothing to say. Control characters become spaces.
pub(crate) fn fact(name: &str, value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    format!("{name:<12}{}\n", value.replace(char::is_control, " "))
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

/// Columns as wide as their widest cell. Control characters, which could move a terminal's cursor, are shown as marks.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let clean = |cell: &str| -> String {
        cell.chars().map(|mark| if mark.is_control() { '\u{fffd}' } else { mark }).collect()
    };
    let mut lines: Vec<Vec<String>> = vec![head.iter().map(|name| (*name).to_owned()).collect()];
    lines.extend(rows.iter().map(|row| row.iter().map(|cell| clean(cell)).collect()));
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
        let drawn = table(&["A"], &[vec!["x\u{1b}[2J\ny".to_owned()]]);
        assert!(!drawn.contains('\u{1b}') && drawn.lines().count() == 2, "{drawn:?}");
    }
}
