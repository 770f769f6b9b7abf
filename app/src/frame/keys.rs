//! Single keys: what each does, the sheet that says it, and the switch that turns them off (WCAG 2.1.4).

#[cfg(feature = "hydrate")]
mod listener;

use leptos::{form::ActionForm, html, prelude::*};

use crate::{
    api::single_keys::SetSingleKeys,
    components::icon::{Icon, icon},
    opening::Opening,
    routes,
};
#[cfg(feature = "hydrate")]
use crate::{frame::Scope, live::Live};

/// Where `g` and a second key lead.
const ROOMS: [(&str, &str, &str); 5] = [
    ("f", "Fleet", routes::FLEET),
    ("p", "Pools", routes::POOLS),
    ("c", "Changes", routes::CHANGES),
    ("a", "Audit", routes::AUDIT),
    ("h", "Health", routes::HEALTH),
];

const VERBS: [(&str, &str); 6] = [
    ("/", "Filter this page, or search where it has no filter"),
    ("j", "Go down a row"),
    ("k", "Go up a row"),
    ("Enter", "Open the row"),
    (".", "Pause or resume live updates"),
    ("?", "Show this"),
];

/// Whether they are heeded, and the sheet.
#[derive(Clone, Copy)]
pub struct Keys {
    on: RwSignal<bool>,
    sheet: NodeRef<html::Dialog>,
    /// Whether the sheet was ever opened: who never does need not download what it says.
    opened: RwSignal<bool>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// Above the bar, whose menu has the switch too.
    pub fn provide() -> Self {
        let keys = Self {
            on: RwSignal::new(Opening::here().single_keys),
            sheet: NodeRef::new(),
            opened: RwSignal::new(false),
        };
        provide_context(keys);
        keys
    }

    pub fn here() -> Self {
        expect_context()
    }

    #[cfg(feature = "hydrate")]
    pub fn listen(self, scope: Scope, live: Live) {
        listener::listen(self, scope, live);
    }

    fn show(self) {
        if let Some(sheet) = self.sheet.get_untracked() {
            self.opened.set(true);
            // Refused where it is open already.
            let _ = sheet.show_modal();
        }
    }

    fn close(self) {
        if let Some(sheet) = self.sheet.get_untracked() {
            sheet.close();
        }
    }

    /// All keys. The browser closes it by Escape and gives the focus back.
    pub fn sheet(self) -> AnyView {
        view! {
            <dialog
                class="keys"
                aria-labelledby="keys-title"
                node_ref=self.sheet
                on:click=move |event| {
                    // A press beside it is on the dialog itself.
                    if event.target() == event.current_target() {
                        self.close();
                    }
                }
            >
                <header class="split">
                    <h2 id="keys-title">"Keyboard shortcuts"</h2>
                    <button type="button" class="btn" aria-label="Close" on:click=move |_| self.close()>
                        {icon(Icon::X)}
                    </button>
                </header>
                {move || self.opened.get().then(|| self.all())}
            </dialog>
        }
        .into_any()
    }

    fn all(self) -> AnyView {
        let rooms = ROOMS.map(|(key, room, _)| {
            view! { <li><span><kbd>"g"</kbd> " " <kbd>{key}</kbd></span> {format!("Go to {room}")}</li> }
        });
        let verbs = VERBS.map(|(key, does)| view! { <li><span><kbd>{key}</kbd></span> {does}</li> });
        view! {
            <ul>
                {verbs.collect_view()} {rooms.collect_view()}
                <li><span><kbd>"Ctrl K"</kbd></span> "Search, also while they are off"</li>
            </ul>
            {self.switch()}
            <p class="sm muted">"None does anything while you type in a field."</p>
        }
        .into_any()
    }

    /// In the menu of the account: the switch, and the way to the sheet for who has switched them off.
    pub fn choice(self) -> AnyView {
        let awake = RwSignal::new(false);
        // Without scripts there is no sheet to open.
        Effect::new(move |_| awake.set(true));
        let opener = move || {
            awake.get().then(|| {
                view! {
                    <button type="button" class="nav-item" on:click=move |_| self.show()>
                        "Keyboard shortcuts"
                    </button>
                }
            })
        };
        view! {
            {self.switch()}
            {opener}
        }
        .into_any()
    }

    /// Kept as the theme is: without scripts the form posts, and the server answers with the page anew.
    fn switch(self) -> AnyView {
        let action = ServerAction::<SetSingleKeys>::new();
        Effect::new(move |_| {
            if let Some(Ok(on)) = action.value().get() {
                self.on.set(on);
            }
        });
        view! {
            <ActionForm action=action>
                <button
                    type="submit"
                    class="nav-item"
                    role="switch"
                    name="on"
                    value=move || if self.on.get() { "false" } else { "true" }
                    aria-checked=move || if self.on.get() { "true" } else { "false" }
                >
                    "Single-key shortcuts"
                    <small class="push" aria-hidden="true">
                        {move || if self.on.get() { "On" } else { "Off" }}
                    </small>
                </button>
            </ActionForm>
        }
        .into_any()
    }
}
