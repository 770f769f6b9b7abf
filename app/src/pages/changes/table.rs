//! A table of changes, wherever a list of them stands.

use domain::{
    plan::Risk,
    view::change::{ChangeRow, RowSeats},
};
use leptos::prelude::*;

use super::linked::linked;
use crate::{
    components::{
        glyph::{State, glyph},
        moment::{absolute, ago, left},
        status::status,
        table::Table,
    },
    pages::change_states,
    routes,
};

/// Seats that are drawn, at most; all of them are said.
const DRAWN: u32 = 20;

/// Where all are of one environment.
pub fn changes_table(rows: Vec<ChangeRow>) -> AnyView {
    table(rows, false)
}

/// With the environment of each.
pub fn changes_of_all(rows: Vec<ChangeRow>) -> AnyView {
    table(rows, true)
}

const EXPIRES: &str = "Expires in";
const ENDED: &str = "Ended";

/// The columns beside those that each change has something for: where no row has, there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Columns {
    environment: bool,
    votes: bool,
    /// How long a change may still be approved, or since when it has ended: none has both.
    end: Option<&'static str>,
}

impl Columns {
    fn of(rows: &[ChangeRow], everywhere: bool) -> Self {
        let expires = rows.iter().any(|row| row.expires_at.is_some());
        let ended = rows.iter().any(|row| row.finished_at.is_some());
        Self {
            environment: everywhere,
            votes: rows.iter().any(|row| row.seats.needed > 0),
            end: match (expires, ended) {
                (true, true) => Some("Expires in, or ended"),
                (true, false) => Some(EXPIRES),
                (false, true) => Some(ENDED),
                (false, false) => None,
            },
        }
    }
}

fn table(rows: Vec<ChangeRow>, everywhere: bool) -> AnyView {
    let columns = Columns::of(&rows, everywhere);
    let lines = rows.into_iter().map(|row| line(row, columns)).collect_view();
    view! {
        <Table label="Changes" class="table cards">
            <thead>
                <tr>
                    <th scope="col">"Change"</th>
                    {columns.environment.then(|| view! { <th scope="col">"Environment"</th> })}
                    <th scope="col">"By"</th>
                    <th scope="col">"Risk"</th>
                    <th scope="col">"Impact"</th>
                    {columns.votes.then(|| view! { <th scope="col">"Votes"</th> })}
                    <th scope="col">"State"</th>
                    {columns
                        .end
                        .map(|head| {
                            view! {
                                <th scope="col" class="num">
                                    {head}
                                </th>
                            }
                        })}
                </tr>
            </thead>
            <tbody>{lines}</tbody>
        </Table>
    }
    .into_any()
}

fn line(row: ChangeRow, columns: Columns) -> AnyView {
    let impact = match change_states::short_impact(&row) {
        Some(said) => said.into_any(),
        None => view! { <span class="muted">"none now"</span> }.into_any(),
    };
    let proposed = format!("Proposed {}", absolute(row.proposed_at));
    let state = state(&row);
    let votes = columns.votes.then(|| {
        let votes = votes(&row.seats, row.state.is_terminal());
        view! { <td data-label="Votes">{votes}</td> }
    });
    let end = columns.end.map(|_| end(&row));
    view! {
        <tr>
            <th scope="row">
                <a href=routes::change(row.id)>
                    <span class="mono muted id">{row.id.to_string()}</span>
                    " "
                    {row.title}
                </a>
            </th>
            {columns.environment.then(|| view! { <td data-label="Environment">{row.environment}</td> })}
            <td title=proposed data-label="By">
                {row.proposed_by_name}
            </td>
            <td data-label="Risk">{risk(row.risk)}</td>
            <td data-label="Impact">{impact}</td>
            {votes}
            <td>{state}</td>
            {end}
        </tr>
    }
    .into_any()
}

/// Empty while it is approved or being applied.
fn end(row: &ChangeRow) -> AnyView {
    let (label, said) = match (row.expires_at, row.finished_at) {
        (Some(at), _) => (EXPIRES, Some(left(at).into_any())),
        (None, at) => (ENDED, at.map(|at| ago(at).into_any())),
    };
    view! {
        <td class="num" data-label=label>
            {said}
        </td>
    }
    .into_any()
}

/// What needs the viewer is set in bold, and what holds a change is a link.
fn state(row: &ChangeRow) -> AnyView {
    let (state, said) = (change_states::row_state(row), change_states::said(row));
    if row.held.is_some() {
        return view! {
            <span class="status" data-s=state.as_str()>
                {glyph(state)} <span>{linked(&said)}</span>
            </span>
        }
        .into_any();
    }
    if !row.seats.for_me {
        return status(state, said).into_any();
    }
    view! {
        <span class="status" data-s=state.as_str()>
            {glyph(state)} <b>{said}</b>
        </span>
    }
    .into_any()
}

/// With its rule as the tooltip. Only what is high has a sign.
fn risk(risk: Risk) -> AnyView {
    let (word, rule) = (change_states::risk_word(risk), risk.rule());
    let title = format!("{word}: {rule}");
    let said = match risk {
        Risk::High => status(State::Warn, word).into_any(),
        Risk::Medium | Risk::Low => view! { <span class="muted">{word}</span> }.into_any(),
    };
    view! { <span title=title>{said}</span> }.into_any()
}

/// `1 of 3`, with a segment a seat. Nothing where nobody is asked.
fn votes(seats: &RowSeats, ended: bool) -> Option<AnyView> {
    let RowSeats { taken, needed, .. } = *seats;
    let state = match (taken >= needed, ended) {
        (true, _) => State::Ok,
        (false, false) => State::Pending,
        (false, true) => State::X,
    };
    let pips = (0..needed.min(DRAWN))
        .map(|seat| view! { <i class=(seat < taken).then_some("on")></i> })
        .collect_view();
    (needed > 0).then(|| {
        view! {
            <span class="pips" data-s=state.as_str() aria-hidden="true">
                {pips}
            </span>
            {format!("{taken} of {needed}")}
        }
        .into_any()
    })
}

#[cfg(test)]
mod tests {
    use domain::{ChangeState, Timestamp};

    use super::*;
    use crate::pages::changes::samples::row;

    #[test]
    fn no_column_is_empty() {
        let asked = || RowSeats { needed: 2, ..RowSeats::default() };
        let nobody = RowSeats::default;
        let waits = ChangeRow {
            expires_at: Timestamp::from_timestamp(9000, 0),
            ..row(ChangeState::AwaitingApprovals, asked())
        };
        let runs = row(ChangeState::Applying, nobody());
        let done = row(ChangeState::Applied, nobody());
        let signed = row(ChangeState::Applied, asked());
        let of = |rows: &[&ChangeRow]| {
            let rows: Vec<ChangeRow> = rows.iter().copied().cloned().collect();
            let Columns { votes, end, .. } = Columns::of(&rows, false);
            (votes, end)
        };
        assert_eq!(of(&[&done]), (false, Some("Ended")));
        assert_eq!(of(&[&done, &signed, &runs]), (true, Some("Ended")));
        assert_eq!(of(&[&waits]), (true, Some("Expires in")));
        assert_eq!(of(&[&waits, &done]), (true, Some("Expires in, or ended")));
        assert_eq!(of(&[&runs]), (false, None));
    }
}
