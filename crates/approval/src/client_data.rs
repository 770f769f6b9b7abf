//! What the browser says it asked the authenticator for: its kind, our challenge, and from which page.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::{Refusal, RelyingParty};

/// A browser's own is some 200 bytes.
const LONGEST: usize = 2048;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ceremony {
    Registration,
    Assertion,
}

impl Ceremony {
    const fn kind(self) -> &'static str {
        match self {
            Self::Registration => "webauthn.create",
            Self::Assertion => "webauthn.get",
        }
    }
}

/// Browsers add fields in time, so unknown ones are passed over; a known one that stands twice is refused.
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: Option<bool>,
    /// Present only in a frame of another site.
    #[serde(rename = "topOrigin", default)]
    top_origin: Option<String>,
}

/// The bytes stay as they came: the signature is over their digest.
pub(crate) fn verify(
    bytes: &[u8],
    ceremony: Ceremony,
    challenge: &[u8],
    party: &RelyingParty,
) -> Result<(), Refusal> {
    if bytes.len() > LONGEST {
        return Err(Refusal::TooLong("clientDataJSON"));
    }
    let data: ClientData =
        serde_json::from_slice(bytes).map_err(|error| Refusal::ClientData(error.to_string()))?;
    if data.kind != ceremony.kind() {
        return Err(Refusal::Kind { expected: ceremony.kind() });
    }
    // Strict: no padding, no other alphabet, no bits beyond the last byte.
    let given = BASE64_URL_SAFE_NO_PAD.decode(&data.challenge).map_err(|_| Refusal::Challenge)?;
    if given != challenge {
        return Err(Refusal::Challenge);
    }
    if data.origin != party.origin {
        return Err(Refusal::Origin { expected: party.origin.clone() });
    }
    if data.cross_origin == Some(true) || data.top_origin.is_some() {
        return Err(Refusal::CrossOrigin);
    }
    Ok(())
}
