//! Beside the grid: changes that wait for the viewer, and the others that are not finished.

use domain::view::{
    change::ChangeRow,
    fleet::{AwaitedVote, SeatCount},
};
use leptos::prelude::*;

use crate::{
    components::{
        moment::{Clock, ago, span_words},
        panel::Panel,
        status::status,
    },
    frame::Scope,
    pages::change_states,
    routes,
    url_state::Query,
    words,
};

/// Nothing where none does.
pub fn waiting(rows: &[AwaitedVote], environment: Option<&str>) -> Option<AnyView> {
    if rows.is_empty() {
        return None;
    }
    let items = rows.iter().map(awaited).collect_view();
    let all = for_me(environment);
    let panel = view! {
        <Panel
            id="waiting"
            title="Waiting for you"
            aside=move || {
                view! {
                    <a href=all.clone()>
                        <small>"All of them"</small>
                    </a>
                }
            }
        >
            <ul class="list">{items}</ul>
        </Panel>
    };
    Some(panel.into_any())
}

/// The list of those that wait for the viewer.
pub fn for_me(environment: Option<&str>) -> String {
    Query::default().with("environment", environment).with("waiting", Some("me")).on(routes::CHANGES)
}

fn awaited(row: &AwaitedVote) -> AnyView {
    let change = &row.change;
    let left = change.expires_at.map(|end| {
        let clock = Clock::here();
        view! { <span>{move || format!("{} left", span_words((end - clock.now()).num_seconds()))}</span> }
    });
    view! {
        <li>
            <a class="list-item" href=routes::change(change.id)>
                <b>{change.title.clone()}</b>
                <small class="split">
                    <span>{format!("{} · {}", change.proposed_by_name, change_states::impact(&change.impact))}</span>
                    {pips(&row.seats)}
                </small>
                <small class="split">
                    <span>{seats(&row.seats)}</span>
                    {left}
                </small>
            </a>
        </li>
    }
    .into_any()
}

/// `sre 0 of 2, security 1 of 1`.
fn seats(seats: &[SeatCount]) -> String {
    let said = seats.iter().map(|seats| format!("{} {} of {}", seats.group, seats.taken, seats.needed));
    said.collect::<Vec<_>>().join(", ")
}

/// Votes given of votes needed.
fn pips(seats: &[SeatCount]) -> AnyView {
    let (taken, needed) =
        seats.iter().fold((0, 0), |(taken, needed), seats| (taken + seats.taken, needed + seats.needed));
    let label = format!("{taken} of {}", words::count(u64::from(needed), "vote"));
    let marks =
        (0..needed.min(20)).map(|seat| view! { <i class=(seat < taken).then_some("on")></i> }).collect_view();
    view! {
        <span class="pips" data-s="pending" role="img" aria-label=label>
            {marks}
        </span>
    }
    .into_any()
}

/// `others`: some that wait for the viewer stand above.
pub fn changes(rows: &[ChangeRow], others: bool) -> Option<AnyView> {
    if rows.is_empty() && others {
        return None;
    }
    let scope = Scope::here();
    let items = rows.iter().map(item).collect_view();
    let none = rows.is_empty().then(|| {
        view! { <p class="panel-body soft">"No change is under way: the fleet is as it was last applied."</p> }
    });
    let panel = view! {
        <Panel
            id="changes"
            title=if others { "Other changes under way" } else { "Changes under way" }
            aside=move || {
                view! {
                    <a href=move || scope.link(routes::CHANGES)>
                        <small>"All changes"</small>
                    </a>
                }
            }
        >
            {none}
            <ul class="list">{items}</ul>
        </Panel>
    };
    Some(panel.into_any())
}

fn item(row: &ChangeRow) -> AnyView {
    view! {
        <li>
            <a class="list-item" href=routes::change(row.id)>
                <b>{row.title.clone()}</b>
                <small class="split">
                    <span>{format!("{} · {}", row.proposed_by_name, change_states::impact(&row.impact))}</span>
                    <span>{ago(row.proposed_at)}</span>
                </small>
                <small class="split">
                    {status(change_states::row_state(row), change_states::said(row))}
                    <span class="mono">{row.id.to_string()}</span>
                </small>
            </a>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_said_by_group() {
        let of = |group: &str, taken, needed| SeatCount { group: group.into(), needed, taken };
        assert_eq!(seats(&[of("sre", 0, 2), of("security", 1, 1)]), "sre 0 of 2, security 1 of 1");
    }
}
