//! RFC 8785 canonical JSON, and the digests that are taken over it. Everything that is hashed or signed is spelled here.

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::Hash;

#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    #[error("cannot be written as canonical JSON: {0}")]
    Unwritable(#[source] serde_json::Error),
    #[error("cannot be read as JSON: {0}")]
    Unreadable(#[source] serde_json::Error),
    /// Another spelling of the same value: other order, spaces, a key twice, an attribute that is not known.
    #[error("is not in the canonical spelling")]
    NotCanonical,
}

/// The canonical bytes of a value.
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    serde_json_canonicalizer::to_vec(&value).map_err(CanonicalError::Unwritable)
}

/// Reads a value back from its canonical bytes, and refuses every other spelling of it.
pub fn from_bytes<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, CanonicalError> {
    let value: T = serde_json::from_slice(bytes).map_err(CanonicalError::Unreadable)?;
    if to_bytes(&value)? == bytes { Ok(value) } else { Err(CanonicalError::NotCanonical) }
}

/// Plain SHA-256, as change payloads and plans are named by.
pub fn sha256(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn one_value_has_one_spelling() {
        let value = BTreeMap::from([("b".to_owned(), 1), ("a".to_owned(), 2)]);
        let bytes = to_bytes(&value).unwrap();
        assert_eq!(bytes, br#"{"a":2,"b":1}"#);
        assert_eq!(from_bytes::<BTreeMap<String, i32>>(&bytes).unwrap(), value);
    }

    #[test]
    fn other_spellings_are_refused() {
        for other in [r#"{"b":1,"a":2}"#, r#"{"a":2, "b":1}"#, r#"{"a":1,"a":2,"b":1}"#] {
            let read = from_bytes::<BTreeMap<String, i32>>(other.as_bytes());
            assert!(matches!(read, Err(CanonicalError::NotCanonical)), "{other}");
        }
    }

    #[test]
    fn digests_are_those_of_the_standard() {
        // FIPS 180-4, the example "abc".
        assert_eq!(
            sha256(b"abc").to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
