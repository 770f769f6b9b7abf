//! A sheet at the right edge, for creating and editing. It is a route: Back closes it, and so do its cross, Escape and
//! a press beside it. Without scripts it is a page like any other, with the same links.

use leptos::{context::Provider, ev, html, prelude::*};
use leptos_router::hooks::use_navigate;

use super::{
    focus::{FocusOnArrival, is_under_dialog},
    icon::{Icon, icon},
    title::Title,
};
use crate::form::Posted;

/// In the context of a page that lies behind a panel: it takes neither the focus nor the title.
#[derive(Clone, Copy, Debug)]
pub struct Behind;

/// In the context of what a panel holds: the panel has the page's one heading already.
#[derive(Clone, Copy, Debug)]
pub struct InPanel;

#[component]
pub fn SidePanel(
    /// The page's one heading while the panel is open.
    #[prop(into)]
    title: String,
    /// The address of the page that it lies on.
    #[prop(into)]
    close: String,
    /// That page. It can be seen, not used.
    #[prop(into)]
    behind: ViewFn,
    /// One sentence under the title.
    #[prop(into, optional)]
    lead: String,
    children: Children,
) -> AnyView {
    let heading = NodeRef::<html::H1>::new();
    FocusOnArrival::watch_panel(heading);
    let cross = NodeRef::<html::A>::new();
    // What somebody typed is not thrown away by one key or one press beside it, even after it was sent once.
    let sent = SharedValue::new(|| use_context::<Posted>().is_some_and(|posted| posted.posted));
    let typed = RwSignal::new(sent.into_inner());
    close_by_escape(close.clone(), typed, cross);
    let label = move || if typed.get() { "Discard and close" } else { "Close" };
    view! {
        <Title text=title.clone() />
        <div class="over">
            <div class="behind" inert=true aria-hidden="true">
                <Provider value=Behind>{behind.run()}</Provider>
            </div>
            <a
                class="scrim"
                href=close.clone()
                tabindex="-1"
                aria-hidden="true"
                on:click=move |event| {
                    if typed.get_untracked() {
                        event.prevent_default();
                        focus(cross);
                    }
                }
            ></a>
            <section class="side-panel" aria-labelledby="side-panel" on:input=move |_| typed.set(true)>
                <header class="side-panel-head">
                    <div>
                        <h1 id="side-panel" tabindex="-1" node_ref=heading>
                            {title}
                        </h1>
                        {(!lead.is_empty()).then(|| view! { <p class="soft">{lead}</p> })}
                    </div>
                    <a class="btn" href=close node_ref=cross aria-label=label title=label>
                        {icon(Icon::X)}
                    </a>
                </header>
                <Provider value=InPanel>{children()}</Provider>
            </section>
        </div>
    }
    .into_any()
}

fn focus(cross: NodeRef<html::A>) {
    if let Some(cross) = cross.get_untracked() {
        let _ = cross.focus();
    }
}

/// Effects run in the browser only.
fn close_by_escape(close: String, typed: RwSignal<bool>, cross: NodeRef<html::A>) {
    let navigate = use_navigate();
    Effect::new(move |_| {
        let (navigate, close) = (navigate.clone(), close.clone());
        let escape = window_event_listener(ev::keydown, move |event| {
            if event.key() != "Escape" || event.default_prevented() || is_under_dialog() {
                return;
            }
            if typed.get_untracked() {
                focus(cross);
            } else {
                navigate(&close, Default::default());
            }
        });
        on_cleanup(move || escape.remove());
    });
}
