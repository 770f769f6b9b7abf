//! The rooms at the side: with their names, or as icons alone, as this browser was asked to keep them. Where the window is too narrow
//! for a side, the same list is a popover under the bar's button, which browsers open and close without scripts.

use leptos::{form::ActionForm, html, prelude::*};
use leptos_router::hooks::use_location;

use super::{Knowledge, Scope, rooms::Rooms};
use crate::{
    api::sidebar::CollapseSidebar,
    components::icon::{Icon, icon},
};

/// What the bar's button opens.
pub const ID: &str = "rooms";

/// `collapsed` is what the shell goes by, too.
#[component]
pub fn Sidebar(scope: Scope, knowledge: Option<Knowledge>, collapsed: RwSignal<bool>) -> AnyView {
    let rooms = Rooms { scope, knowledge, collapsed };
    let list = NodeRef::<html::Nav>::new();
    close_after_navigation(list);
    view! {
        <nav class="sidebar" id=ID popover="auto" aria-label="Main" node_ref=list>
            {rooms.view()} <div class="nav-foot">
                <ul>{rooms.health()}</ul>
                {switch(collapsed)}
            </div>
        </nav>
    }
    .into_any()
}

/// The browser closes it on Escape and when something else is pressed, but knows nothing of a page that comes without being loaded.
fn close_after_navigation(list: NodeRef<html::Nav>) {
    let location = use_location();
    Effect::new(move |before: Option<()>| {
        location.pathname.track();
        location.search.track();
        if let (Some(()), Some(list)) = (before, list.get_untracked()) {
            // Where it stands at the side it is not open.
            let _ = list.hide_popover();
        }
    });
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
