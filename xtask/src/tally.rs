//! How many tests passed, read from what the runners print at their end.

use std::ops::AddAssign;

/// Counts of one or more runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl Tally {
    /// Adds what this line says, if it is a runner's closing line.
    pub(crate) fn read(&mut self, line: &str) {
        let line = without_colours(line);
        if let Some(counts) =
            line.trim_start().strip_prefix("Summary [").and_then(|rest| rest.split_once("run:"))
        {
            // nextest: `Summary [   1.234s] 10 tests run: 9 passed (1 slow), 1 failed, 2 skipped`
            self.add(counts.1, ',');
        } else if let Some((_, counts)) =
            line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        {
            // cargo test: `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out`. Indented it is what
            // nextest repeats of a test that failed, which its own summary counts.
            self.add(counts, ';');
        }
    }

    fn add(&mut self, counts: &str, separator: char) {
        for part in counts.split(separator) {
            let mut words = part.split_whitespace();
            let Some(count) = words.next().and_then(|word| word.parse::<u32>().ok()) else { continue };
            match words.next() {
                Some("passed") => self.passed += count,
                // nextest counts tests that ran out of time, or could not start, apart.
                Some("failed" | "timed" | "exec") => self.failed += count,
                Some("skipped" | "ignored") => self.skipped += count,
                _ => {}
            }
        }
    }

    /// Reads the comment lines at the end of node's TAP report.
    pub(crate) fn of_tap(report: &str) -> Self {
        let mut tally = Self::default();
        for line in report.lines() {
            let mut words = line.split_whitespace();
            if words.next() != Some("#") {
                continue;
            }
            let (name, count) = (words.next(), words.next().and_then(|word| word.parse::<u32>().ok()));
            match (name, count) {
                (Some("pass"), Some(count)) => tally.passed = count,
                (Some("fail" | "cancelled"), Some(count)) => tally.failed += count,
                (Some("skipped" | "todo"), Some(count)) => tally.skipped += count,
                _ => {}
            }
        }
        tally
    }

    /// The closing line, plain, as tools read it.
    pub(crate) fn closing_line(&self) -> String {
        let skipped = if self.skipped > 0 { format!(", {} skipped", self.skipped) } else { String::new() };
        format!("{} passed, {} failed{skipped}", self.passed, self.failed)
    }
}

/// The line without ANSI colour sequences (`ESC [ … m`).
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(character) = rest.next() {
        if character == '\u{1b}' {
            for inside in rest.by_ref() {
                if inside.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.read(line));
        tally
    }

    #[test]
    fn nextest_summaries_add_up() {
        let tally = read(&[
            "     Summary [   1.234s] 10 tests run: 7 passed (1 slow, 1 flaky), 2 failed, 1 timed out, 2 skipped",
            "\u{1b}[32;1m     Summary\u{1b}[0m [   0.1s] \u{1b}[1m1\u{1b}[0m test run: \u{1b}[1m1\u{1b}[0m passed, 0 skipped",
            "        PASS [   0.1s] store 3 failed attempts are counted",
        ]);
        assert_eq!(tally, Tally { passed: 8, failed: 3, skipped: 2 });
        assert_eq!(tally.closing_line(), "8 passed, 3 failed, 2 skipped");
    }

    #[test]
    fn cargo_test_results_add_up() {
        let tally = read(&[
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 5 filtered out; finished in 0.00s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 137 filtered out; finished in 6.74s",
        ]);
        assert_eq!(tally, Tally { passed: 4, failed: 2, skipped: 1 });
    }

    #[test]
    fn a_tap_report_ends_in_counts() {
        let report = "TAP version 13\n# Subtest: fleet.spec.mjs\nok 1 - x\n1..3\n# tests 5\n# suites 1\n# pass 3\n\
            # fail 1\n# cancelled 1\n# skipped 0\n# todo 0\n# duration_ms 12.5\n";
        assert_eq!(Tally::of_tap(report), Tally { passed: 3, failed: 2, skipped: 0 });
        assert_eq!(Tally::of_tap(report).closing_line(), "3 passed, 2 failed");
    }
}
