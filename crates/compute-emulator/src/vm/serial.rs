//! The serial port: what a VM wrote while it lived, the last megabyte of it.

use serde::{Deserialize, Serialize};

const KEPT: usize = 1 << 20;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Serial {
    /// Bytes that no longer fit.
    dropped: u64,
    text: String,
}

impl Serial {
    /// One line, with the seconds since the machine was started as a kernel writes them.
    pub(crate) fn line(&mut self, uptime_millis: u64, line: &str) {
        let stamp = format!("[{:5}.{:06}] ", uptime_millis / 1000, uptime_millis % 1000 * 1000);
        self.text.push_str(&stamp);
        self.text.push_str(line);
        self.text.push_str("\r\n");
        if self.text.len() > KEPT {
            let mut cut = self.text.len() - KEPT;
            while !self.text.is_char_boundary(cut) {
                cut += 1;
            }
            self.text.drain(..cut);
            self.dropped += cut as u64;
        }
    }

    /// The output from byte `start` on: where it really starts, the text, and where the next output will start.
    /// A negative start means that many bytes before the end.
    pub(crate) fn read(&self, start: i64) -> (u64, &str, u64) {
        let end = self.dropped + self.text.len() as u64;
        let wanted = match u64::try_from(start) {
            Ok(start) => start,
            Err(_) => end.saturating_sub(start.unsigned_abs()),
        };
        let start = wanted.clamp(self.dropped, end);
        let mut cut = (start - self.dropped) as usize;
        while !self.text.is_char_boundary(cut) {
            cut += 1;
        }
        (self.dropped + cut as u64, &self.text[cut..], end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_on_from_where_it_was() {
        let mut serial = Serial::default();
        serial.line(1_500, "one");
        let (start, text, next) = serial.read(0);
        assert_eq!((start, text, next), (0, "[    1.500000] one\r\n", 20));
        serial.line(2_000, "two");
        assert_eq!(serial.read(20).1, "[    2.000000] two\r\n");
        assert_eq!(serial.read(-5).1, "two\r\n");
        assert_eq!(serial.read(1_000), (40, "", 40));
    }

    #[test]
    fn keeps_the_last_megabyte() {
        let mut serial = Serial::default();
        for _ in 0..30 {
            serial.line(0, &"x".repeat(50_000));
        }
        let (start, text, next) = serial.read(0);
        assert_eq!(text.len(), KEPT);
        assert_eq!(next - start, KEPT as u64);
    }
}
