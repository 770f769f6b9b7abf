//! A table of changes, wherever a list of them stands.

use domain::{
    plan::Risk,
    view::change::{ChangeRow, RowSeats},
};
use leptos::prelude::*;

use crate::{
    components::{
        glyph::{State, glyph},
        moment::{absolute, left},
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

fn table(rows: Vec<ChangeRow>, everywhere: bool) -> AnyView {
    let lines = rows.into_iter().map(|row| line(row, everywhere)).collect_view();
    view! {
        <Table label="Changes" class="table cards">
            <thead>
                <tr>
                    <th scope="col">"Change"</th>
                    {everywhere.then(|| view! { <th scope="col">"Environment"</th> })}
                    <th scope="col">"By"</th>
                    <th scope="col">"Risk"</th>
                    <th scope="col">"Impact"</th>
                    <th scope="col">"Votes"</th>
                    <th scope="col">"State"</th>
                    <th scope="col" class="num">
                        "Expires in"
                    </th>
                </tr>
            </thead>
            <tbody>{lines}</tbody>
        </Table>
    }
    .into_any()
}

fn line(row: ChangeRow, everywhere: bool) -> AnyView {
    let impact = match change_states::short_impact(&row) {
        Some(said) => said.into_any(),
        None => view! { <span class="muted">"none now"</span> }.into_any(),
    };
    let proposed = format!("Proposed {}", absolute(row.proposed_at));
    let state = state(&row);
    view! {
        <tr>
            <th scope="row">
                <a href=routes::change(row.id)>
                    <span class="mono muted id">{row.id.to_string()}</span>
                    " "
                    {row.title}
                </a>
            </th>
            {everywhere.then(|| view! { <td data-label="Environment">{row.environment}</td> })}
            <td title=proposed data-label="By">
                {row.proposed_by_name}
            </td>
            <td data-label="Risk">{risk(row.risk)}</td>
            <td data-label="Impact">{impact}</td>
            <td data-label="Votes">{votes(&row.seats, row.state.is_terminal())}</td>
            <td>{state}</td>
            <td class="num" data-label="Expires in">
                {row.expires_at.map(left)}
            </td>
        </tr>
    }
    .into_any()
}

/// What needs the viewer is set in bold.
fn state(row: &ChangeRow) -> AnyView {
    let (state, said) = (change_states::state(row.state), change_states::said(row));
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
