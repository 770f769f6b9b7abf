//! A passkey made of software, for tests: it makes what a browser and an authenticator make together, byte by byte,
//! and lets a test spoil each part of it.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::Signer as _;
use sha2::{Digest as _, Sha256};

use crate::{Algorithm, Flags, RelyingParty};

enum Key {
    Es256(Box<p256::ecdsa::SigningKey>),
    EdDsa(Box<ed25519_dalek::SigningKey>),
}

/// Every field may be changed before it signs.
#[expect(missing_debug_implementations, reason = "it holds a secret key")]
pub struct Authenticator {
    key: Key,
    pub credential_id: Vec<u8>,
    pub party: RelyingParty,
    pub flags: u8,
    pub sign_count: u32,
    /// In clientDataJSON.
    pub cross_origin: bool,
    /// In clientDataJSON, instead of the ceremony's own.
    pub kind: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub struct Made {
    pub client_data_json: Vec<u8>,
    pub attestation_object: Vec<u8>,
}

#[derive(Clone, Debug)]
pub struct Signed {
    pub client_data_json: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
}

impl Authenticator {
    /// `seed`: another number, another key. None for a seed that is no key, which none below 2^64 is.
    pub fn new(party: &RelyingParty, algorithm: Algorithm, seed: u64) -> Option<Self> {
        let secret = Sha256::digest(format!("a passkey for tests, number {seed}").as_bytes());
        let key = match algorithm {
            Algorithm::Es256 => Key::Es256(Box::new(p256::ecdsa::SigningKey::from_slice(&secret).ok()?)),
            Algorithm::EdDsa => {
                let secret = secret.as_slice().try_into().ok()?;
                Key::EdDsa(Box::new(ed25519_dalek::SigningKey::from_bytes(&secret)))
            }
        };
        Some(Self {
            key,
            credential_id: Sha256::digest(secret)[..16].to_vec(),
            party: party.clone(),
            flags: Flags::USER_PRESENT | Flags::USER_VERIFIED,
            sign_count: 0,
            cross_origin: false,
            kind: None,
        })
    }

    /// As `navigator.credentials.create` answers.
    pub fn create(&self, challenge: &[u8]) -> Made {
        let mut data = self.head(self.flags | Flags::ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.credential_id.len()).unwrap_or(u16::MAX).to_be_bytes());
        data.extend(&self.credential_id);
        data.extend(self.cose_key());
        let mut attestation_object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData".to_vec();
        // The shortest form of a length: one byte below 256, which a credential id of some length is beyond.
        match u8::try_from(data.len()) {
            Ok(short) => attestation_object.extend([0x58, short]),
            Err(_) => {
                attestation_object.push(0x59);
                attestation_object.extend(u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes());
            }
        }
        attestation_object.extend(data);
        Made { client_data_json: self.client_data("webauthn.create", challenge), attestation_object }
    }

    /// As `navigator.credentials.get` answers; the counter goes up by one before.
    pub fn get(&mut self, challenge: &[u8]) -> Signed {
        self.sign_count += 1;
        let authenticator_data = self.head(self.flags);
        let client_data_json = self.client_data("webauthn.get", challenge);
        let signature = self.sign(&authenticator_data, &client_data_json);
        Signed { client_data_json, authenticator_data, signature }
    }

    /// Over parts that a test has spoiled.
    pub fn sign(&self, authenticator_data: &[u8], client_data_json: &[u8]) -> Vec<u8> {
        let message = [authenticator_data, &Sha256::digest(client_data_json)[..]].concat();
        match &self.key {
            Key::Es256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(&message);
                signature.to_der().as_bytes().to_vec()
            }
            Key::EdDsa(key) => key.sign(&message).to_bytes().to_vec(),
        }
    }

    pub fn cose_key(&self) -> Vec<u8> {
        match &self.key {
            Key::Es256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let bytes = point.as_bytes();
                [
                    &b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"[..],
                    &bytes[1..33],
                    b"\x22\x58\x20",
                    &bytes[33..],
                ]
                .concat()
            }
            Key::EdDsa(key) => {
                [&b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20"[..], key.verifying_key().as_bytes()].concat()
            }
        }
    }

    fn head(&self, flags: u8) -> Vec<u8> {
        let id = Sha256::digest(self.party.id.as_bytes());
        [&id[..], &[flags], &self.sign_count.to_be_bytes()].concat()
    }

    fn client_data(&self, kind: &str, challenge: &[u8]) -> Vec<u8> {
        let kind = self.kind.unwrap_or(kind);
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(challenge);
        let (origin, cross) = (&self.party.origin, self.cross_origin);
        format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":{cross}}}"#)
            .into_bytes()
    }
}
