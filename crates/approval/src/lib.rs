//! What an approver signs, and whether they did: the statement's bytes and digest, and passkeys (WebAuthn level 3) verified from raw evidence.
//! No I/O, no clock, no randomness: the same bytes give the same verdict everywhere and at any time.

#[cfg(feature = "authenticator")]
pub mod authenticator;
mod authenticator_data;
mod bytes;
mod cbor;
mod client_data;
mod cose;
mod passkey;
mod relying_party;
mod statement;

pub use authenticator_data::{AuthenticatorData, Flags};
pub use bytes::{Bytes32, InvalidBytes, groups};
pub use cbor::CborError;
pub use client_data::Ceremony;
pub use cose::{Algorithm, PublicKey};
pub use passkey::{Assertion, Refusal, Registered, Registration, verify_assertion, verify_registration};
pub use relying_party::{InvalidOrigin, RelyingParty};
pub use statement::{Statement, StatementError, VERSION};
