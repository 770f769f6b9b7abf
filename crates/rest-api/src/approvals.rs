//! Who must agree to a change, and who has.

use domain::{ChangeId, Timestamp, approvals::Ballot, view::approval as view};

use crate::schema::wire;

wire! { answer
    /// What one group must give.
    Seats {
        group: String,
        /// People of the group that must approve.
        needed: u32,
        /// Names of those who have approved for it.
        people: Vec<String>,
    }
}

wire! { answer
    /// One person's vote.
    Vote {
        person_name: String,
        ballot: Ballot,
        /// In the voter's words; may be empty.
        reason: String,
        /// Of the change, as it was signed.
        revision: u32,
        cast_at: Timestamp,
        /// It counts until then.
        expires_at: Timestamp,
        /// The group for which it counts; null where it fills no seat.
        group: Option<String>,
        /// Why it does not count any more.
        void: Option<String>,
    }
}

wire! { answer
    /// The approvals of a change.
    Approvals {
        /// In the policy's order; empty where nobody is asked.
        seats: Vec<Seats>,
        /// Oldest first, void ones too.
        votes: Vec<Vote>,
        /// When the change ends by itself, while it waits.
        expires_at: Option<Timestamp>,
        /// Why no vote could ever clear the change.
        stuck: Option<String>,
        /// The change that took the base of its plan, while it waits: edit it, propose it again, or end it.
        overtaken_by: Option<ChangeId>,
    }
}

impl Approvals {
    /// `sre 1 of 2, security 0 of 1`.
    pub fn tally(&self) -> String {
        let seats = self.seats.iter();
        seats
            .map(|seats| format!("{} {} of {}", seats.group, seats.people.len(), seats.needed))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl From<&view::SeatsView> for Seats {
    fn from(view: &view::SeatsView) -> Self {
        Self { group: view.group.clone(), needed: view.needed, people: view.people.clone() }
    }
}

impl From<&view::VoteView> for Vote {
    fn from(view: &view::VoteView) -> Self {
        Self {
            person_name: view.person_name.clone(),
            ballot: view.ballot,
            reason: view.reason.clone(),
            revision: view.revision,
            cast_at: view.cast_at,
            expires_at: view.expires_at,
            group: view.group.clone(),
            void: view.void.clone(),
        }
    }
}

impl From<&view::ApprovalsView> for Approvals {
    fn from(view: &view::ApprovalsView) -> Self {
        Self {
            seats: view.seats.iter().map(Seats::from).collect(),
            votes: view.votes.iter().map(Vote::from).collect(),
            expires_at: view.expires_at,
            stuck: view.stuck.clone(),
            overtaken_by: view.overtaken_by,
        }
    }
}
