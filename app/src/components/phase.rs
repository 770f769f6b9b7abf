//! One phase of a change: a card on the spine that folds to one line with its state, what happened, and when.

use leptos::prelude::*;

use super::{
    glyph::{State, glyph},
    icon::turning_arrow,
};

#[component]
pub fn Phase(
    state: State,
    title: &'static str,
    /// What happened, in a clause.
    #[prop(into)]
    say: String,
    /// At the right: when, how long, by which policy.
    #[prop(into, optional)]
    aside: ViewFn,
    #[prop(optional)] open: bool,
    /// The phase that the change is in now.
    #[prop(optional)]
    current: bool,
    children: Children,
) -> AnyView {
    view! {
        <details class="phase" data-s=state.as_str() open=open aria-current=current.then_some("step")>
            <summary>
                {glyph(state)} <h2>{title}</h2> <span class="phase-say">{say}</span>
                <small class="push">{aside.run()}</small> {turning_arrow()}
            </summary>
            <div class="phase-body">{children()}</div>
        </details>
    }
    .into_any()
}
