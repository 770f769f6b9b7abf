//! Desired beside observed. Only a difference has a glyph; a wish is never drawn as a fact. Details that are equal are folded.

use domain::{Timestamp, view::pool::Setting};
use leptos::prelude::*;

use super::{
    glyph::{State, glyph},
    icon::turning_arrow,
    moment::ago,
};
use crate::words;

#[component]
pub fn Pair(
    id: &'static str,
    settings: Vec<Setting>,
    /// None: Compute Engine was not read yet.
    observed_at: Option<Timestamp>,
    /// How a difference is drawn: in progress while it is being worked on, else a warning.
    difference: State,
) -> AnyView {
    let (folded, shown): (Vec<_>, Vec<_>) = settings.into_iter().partition(Setting::folds);
    let rows = shown.into_iter().map(|setting| row(setting, difference)).collect_view();
    view! {
        <section class="panel" aria-labelledby=id>
            <table class="pair">
                <thead>
                    <tr>
                        <th scope="col" id=id>
                            "Settings"
                        </th>
                        <th scope="col">"Desired"</th>
                        <th scope="col">
                            "Observed "
                            <small>
                                {match observed_at {
                                    Some(at) => ago(at).into_any(),
                                    None => "not yet".into_any(),
                                }}
                            </small>
                        </th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            {(!folded.is_empty()).then(|| more(folded, difference))}
        </section>
    }
    .into_any()
}

fn row(setting: Setting, difference: State) -> AnyView {
    let differs = setting.differs();
    let state = if differs { difference } else { State::Ok };
    view! {
        <tr data-s=state.as_str()>
            <th scope="row">{setting.name}</th>
            <td>{value(setting.desired)}</td>
            <td>
                {differs
                    .then(|| {
                        view! {
                            {glyph(difference)}
                            <span class="sr">"differs: "</span>
                        }
                    })} {value(setting.observed)}
            </td>
        </tr>
    }
    .into_any()
}

fn more(folded: Vec<Setting>, difference: State) -> AnyView {
    let equal = !folded.iter().any(Setting::differs);
    let said = format!(
        "{}{}",
        words::count(folded.len() as u64, "more setting"),
        if equal { ", all as declared" } else { "" }
    );
    let rows = folded.into_iter().map(|setting| row(setting, difference)).collect_view();
    view! {
        <details class="more">
            <summary class="cluster sm">{turning_arrow()} {said}</summary>
            <table class="pair">
                <thead class="sr">
                    <tr>
                        <th scope="col">"Setting"</th>
                        <th scope="col">"Desired"</th>
                        <th scope="col">"Observed"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </details>
    }
    .into_any()
}

fn value(text: Option<String>) -> AnyView {
    match text {
        Some(text) => text.into_any(),
        None => view! { <span class="muted">"none"</span> }.into_any(),
    }
}
