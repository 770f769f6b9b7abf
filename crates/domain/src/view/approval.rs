//! Approvals: what a change asks for, who has voted, what the viewer may do, and what passes between the page and a passkey.

use serde::{Deserialize, Serialize};

use crate::{
    ChangeId, Timestamp,
    approvals::{Ballot, Requirement},
};

/// One group's seats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatsView {
    pub group: String,
    pub needed: u32,
    /// Names of who has approved for it.
    pub people: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteView {
    pub person_name: String,
    pub ballot: Ballot,
    /// In the voter's words; may be empty.
    pub reason: String,
    pub revision: u32,
    pub cast_at: Timestamp,
    /// By the database's time.
    pub expires_at: Timestamp,
    /// The group for which it counts.
    pub group: Option<String>,
    /// What was signed, in groups of four digits.
    pub digest: String,
    /// Why it does not count any more.
    pub void: Option<String>,
}

/// Why the viewer cannot vote now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteBlock {
    /// A sentence.
    pub reason: String,
    /// A passkey is all that is missing.
    pub needs_passkey: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalsView {
    /// By the policy in force.
    pub requirement: Requirement,
    /// In the requirement's order; empty where nobody is asked.
    pub seats: Vec<SeatsView>,
    /// Oldest first, void ones too.
    pub votes: Vec<VoteView>,
    /// None: the viewer may vote; of what is overtaken, only against it.
    pub block: Option<VoteBlock>,
    /// When the change ends by itself.
    pub expires_at: Option<Timestamp>,
    /// Why no vote could ever clear it, a sentence: fewer may still approve than are needed, or another declaration overtook it.
    pub stuck: Option<String>,
    /// While it waits: the change whose declaration took the place of the one that its plan was made against. It cannot be approved as
    /// it is: an edit plans it anew.
    pub overtaken_by: Option<ChangeId>,
}

impl ApprovalsView {
    /// `sre 1 of 2, security 0 of 1`.
    pub fn tally(&self) -> String {
        let seats = self.seats.iter();
        seats
            .map(|seats| format!("{} {} of {}", seats.group, seats.people.len(), seats.needed))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// For `navigator.credentials.get`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteOptions {
    pub challenge: Vec<u8>,
    pub rp_id: String,
    pub credential_ids: Vec<Vec<u8>>,
    /// The challenge in groups of four digits, as it is read from one screen to another.
    pub digest: String,
    /// What is signed, in its canonical spelling.
    pub statement: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteAnswer {
    pub challenge: Vec<u8>,
    pub credential_id: Vec<u8>,
    pub client_data_json: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
}

/// For `navigator.credentials.create`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationOptions {
    pub challenge: Vec<u8>,
    pub rp_id: String,
    pub rp_name: String,
    /// Says nothing about the person.
    pub user_id: Vec<u8>,
    pub user_name: String,
    /// COSE's numbers, the first is liked best.
    pub algorithms: Vec<i64>,
    /// What the person has registered already.
    pub exclude: Vec<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationAnswer {
    pub challenge: Vec<u8>,
    pub client_data_json: Vec<u8>,
    pub attestation_object: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyRow {
    /// Hex of the credential's id.
    pub id: String,
    pub label: String,
    /// It is, or may be, copied between the person's devices.
    pub synced: bool,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    /// Changes that have not begun and that it has a vote on: revoked, it takes them with it.
    pub open_votes: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyList {
    pub passkeys: Vec<PasskeyRow>,
    /// Groups of the roster that the viewer is in.
    pub groups: Vec<String>,
    pub now: Timestamp,
}

/// A group whose seats are not all taken, and those of it who sit in none of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaitedGroup {
    pub group: String,
    /// Who can sign comes first.
    pub people: Vec<Awaited>,
    /// More of the group than are named.
    pub more: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Awaited {
    pub standing: Standing,
    pub name: String,
    /// Whoever looks.
    pub you: bool,
}

/// Whether one of a group can sign now, and what hinders it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    CanSign,
    /// Has no passkey yet.
    WithoutPasskey,
    NeverSignedIn,
    /// Lacks the role.
    NotApprover,
    /// Their vote fills a seat of that other group.
    SignedFor(String),
    /// Proposed or edited the change.
    Author,
}
