//! 32 bytes: a digest or a nonce. 64 lower-case hex digits wherever it is text.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bytes32(pub [u8; 32]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("32 bytes have 64 lower-case hex digits")]
pub struct InvalidBytes;

impl Bytes32 {
    pub fn sha256(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

/// `7F3A-91C0-…`: groups of four digits, so that two screens can be compared by eye.
pub fn groups(bytes: &Bytes32) -> String {
    let digits = bytes.to_string().to_ascii_uppercase();
    let mut text = String::with_capacity(79);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for Bytes32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Bytes32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Bytes32 {
    type Err = InvalidBytes;

    fn from_str(text: &str) -> Result<Self, InvalidBytes> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(InvalidBytes),
        };
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(InvalidBytes);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Bytes32 {
    type Error = InvalidBytes;

    fn try_from(text: String) -> Result<Self, InvalidBytes> {
        text.parse()
    }
}

impl TryFrom<&[u8]> for Bytes32 {
    type Error = InvalidBytes;

    fn try_from(bytes: &[u8]) -> Result<Self, InvalidBytes> {
        bytes.try_into().map(Self).map_err(|_| InvalidBytes)
    }
}

impl From<Bytes32> for String {
    fn from(bytes: Bytes32) -> Self {
        bytes.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_back_in_one_spelling_and_shown_in_groups() {
        let bytes = Bytes32(std::array::from_fn(|index| index as u8 * 8 + 1));
        assert_eq!(bytes.to_string().parse(), Ok(bytes));
        for wrong in [bytes.to_string().to_uppercase(), bytes.to_string()[1..].to_owned(), "é".repeat(32)] {
            assert_eq!(wrong.parse::<Bytes32>(), Err(InvalidBytes), "{wrong}");
        }
        let shown = groups(&bytes);
        assert!(shown.starts_with("0109-1119-2129-"), "{shown}");
        assert_eq!(shown.replace('-', "").to_lowercase(), bytes.to_string());
    }
}
