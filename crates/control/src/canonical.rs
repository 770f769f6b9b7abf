//! Canonical bytes (RFC 8785) of what is proposed, and their digests.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::error::Error;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical {
    pub bytes: Vec<u8>,
    /// Hex.
    pub sha256: String,
}

impl Canonical {
    /// Postgres keeps no text with the character U+0000. In canonical JSON it has this one spelling.
    pub(crate) fn holds_nul(&self) -> bool {
        const NUL: &[u8] = br"\u0000";
        // An escaped backslash before a `u0000` that somebody wrote is refused too, which hurts nobody.
        self.bytes.windows(NUL.len()).any(|window| window == NUL)
    }
}

pub fn canonical(value: &impl Serialize) -> Result<Canonical, Error> {
    let bytes = serde_json_canonicalizer::to_vec(value).map_err(Error::internal)?;
    let sha256 = hex(&Sha256::digest(&bytes));
    Ok(Canonical { bytes, sha256 })
}

pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_so_that_equal_values_have_equal_digests() {
        let one = canonical(&serde_json::json!({"b": 1, "a": [2, 1]})).unwrap();
        assert_eq!(one.bytes, br#"{"a":[2,1],"b":1}"#);
        assert_eq!(one, canonical(&serde_json::json!({"a": [2, 1], "b": 1})).unwrap());
        assert_eq!(one.sha256.len(), 64);
    }
}
