//! Statements and passkeys as an attacker would send them: every flipped field is refused, hostile bytes end in an answer.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as expected")]

mod hostile;
mod passkeys;
mod statements;

use approval::{Algorithm, Bytes32, RelyingParty, Statement, VERSION, authenticator::Authenticator};
use domain::{ChangeId, Timestamp, approvals::Ballot};

pub(crate) fn party() -> RelyingParty {
    RelyingParty::from_url("https://fleet.example.com").unwrap()
}

pub(crate) fn authenticator(algorithm: Algorithm) -> Authenticator {
    Authenticator::new(&party(), algorithm, 1).unwrap()
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

pub(crate) fn statement() -> Statement {
    Statement {
        v: VERSION,
        env: "prod".into(),
        action: Ballot::Approve,
        change_id: ChangeId(12),
        revision: 3,
        payload_sha256: Bytes32([1; 32]),
        plan_sha256: Bytes32([2; 32]),
        target_generation: i64::MAX,
        policy_id: "default".into(),
        policy_rev: 1,
        roster_rev: 4,
        requester: "mara".into(),
        approver: "wen".into(),
        nonce: Bytes32([3; 32]),
        not_before: at(0),
        not_after: at(3600),
    }
}
