//! Public keys as authenticators spell them (COSE, RFC 9053), for the two algorithms that we take, and their signatures.

use p256::ecdsa::signature::Verifier as _;

use crate::{
    Refusal,
    cbor::{self, Value},
};

/// Longer than any key of the two algorithms.
const LONGEST: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// In the order in which we ask for them.
    pub const ALL: [Self; 2] = [Self::EdDsa, Self::Es256];

    /// COSE's number.
    pub const fn number(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
        }
    }
}

#[derive(Clone, Debug)]
pub enum PublicKey {
    Es256(p256::ecdsa::VerifyingKey),
    EdDsa(ed25519_dalek::VerifyingKey),
}

impl PublicKey {
    /// Exactly the parameters of the algorithm, in range, and a point that is on the curve.
    pub fn from_cose(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > LONGEST {
            return Err(Refusal::TooLong("the public key"));
        }
        let Value::Map(entries) = cbor::read(bytes)? else {
            return Err(Refusal::Key("it is no map"));
        };
        let get = |label: i64| {
            entries.iter().find(|(key, _)| *key == Value::Integer(label)).map(|(_, value)| value)
        };
        let integer = |label: i64| match get(label) {
            Some(Value::Integer(number)) => Some(*number),
            _ => None,
        };
        let coordinate = |label: i64| match get(label) {
            Some(Value::Bytes(bytes)) => <[u8; 32]>::try_from(bytes.as_slice()).ok(),
            _ => None,
        };
        match (integer(1), integer(3), integer(-1), entries.len()) {
            (Some(2), Some(-7), Some(1), 5) => {
                let (Some(x), Some(y)) = (coordinate(-2), coordinate(-3)) else {
                    return Err(Refusal::Key("a coordinate does not have 32 bytes"));
                };
                let point = [&[4][..], &x, &y].concat();
                p256::ecdsa::VerifyingKey::from_sec1_bytes(&point)
                    .map(Self::Es256)
                    .map_err(|_| Refusal::Key("it is no point of P-256"))
            }
            (Some(1), Some(-8), Some(6), 4) => {
                let x = coordinate(-2).ok_or(Refusal::Key("it does not have 32 bytes"))?;
                let key = ed25519_dalek::VerifyingKey::from_bytes(&x)
                    .map_err(|_| Refusal::Key("it is no point of Ed25519"))?;
                if key.is_weak() { Err(Refusal::Key("it is a weak point")) } else { Ok(Self::EdDsa(key)) }
            }
            _ => Err(Refusal::Key("it is neither ES256 on P-256 nor EdDSA on Ed25519")),
        }
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        let verified = match self {
            Self::Es256(key) => p256::ecdsa::Signature::from_der(signature)
                .and_then(|signature| key.verify(message, &signature))
                .is_ok(),
            Self::EdDsa(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
        };
        if verified { Ok(()) } else { Err(Refusal::Signature) }
    }
}
