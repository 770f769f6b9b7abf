//! A change as lists have it, for the tests of what is said of it. They change what they are about.

use domain::{
    ChangeId, ChangeState, Timestamp,
    plan::{Risk, ZoneImpact},
    view::change::{ChangeRow, RowSeats},
};

/// It was begun 1,000 s after it was proposed and, where it has ended, took 192 s.
pub fn row(state: ChangeState, seats: RowSeats) -> ChangeRow {
    let at = |seconds| Timestamp::from_timestamp(seconds, 0);
    ChangeRow {
        id: ChangeId(1),
        environment: "dev".into(),
        title: "Scale web to 60".into(),
        state,
        held: None,
        proposed_by_name: "Wen".into(),
        proposed_at: at(0).unwrap(),
        started_at: at(1000),
        finished_at: at(1192).filter(|_| state.is_terminal()),
        expires_at: None,
        impact: ZoneImpact::default(),
        may_add: 0,
        opens: 0,
        closes: 0,
        risk: Risk::Low,
        seats,
    }
}
