//! How a change's state is drawn and said. A past failure is grey: red means ill now.

use domain::{ChangeState, plan::ZoneImpact, view::change::ChangeRow};

use crate::{
    components::{glyph::State, moment::took_words},
    words,
};

pub const fn state(change: ChangeState) -> State {
    match change {
        ChangeState::AwaitingApprovals => State::Pending,
        ChangeState::Approved | ChangeState::Applying => State::Progress,
        ChangeState::Applied => State::Ok,
        ChangeState::Failed
        | ChangeState::Cancelled
        | ChangeState::Rejected
        | ChangeState::Expired
        | ChangeState::Superseded => State::X,
    }
}

pub const fn word(change: ChangeState) -> &'static str {
    match change {
        ChangeState::AwaitingApprovals => "Waits for approval",
        ChangeState::Approved => "Approved, starts soon",
        ChangeState::Applying => "Applying",
        ChangeState::Applied => "Applied",
        ChangeState::Failed => "Failed",
        ChangeState::Cancelled => "Cancelled",
        ChangeState::Rejected => "Rejected",
        ChangeState::Expired => "Expired",
        ChangeState::Superseded => "Superseded",
    }
}

/// As a row says it, with how long it took.
pub fn said(row: &ChangeRow) -> String {
    match (row.state, row.finished_at) {
        (ChangeState::Applied, Some(at)) => {
            format!("Applied in {}", took_words((at - row.proposed_at).num_seconds()))
        }
        (state, _) => word(state).to_owned(),
    }
}

/// `creates 2 VMs`; what touches no VM says so.
pub fn impact(impact: &ZoneImpact) -> String {
    words::impact(impact).unwrap_or_else(|| "no VM touched".to_owned())
}
