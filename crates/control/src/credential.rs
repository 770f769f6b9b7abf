//! The short-lived credential that an enrolled agent sends with each heartbeat: a sealed statement of which VM it is.
//! Nothing is stored; a server that has the key can read it, nobody else can make one.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Long enough that a fleet does not enrol all day, short enough that a stolen one is soon worthless.
pub const LIFETIME_SECONDS: i64 = 3600;
const PREFIX: &str = "amc1";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    pub environment: String,
    pub name: String,
    pub instance_id: String,
    /// The boot that enrolled. The next one enrols for itself, so what was taken from one is of no use in another.
    pub boot_id: String,
    /// Seconds since 1970.
    pub expires_at: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialRefused {
    Invalid,
    Expired,
}

/// Seals and opens credentials. Debug shows no key.
pub struct Sealer(hmac::Key);

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

impl Sealer {
    /// `key`: at least 32 random bytes, the same in all replicas.
    pub fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    pub fn seal(&self, credential: &Credential) -> Result<String, serde_json::Error> {
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(credential)?);
        let tag = hmac::sign(&self.0, format!("{PREFIX}.{body}").as_bytes());
        Ok(format!("{PREFIX}.{body}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref())))
    }

    pub fn open(&self, text: &str, now: Timestamp) -> Result<Credential, CredentialRefused> {
        let (signed, tag) = text.rsplit_once('.').ok_or(CredentialRefused::Invalid)?;
        let body = signed.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix('.'));
        let body = body.ok_or(CredentialRefused::Invalid)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| CredentialRefused::Invalid)?;
        hmac::verify(&self.0, signed.as_bytes(), &tag).map_err(|_| CredentialRefused::Invalid)?;
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| CredentialRefused::Invalid)?;
        let credential: Credential = serde_json::from_slice(&body).map_err(|_| CredentialRefused::Invalid)?;
        if credential.expires_at <= now.timestamp() {
            return Err(CredentialRefused::Expired);
        }
        Ok(credential)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    fn credential() -> Credential {
        Credential {
            environment: "dev".into(),
            name: "a".into(),
            instance_id: "7".into(),
            boot_id: "b".into(),
            expires_at: 100,
        }
    }

    #[test]
    fn it_is_read_back_until_it_expires() {
        let sealer = Sealer::new(&[1; 32]);
        let text = sealer.seal(&credential()).unwrap();
        assert_eq!(sealer.open(&text, at(99)), Ok(credential()));
        assert_eq!(sealer.open(&text, at(100)), Err(CredentialRefused::Expired));
    }

    #[test]
    fn another_key_or_any_changed_character_is_refused() {
        let sealer = Sealer::new(&[1; 32]);
        let text = sealer.seal(&credential()).unwrap();
        assert_eq!(Sealer::new(&[2; 32]).open(&text, at(1)), Err(CredentialRefused::Invalid));
        for index in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            if changed != text {
                // The last character of base64 may hold unused bits; those texts decode to nothing valid either.
                assert_eq!(sealer.open(&changed, at(1)), Err(CredentialRefused::Invalid), "at {index}");
            }
        }
    }
}
