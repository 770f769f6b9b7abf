//! The authenticator's own words: for which name it acts, whether a person was there and verified, its counter, and a new key.

use crate::{
    Refusal, RelyingParty,
    cbor::{Reader, Value},
};

const HEAD: usize = 37;
/// WebAuthn's own limit.
const LONGEST_CREDENTIAL_ID: usize = 1023;
pub(crate) const LONGEST: usize = 4096;

/// UP, UV, BE, BS, AT, ED of WebAuthn's section 6.1; the two between are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    pub const USER_PRESENT: u8 = 0x01;
    pub const USER_VERIFIED: u8 = 0x04;
    pub const BACKUP_ELIGIBLE: u8 = 0x08;
    pub const BACKED_UP: u8 = 0x10;
    pub const ATTESTED: u8 = 0x40;
    pub const EXTENDED: u8 = 0x80;
    const RESERVED: u8 = 0x22;

    pub const fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}

/// A key that was just made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attested {
    pub(crate) credential_id: Vec<u8>,
    /// As the authenticator spelled it.
    pub(crate) cose_key: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatorData {
    pub rp_id_sha256: [u8; 32],
    pub flags: Flags,
    pub sign_count: u32,
    pub(crate) attested: Option<Attested>,
}

impl AuthenticatorData {
    /// Every byte must have its meaning: nothing may follow.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > LONGEST {
            return Err(Refusal::TooLong("authenticatorData"));
        }
        let short = || Refusal::AuthenticatorData("it is too short");
        let head = bytes.get(..HEAD).ok_or_else(short)?;
        let mut rp_id_sha256 = [0; 32];
        rp_id_sha256.copy_from_slice(&head[..32]);
        let flags = Flags(head[32]);
        let sign_count = u32::from_be_bytes([head[33], head[34], head[35], head[36]]);
        let mut rest = &bytes[HEAD..];
        let attested = if flags.has(Flags::ATTESTED) {
            let length = rest.get(16..18).ok_or_else(short)?;
            let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
            if length == 0 || length > LONGEST_CREDENTIAL_ID {
                return Err(Refusal::AuthenticatorData("the credential id has no bytes or too many"));
            }
            let credential_id = rest.get(18..18 + length).ok_or_else(short)?.to_vec();
            let key = &rest[18 + length..];
            let mut reader = Reader::new(key);
            reader.value()?;
            let cose_key = key[..reader.position()].to_vec();
            rest = &key[cose_key.len()..];
            Some(Attested { credential_id, cose_key })
        } else {
            None
        };
        if flags.has(Flags::EXTENDED) {
            let mut reader = Reader::new(rest);
            if !matches!(reader.value()?, Value::Map(_)) {
                return Err(Refusal::AuthenticatorData("its extensions are no map"));
            }
            rest = &rest[reader.position()..];
        }
        if !rest.is_empty() {
            return Err(Refusal::AuthenticatorData("bytes follow that belong to nothing"));
        }
        Ok(Self { rp_id_sha256, flags, sign_count, attested })
    }

    /// What both ceremonies ask for.
    pub(crate) fn check(&self, party: &RelyingParty) -> Result<(), Refusal> {
        if self.rp_id_sha256 != party.id_sha256() {
            return Err(Refusal::RelyingParty { expected: party.id.clone() });
        }
        if !self.flags.has(Flags::USER_PRESENT) {
            return Err(Refusal::NotPresent);
        }
        if !self.flags.has(Flags::USER_VERIFIED) {
            return Err(Refusal::NotVerified);
        }
        if self.flags.has(Flags::BACKED_UP) && !self.flags.has(Flags::BACKUP_ELIGIBLE) {
            return Err(Refusal::AuthenticatorData("a key that cannot be backed up says that it is"));
        }
        if self.flags.has(Flags::RESERVED) {
            return Err(Refusal::AuthenticatorData("a reserved flag is set"));
        }
        Ok(())
    }
}
