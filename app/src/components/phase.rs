//! One phase of a change: a card on the spine that folds to one line with its state, what happened, and when.

use std::collections::BTreeMap;

use leptos::{ev, prelude::*, wasm_bindgen::JsCast as _, web_sys};

use super::{
    glyph::{State, glyph},
    icon::turning_arrow,
};

/// The phases that a person folded or unfolded, by their titles: a page that draws itself anew leaves them so.
#[derive(Clone, Copy, Debug)]
pub struct Folds(StoredValue<BTreeMap<&'static str, bool>>);

impl Folds {
    /// Of the page that is being drawn and all that it draws.
    pub fn provide() -> Self {
        let folds = Self(StoredValue::new(BTreeMap::new()));
        provide_context(folds);
        folds
    }

    pub fn clear(self) {
        self.0.set_value(BTreeMap::new());
    }

    fn of(self, title: &'static str) -> Option<bool> {
        self.0.with_value(|folds| folds.get(title).copied())
    }

    /// A press on the line is told before the card follows it.
    fn press(self, title: &'static str, event: &ev::MouseEvent) {
        let line = event.current_target().and_then(|line| line.dyn_into::<web_sys::Element>().ok());
        if let Some(card) = line.and_then(|line| line.parent_element()) {
            let unfolds = !card.has_attribute("open");
            self.0.update_value(|folds| {
                folds.insert(title, unfolds);
            });
        }
    }
}

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
    let folds = use_context::<Folds>();
    let open = folds.and_then(|folds| folds.of(title)).unwrap_or(open);
    let press = move |event: ev::MouseEvent| {
        if let Some(folds) = folds {
            folds.press(title, &event);
        }
    };
    view! {
        <details class="phase" data-s=state.as_str() open=open aria-current=current.then_some("step")>
            <summary on:click=press>
                {glyph(state)} <h2>{title}</h2> <span class="phase-say">{say}</span>
                <small class="push">{aside.run()}</small> {turning_arrow()}
            </summary>
            <div class="phase-body">{children()}</div>
        </details>
    }
    .into_any()
}
