//! Passkeys: a registration gives us a public key, an assertion signs our challenge with it (WebAuthn level 3, sections 7.1 and 7.2).

use sha2::{Digest as _, Sha256};

use crate::{
    CborError, PublicKey, RelyingParty,
    authenticator_data::{self, AuthenticatorData, Flags},
    cbor::{self, Value},
    client_data::{self, Ceremony},
};

/// Longer than any signature of the two algorithms.
const LONGEST_SIGNATURE: usize = 128;

/// Why a passkey's word is not taken. Each says what a person can do about it, and none repeats what was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{0} is longer than a browser sends")]
    TooLong(&'static str),
    #[error("clientDataJSON cannot be read: {0}")]
    ClientData(String),
    #[error("the browser answered another question than {expected}")]
    Kind { expected: &'static str },
    /// Signed was something else than what we asked for.
    #[error("another challenge than ours was signed")]
    Challenge,
    #[error("it was signed on another page than {expected}")]
    Origin { expected: String },
    #[error("it was signed inside another site's frame")]
    CrossOrigin,
    #[error("the passkey belongs to another site than {expected}")]
    RelyingParty { expected: String },
    #[error("nobody touched the passkey")]
    NotPresent,
    #[error("the passkey did not verify who used it: set a PIN or biometrics on it")]
    NotVerified,
    #[error("authenticatorData is refused: {0}")]
    AuthenticatorData(&'static str),
    #[error("the public key is refused: {0}")]
    Key(&'static str),
    #[error("CBOR is refused: {0}")]
    Cbor(#[from] CborError),
    #[error("the attestation is not `none`, which was asked for")]
    Attestation,
    #[error("the signature does not verify")]
    Signature,
    /// The authenticator has a twin, or somebody put its state back.
    #[error(
        "the passkey's counter went from {stored} to {given}: it may have been copied. Revoke it and register another"
    )]
    Counter { stored: u32, given: u32 },
}

/// What `navigator.credentials.create` answered.
#[derive(Clone, Debug)]
pub struct Registration<'a> {
    pub client_data_json: &'a [u8],
    pub attestation_object: &'a [u8],
}

/// A passkey as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    pub credential_id: Vec<u8>,
    pub cose_key: Vec<u8>,
    pub sign_count: u32,
    /// It is, or may be, copied between a person's devices.
    pub backup_eligible: bool,
}

/// What `navigator.credentials.get` answered.
#[derive(Clone, Copy, Debug)]
pub struct Assertion<'a> {
    pub client_data_json: &'a [u8],
    pub authenticator_data: &'a [u8],
    pub signature: &'a [u8],
}

/// Attestation `none`: whose make the authenticator is does not matter to us, so that nobody is told.
pub fn verify_registration(
    registration: &Registration<'_>,
    challenge: &[u8],
    party: &RelyingParty,
) -> Result<Registered, Refusal> {
    client_data::verify(registration.client_data_json, Ceremony::Registration, challenge, party)?;
    if registration.attestation_object.len() > authenticator_data::LONGEST {
        return Err(Refusal::TooLong("attestationObject"));
    }
    let Value::Map(entries) = cbor::read(registration.attestation_object)? else {
        return Err(Refusal::Attestation);
    };
    let get = |name: &str| {
        entries.iter().find(|(key, _)| matches!(key, Value::Text(key) if key == name)).map(|(_, value)| value)
    };
    let plain = matches!(get("fmt"), Some(Value::Text(format)) if format == "none")
        && matches!(get("attStmt"), Some(Value::Map(statement)) if statement.is_empty())
        && entries.len() == 3;
    let (true, Some(Value::Bytes(data))) = (plain, get("authData")) else {
        return Err(Refusal::Attestation);
    };
    let data = AuthenticatorData::parse(data)?;
    data.check(party)?;
    let backup_eligible = data.flags.has(Flags::BACKUP_ELIGIBLE);
    let attested = data.attested.ok_or(Refusal::AuthenticatorData("it holds no new key"))?;
    PublicKey::from_cose(&attested.cose_key)?;
    Ok(Registered {
        credential_id: attested.credential_id,
        cose_key: attested.cose_key,
        sign_count: data.sign_count,
        backup_eligible,
    })
}

/// Gives the new counter. `stored_count`: the last one seen; `None` when old evidence is verified again, whose counter was judged when it came.
pub fn verify_assertion(
    assertion: &Assertion<'_>,
    challenge: &[u8],
    party: &RelyingParty,
    cose_key: &[u8],
    stored_count: Option<u32>,
) -> Result<u32, Refusal> {
    client_data::verify(assertion.client_data_json, Ceremony::Assertion, challenge, party)?;
    let data = AuthenticatorData::parse(assertion.authenticator_data)?;
    data.check(party)?;
    if data.attested.is_some() {
        return Err(Refusal::AuthenticatorData("it holds a new key, which only a registration does"));
    }
    if assertion.signature.len() > LONGEST_SIGNATURE {
        return Err(Refusal::TooLong("the signature"));
    }
    let message = [assertion.authenticator_data, &Sha256::digest(assertion.client_data_json)[..]].concat();
    PublicKey::from_cose(cose_key)?.verify(&message, assertion.signature)?;
    match stored_count {
        // Authenticators without a counter always send zero.
        Some(stored) if (stored, data.sign_count) != (0, 0) && data.sign_count <= stored => {
            Err(Refusal::Counter { stored, given: data.sign_count })
        }
        _ => Ok(data.sign_count),
    }
}
