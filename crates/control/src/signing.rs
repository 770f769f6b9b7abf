//! Under which name signatures are asked for, and for how long they hold. Ends are counted by the database's clock, never by ours.

use std::time::Duration;

use approval::RelyingParty;

use crate::Error;

/// Passkeys that one person may have at a time. Revoked ones do not count, or whoever changed devices often could never vote again.
pub(crate) const MOST_PASSKEYS: usize = 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    pub party: RelyingParty,
    /// To find the passkey, touch it, and perhaps read the statement first.
    pub challenge_lifetime: Duration,
    /// Long enough for three people in three time zones, short enough that the fleet is still the one that was looked at.
    pub vote_lifetime: Duration,
    /// A change that nobody agrees to in a week was not wanted.
    pub change_lifetime: Duration,
}

impl Signing {
    /// Under the address at which browsers reach us.
    pub fn at(public_url: &str) -> Result<Self, approval::InvalidOrigin> {
        RelyingParty::from_url(public_url).map(Self::new)
    }

    pub const fn new(party: RelyingParty) -> Self {
        Self {
            party,
            challenge_lifetime: Duration::from_secs(5 * 60),
            vote_lifetime: Duration::from_secs(24 * 3600),
            change_lifetime: Duration::from_secs(7 * 24 * 3600),
        }
    }
}

/// For nonces and challenges.
pub(crate) fn random() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::internal("no randomness"))?;
    Ok(bytes)
}
