//! The rooms at the side: with their names, or as icons alone, as this browser was asked to keep them. Where the window is too narrow
//! for a side, the same list is a popover under the bar's button, which browsers open and close without scripts.

use leptos::{ev, form::ActionForm, html, prelude::*, wasm_bindgen::JsCast as _, web_sys};
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
        <nav
            class="sidebar"
            id=ID
            popover="auto"
            aria-label="Main"
            node_ref=list
            on:click=move |event| {
                if is_on_link(&event) {
                    close(list);
                }
            }
        >
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
        if before.is_some() {
            close(list);
        }
    });
}

/// Where it stands at the side it is not open, and stays.
fn close(list: NodeRef<html::Nav>) {
    if let Some(list) = list.get_untracked() {
        let _ = list.hide_popover();
    }
}

/// The room that one is in leads to no other address, so that a press on it is all there is to be heard.
fn is_on_link(event: &ev::MouseEvent) -> bool {
    let pressed = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    pressed.is_some_and(|pressed| matches!(pressed.closest("a"), Ok(Some(_))))
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
