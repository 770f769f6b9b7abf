//! How a change's state is drawn and said. A past failure is grey: red means ill now.

use domain::{
    ChangeState,
    plan::{Risk, ZoneImpact},
    queue::Held,
    view::change::ChangeRow,
};

use crate::{
    components::{glyph::State, moment::took_words},
    words,
};

/// What is held goes on with nothing: it waits.
pub const fn state(change: ChangeState, held: Option<&Held>) -> State {
    match change {
        ChangeState::AwaitingApprovals => State::Pending,
        ChangeState::Approved | ChangeState::Applying if held.is_some() => State::Pending,
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

/// With what holds it: `Held by inc-2`, `Waits for chg-28`.
pub fn headline(change: ChangeState, held: Option<&Held>) -> String {
    match (change, held) {
        (_, None) => word(change).to_owned(),
        (ChangeState::Applying, Some(held)) => format!("{}, {}", word(change), held.words()),
        (_, Some(held)) => words::sentence(&held.words()),
    }
}

/// Of a row: what cannot run as it is stands out from what waits.
pub const fn row_state(row: &ChangeRow) -> State {
    if row.seats.overtaken_by.is_some() { State::Warn } else { state(row.state, row.held.as_ref()) }
}

/// As a row says it: for whom it waits, how long it took, who ended it.
pub fn said(row: &ChangeRow) -> String {
    let seats = &row.seats;
    if let Some(by) = seats.overtaken_by {
        return format!("Overtaken by {by}");
    }
    match row.state {
        ChangeState::AwaitingApprovals if seats.for_me => "Waits for you".to_owned(),
        ChangeState::AwaitingApprovals if !seats.short_of.is_empty() => {
            format!("Waits for {}", words::list(&seats.short_of))
        }
        ChangeState::Applied => match row.finished_at {
            Some(at) => {
                let began = row.started_at.unwrap_or(row.proposed_at);
                format!("Done in {}", took_words((at - began).num_seconds()))
            }
            None => word(row.state).to_owned(),
        },
        ChangeState::Rejected => match &seats.rejected_by {
            Some(name) => format!("Rejected by {name}"),
            None => word(row.state).to_owned(),
        },
        state => headline(state, row.held.as_ref()),
    }
}

/// `creates 2 VMs`; what touches no VM says so.
pub fn impact(impact: &ZoneImpact) -> String {
    words::impact(impact).unwrap_or_else(|| "no VM touched".to_owned())
}

/// Under the head of its column: `replaces 64`, `adds up to 44, opens 1 service`. None: it does nothing to VMs or traffic now.
pub fn short_impact(row: &ChangeRow) -> Option<String> {
    let vms = |verb: &str, count: u32| format!("{verb} {}", words::number(u64::from(count)));
    let services = |verb: &str, count: u32| format!("{verb} {}", words::count(u64::from(count), "service"));
    let parts = [
        (row.impact.created, vms("adds", row.impact.created)),
        (row.may_add, vms("adds up to", row.may_add)),
        (row.impact.replaced, vms("replaces", row.impact.replaced)),
        (row.impact.restarted, vms("restarts", row.impact.restarted)),
        (row.impact.deleted, vms("deletes", row.impact.deleted)),
        (row.opens, services("opens", row.opens)),
        (row.closes, services("closes", row.closes)),
    ];
    let said: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, words)| words).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

pub const fn risk_word(risk: Risk) -> &'static str {
    match risk {
        Risk::High => "High",
        Risk::Medium => "Medium",
        Risk::Low => "Low",
    }
}

#[cfg(test)]
mod tests {
    use domain::{ChangeId, view::change::RowSeats};

    use super::*;
    use crate::pages::changes::samples::row;

    #[test]
    fn a_row_says_for_whom_it_waits_and_how_it_ended() {
        use ChangeState as State;
        let short = |groups: &[&str], for_me| RowSeats {
            short_of: groups.iter().map(|&group| group.to_owned()).collect(),
            for_me,
            ..RowSeats::default()
        };
        let rejected =
            |by: Option<&str>| RowSeats { rejected_by: by.map(str::to_owned), ..short(&[], false) };
        for (state, seats, expected) in [
            (State::AwaitingApprovals, short(&["sre", "security"], true), "Waits for you"),
            (State::AwaitingApprovals, short(&["sre", "security"], false), "Waits for sre and security"),
            (State::AwaitingApprovals, short(&[], false), "Waits for approval"),
            (State::Applied, short(&[], false), "Done in 3 min 12 s"),
            (State::Rejected, rejected(Some("Ines")), "Rejected by Ines"),
            (State::Rejected, rejected(None), "Rejected"),
            (State::Applying, short(&[], false), "Applying"),
        ] {
            assert_eq!(said(&row(state, seats)), expected);
        }
    }

    #[test]
    fn what_holds_a_change_stands_in_its_headline() {
        let brake = Held::Brake("inc-2".to_owned());
        let behind = Held::Behind { first: ChangeId(28), then: vec![ChangeId(29)] };
        for (state, held, expected) in [
            (ChangeState::Approved, None, "Approved, starts soon"),
            (ChangeState::Approved, Some(&brake), "Held by inc-2"),
            (ChangeState::Approved, Some(&behind), "Waits for chg-28"),
            (ChangeState::Applying, Some(&brake), "Applying, held by inc-2"),
            (ChangeState::Applying, None, "Applying"),
        ] {
            assert_eq!(headline(state, held), expected);
            let row = ChangeRow { held: held.cloned(), ..row(state, RowSeats::default()) };
            assert_eq!(said(&row), expected);
        }
    }

    #[test]
    fn what_is_overtaken_waits_for_nobody() {
        let seats = RowSeats { overtaken_by: Some(ChangeId(12)), ..RowSeats::default() };
        let overtaken = row(ChangeState::AwaitingApprovals, seats);
        assert_eq!(said(&overtaken), "Overtaken by chg-12");
        assert_eq!(row_state(&overtaken), State::Warn);
        let waits = row(ChangeState::AwaitingApprovals, RowSeats::default());
        assert_eq!(row_state(&waits), State::Pending);
    }

    #[test]
    fn an_impact_is_said_in_a_few_words() {
        let nothing = row(ChangeState::Applying, RowSeats::default());
        assert_eq!(short_impact(&nothing), None);
        let replaced = ZoneImpact { replaced: 1064, ..ZoneImpact::default() };
        let replaces = ChangeRow { impact: replaced, ..nothing.clone() };
        assert_eq!(short_impact(&replaces).as_deref(), Some("replaces 1,064"));
        let opens = ChangeRow { may_add: 44, opens: 1, closes: 2, ..nothing };
        assert_eq!(
            short_impact(&opens).as_deref(),
            Some("adds up to 44, opens 1 service, closes 2 services")
        );
    }
}
