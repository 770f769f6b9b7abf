//! A menu under its button. It is a `<details>`, so it opens without scripts; with them it also closes by itself.

use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast as _, web_sys::Node};
use leptos_router::hooks::use_location;

use super::focus::is_under_dialog;

#[component]
pub fn Drop(
    /// Of the button, for readers by ear.
    #[prop(into)]
    label: String,
    /// Of the button.
    class: &'static str,
    /// The wrapper's own class: where the menu sits.
    #[prop(optional)]
    place: &'static str,
    /// What the button shows.
    #[prop(into)]
    face: ViewFn,
    children: Children,
) -> AnyView {
    let details = NodeRef::<html::Details>::new();
    close_by_itself(details);
    view! {
        <details class=format!("drop {place}") name="bar" node_ref=details>
            <summary class=class aria-label=label>
                {face.run()}
            </summary>
            <div class="drop-body">{children()}</div>
        </details>
    }
    .into_any()
}

/// After a navigation, on Escape, and when something else is pressed. Effects run in the browser only.
fn close_by_itself(details: NodeRef<html::Details>) {
    let location = use_location();
    let close = move || {
        if let Some(details) = details.get_untracked() {
            details.set_open(false);
        }
    };
    Effect::new(move |_| {
        location.pathname.track();
        location.search.track();
        close();
    });
    Effect::new(move |_| {
        let outside = window_event_listener(ev::click, move |event| {
            let inside = details.get_untracked().is_some_and(|details| {
                let target = event_target_node(&event);
                details.contains(target.as_ref())
            });
            if !inside {
                close();
            }
        });
        let escape = window_event_listener(ev::keydown, move |event| {
            // The focus comes back into the menu from the dialog that it opened.
            if event.key() == "Escape" && !is_under_dialog() {
                close();
            }
        });
        on_cleanup(move || {
            outside.remove();
            escape.remove();
        });
    });
}

fn event_target_node(event: &ev::MouseEvent) -> Option<Node> {
    event.target()?.dyn_into().ok()
}
