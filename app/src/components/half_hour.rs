//! What happened in half an hour: where one looks first for the cause of what began to fail after it.

use domain::{Timestamp, view::health::Happening};
use leptos::prelude::*;

use super::{
    glyph::{State, glyph},
    moment::{clock_time, utc},
    panel::Panel,
};
use crate::{routes, words};

/// From `since` to `until`; its title says before what.
pub fn half_hour(
    title: &'static str,
    happenings: &[Happening],
    (since, until): (Timestamp, Timestamp),
) -> AnyView {
    let lines = happenings.iter().map(happening).collect_view();
    let none = happenings.is_empty().then(|| view! { <p class="panel-body soft">"Nothing changed."</p> });
    let count = words::count(happenings.len() as u64, "event");
    let said = format!("{count}, {} to {}", utc(since), utc(until));
    view! {
        <Panel id="before" title=title aside=move || view! { <small>{said.clone()}</small> }>
            {none}
            <ol class="rows events">{lines}</ol>
        </Panel>
    }
    .into_any()
}

/// A line of what happened, with its change.
fn happening(one: &Happening) -> AnyView {
    let change =
        one.change.map(|id| view! { <a class="link mono" href=routes::change(id)>{id.to_string()}</a> " " });
    let detail = words::sentence(&one.detail);
    view! {
        <li data-s="info">
            <span class="muted">{clock_time(one.at)}</span>
            {glyph(State::Info)}
            <p>
                {one.sentence.clone()}
                <small>{change} {one.source.word()} {(!detail.is_empty()).then(|| format!(": {detail}"))}</small>
            </p>
        </li>
    }
    .into_any()
}
