//! The part of docs/benchmarks.md that a run writes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::figures::Row;
use super::machine::Machine;
use super::table;

const BEGIN: &str = "<!-- measured: `cargo xtask bench --write` renews what follows -->\n";
const END: &str = "<!-- /measured -->\n";

pub(crate) fn renew(file: &Path, machine: &Machine, rows: &[Row]) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
    let measured = format!("{machine}\n\n{}\n", table::markdown(rows));
    let renewed = replaced(&text, &measured)
        .with_context(|| format!("{} has lost the marks around its table", file.display()))?;
    fs::write(file, renewed).with_context(|| format!("could not write {}", file.display()))
}

/// The text with this between the marks; None where they are not both there.
fn replaced(text: &str, measured: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{measured}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn only_what_is_between_the_marks_is_renewed() {
        let text = format!("# Title\n{BEGIN}old\n{END}rest\n");
        let renewed = replaced(&text, "new\n").unwrap();
        assert_eq!(renewed, format!("# Title\n{BEGIN}new\n{END}rest\n"));
        assert_eq!(replaced(&renewed, "new\n").unwrap(), renewed);
        assert_eq!(replaced("# Title\n", "new\n"), None);
    }

    #[test]
    fn the_document_has_the_marks() {
        let text = fs::read_to_string(workspace::root().join("docs/benchmarks.md")).unwrap();
        assert!(replaced(&text, "new\n").is_some());
    }
}
