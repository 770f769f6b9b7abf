//! Fingerprints: eight bytes in URL-safe base64, compared as bytes.

use base64::{Engine as _, engine::general_purpose::URL_SAFE};
use sha2::{Digest as _, Sha256};

use crate::{error::Error, shape::decode};

pub(crate) fn encode(word: u64) -> String {
    URL_SAFE.encode(word.to_be_bytes())
}

/// The fingerprint of a text, for things that have no history of their own.
pub(crate) fn of(text: &str) -> String {
    encode(digest(text))
}

/// Eight bytes of a text's SHA-256.
pub(crate) fn digest(text: &str) -> u64 {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(8).fold(0, |word, byte| (word << 8) | u64::from(*byte))
}

/// A client may leave the fingerprint out (gcloud does); one that it gives must be the current one.
pub(crate) fn check(given: Option<&str>, current: &str) -> Result<(), Error> {
    match given {
        Some(given) if !given.is_empty() && decode(given) != decode(current) => {
            Err(Error::stale_fingerprint())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_does_not_matter_and_staleness_does() {
        let current = encode(42);
        assert!(current.ends_with('='));
        assert!(check(None, &current).is_ok());
        assert!(check(Some(current.trim_end_matches('=')), &current).is_ok());
        assert!(check(Some(&encode(43)), &current).is_err());
    }
}
