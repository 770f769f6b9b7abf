//! What a person reads while a verb runs. The only place that prints.

use std::fmt::Display;
use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::Result;

/// Prints a line on standard output. A closed pipe is no reason to fail: the work goes on.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Prints a line on standard error.
pub(crate) fn warn(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Does one stage of a verb and prints its name, its result in words and its time on one line of standard error
/// (standard output belongs to what a program reads).
pub(crate) fn stage<T>(name: &str, work: impl FnOnce() -> Result<(T, String)>) -> Result<T> {
    let began = Instant::now();
    let (value, outcome) = work()?;
    warn(format_args!("  {name:<14} {outcome:<52} {:>8}", seconds(began.elapsed())));
    Ok(value)
}

/// `0.4 s`, `12.3 s`, `4 min 05 s`.
pub(crate) fn seconds(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 100 {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_at_a_glance() {
        assert_eq!(seconds(Duration::from_millis(440)), "0.4 s");
        assert_eq!(seconds(Duration::from_millis(12_340)), "12.3 s");
        assert_eq!(seconds(Duration::from_secs(245)), "4 min 05 s");
    }
}
