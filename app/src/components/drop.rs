//! A menu under its button. It is a `<details>`, so it opens without scripts; with them it also closes by itself.

use leptos::{
    ev, html,
    prelude::*,
    wasm_bindgen::JsCast as _,
    web_sys::{Event, HtmlDetailsElement, Node},
};
use leptos_router::hooks::use_location;

use super::focus::is_under_dialog;

/// Which menu is open, by its label, and at which address. What the bar shows is drawn anew as it changes, and a menu that is open
/// stays so.
#[derive(Clone, Copy, Debug)]
pub struct OpenDrop(StoredValue<Option<(String, String)>>);

impl OpenDrop {
    /// Once, above all pages.
    pub fn provide() {
        provide_context(Self(StoredValue::new(None)));
    }

    fn is(self, label: &str, here: &str) -> bool {
        self.0.with_value(|open| open.as_ref().is_some_and(|(of, at)| of == label && at == here))
    }

    fn open(self, label: &str, here: String) {
        self.0.set_value(Some((label.to_owned(), here)));
    }

    /// Another one may be open by now.
    fn close(self, label: &str) {
        self.0.update_value(|open| {
            if open.as_ref().is_some_and(|(of, _)| of == label) {
                *open = None;
            }
        });
    }
}

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
    let follow = close_by_itself(details, &label);
    view! {
        <details class=format!("drop {place}") name="bar" node_ref=details on:toggle=move |event| follow(&event)>
            <summary class=class aria-label=label>
                {face.run()}
            </summary>
            <div class="drop-body">{children()}</div>
        </details>
    }
    .into_any()
}

/// After a navigation, on Escape, and when something else is pressed; not because the bar was drawn anew. Effects run in the browser
/// only. Gives what is to be told when it was opened or closed.
fn close_by_itself(details: NodeRef<html::Details>, label: &str) -> impl Fn(&Event) + 'static + use<> {
    let location = use_location();
    let here = {
        let (path, search) = (location.pathname, location.search);
        move || format!("{}?{}", path.get_untracked(), search.get_untracked())
    };
    let memory = use_context::<OpenDrop>();
    let stays = memory.is_some_and(|memory| memory.is(label, &here()));
    let close = move || {
        if let Some(details) = details.get_untracked() {
            details.set_open(false);
        }
    };
    Effect::new(move |before: Option<()>| {
        location.pathname.track();
        location.search.track();
        if before.is_some() {
            close();
        } else if let Some(details) = details.get_untracked().filter(|_| stays) {
            // Not before: while the one that it replaces still stood there, both could not be open.
            details.set_open(true);
        }
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
    let label = label.to_owned();
    move |event| {
        let details = event.target().and_then(|target| target.dyn_into::<HtmlDetailsElement>().ok());
        match (memory, details) {
            (Some(memory), Some(details)) if details.open() => memory.open(&label, here()),
            (Some(memory), _) => memory.close(&label),
            (None, _) => {}
        }
    }
}

fn event_target_node(event: &ev::MouseEvent) -> Option<Node> {
    event.target()?.dyn_into().ok()
}
