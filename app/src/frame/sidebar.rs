//! The rooms at the side: with their names, or as icons alone, as this browser was asked to keep them.

use leptos::{form::ActionForm, prelude::*};

use super::{Knowledge, Scope, rooms::Rooms};
use crate::{
    api::sidebar::CollapseSidebar,
    components::icon::{Icon, icon},
};

/// `collapsed` is what the shell goes by, too.
#[component]
pub fn Sidebar(scope: Scope, knowledge: Option<Knowledge>, collapsed: RwSignal<bool>) -> AnyView {
    let rooms = Rooms { scope, knowledge, collapsed: Some(collapsed) };
    view! {
        <nav class="sidebar" aria-label="Main">
            {rooms.view()} <div class="nav-foot">
                <ul>{rooms.health()}</ul>
                {switch(collapsed)}
            </div>
        </nav>
    }
    .into_any()
}

/// Kept as the theme is: without scripts the form posts, and the server answers with the page anew.
fn switch(collapsed: RwSignal<bool>) -> AnyView {
    let action = ServerAction::<CollapseSidebar>::new();
    Effect::new(move |_| {
        if let Some(Ok(now)) = action.value().get() {
            collapsed.set(now);
        }
    });
    view! {
        <ActionForm action=action>
            <button
                type="submit"
                class="nav-item"
                name="collapsed"
                value=move || if collapsed.get() { "false" } else { "true" }
                aria-pressed=move || if collapsed.get() { "true" } else { "false" }
                title=move || collapsed.get().then_some("Show the names of the rooms")
            >
                {icon(Icon::Collapse)}
                <span class="nav-label">"Collapse"</span>
            </button>
        </ActionForm>
    }
    .into_any()
}
