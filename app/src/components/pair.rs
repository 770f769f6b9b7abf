//! Desired beside observed. Only a difference has a glyph; a wish is never drawn as a fact.

use domain::{Timestamp, view::pool::Setting};
use leptos::prelude::*;

use super::{
    glyph::{State, glyph},
    moment::ago,
};

#[component]
pub fn Pair(
    id: &'static str,
    settings: Vec<Setting>,
    /// None: Compute Engine was not read yet.
    observed_at: Option<Timestamp>,
    /// How a difference is drawn: in progress while it is being worked on, else a warning.
    difference: State,
) -> AnyView {
    let rows = settings
        .into_iter()
        .map(|setting| {
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
        })
        .collect_view();
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
        </section>
    }
    .into_any()
}

fn value(text: Option<String>) -> AnyView {
    match text {
        Some(text) => text.into_any(),
        None => view! { <span class="muted">"none"</span> }.into_any(),
    }
}
