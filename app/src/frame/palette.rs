//! The palette: Ctrl+K, a part of a name, and there. It leads to rooms and things; it never does anything to them.
//! Without scripts its button leads to the page that asks the same.

use domain::view::search::SearchResult;
use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast as _, web_sys};
use leptos_router::hooks::use_location;

use super::{Scope, rooms};
use crate::{
    api,
    components::icon::{Icon, icon},
    pages::search::{TEXT, link},
    routes,
};

pub fn palette(scope: Scope) -> AnyView {
    let dialog = NodeRef::<html::Dialog>::new();
    let input = NodeRef::<html::Input>::new();
    let typed = RwSignal::new(String::new());
    let answer = RwSignal::new(None::<SearchResult>);
    // Who never opens it need not download what stands in it.
    let opened = RwSignal::new(false);
    // Answers may overtake one another, and an action keeps the one that came last. What was asked before must not
    // take the matches away from whoever walks through them.
    let search = Action::new(move |text: &String| {
        let text = text.clone();
        async move {
            if let Ok(result) = api::search::find_by_name(text).await
                && typed.try_get_untracked().is_some_and(|typed| typed == result.asked)
            {
                answer.try_set(Some(result));
            }
        }
    });
    let open = move || {
        if let (Some(dialog), Some(input)) = (dialog.get_untracked(), input.get_untracked()) {
            opened.set(true);
            // Refused where it is open already.
            let _ = dialog.show_modal();
            input.select();
        }
    };
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    summon(open, close);
    let found = move || {
        let text = typed.get();
        let result = answer.get()?;
        // It is not shown for another question.
        (!text.trim().is_empty() && result.asked == text).then_some(result.found)
    };
    let matching = move || {
        if !opened.get() {
            return None;
        }
        let text = typed.get().trim().to_lowercase();
        let rooms = rooms::all()
            .filter(|(label, ..)| label.to_lowercase().contains(&text))
            .map(|(label, path, symbol)| {
                view! {
                    <li>
                        <a class="list-item found" href=scope.link(path)>
                            {icon(symbol)}
                            <b>{label}</b>
                            <small class="soft">"page"</small>
                        </a>
                    </li>
                }
            })
            .collect_view();
        Some(rooms)
    };
    view! {
        <a
            class="user find"
            href=routes::SEARCH
            aria-keyshortcuts="Control+K"
            aria-label="Search"
            on:click=move |event| {
                if !event.ctrl_key() && !event.meta_key() {
                    event.prevent_default();
                    open();
                }
            }
        >
            {icon(Icon::Search)}
            <span>"Search"</span>
            <kbd aria-hidden="true">"Ctrl K"</kbd>
        </a>
        <dialog
            class="palette"
            aria-label="Search"
            node_ref=dialog
            on:click=move |event| {
                // A press beside it is on the dialog itself.
                if event.target() == event.current_target() {
                    close();
                }
            }
            on:keydown=move |event| walk(&event, dialog)
        >
            <form method="get" action=routes::SEARCH role="search" on:submit=move |event| submit(&event, dialog)>
                <input
                    class="input"
                    type="text"
                    inputmode="search"
                    name=TEXT
                    aria-label="Name of a page, pool, template, instance or change"
                    placeholder="Go to a page, pool, template, instance or change"
                    maxlength="100"
                    autocomplete="off"
                    node_ref=input
                    on:input=move |event| {
                        let text = event_target_value(&event);
                        typed.set(text.clone());
                        if !text.trim().is_empty() {
                            search.dispatch(text);
                        }
                    }
                />
            </form>
            <ul class="list" aria-label="Matches">
                {move || {
                    found()
                        .map(|found| found.iter().map(|one| view! { <li>{link(one)}</li> }).collect_view())
                }}
                {matching}
            </ul>
            <p class="sm muted">"↑ ↓ choose, Enter goes there, Escape closes"</p>
        </dialog>
    }
    .into_any()
}

/// By Ctrl+K; after a navigation it is closed. Effects run in the browser only.
fn summon(open: impl Fn() + Copy + 'static, close: impl Fn() + Copy + 'static) {
    let location = use_location();
    Effect::new(move |_| {
        location.pathname.track();
        location.search.track();
        close();
    });
    Effect::new(move |_| {
        let pressed = window_event_listener(ev::keydown, move |event| {
            if (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case("k") {
                event.prevent_default();
                open();
            }
        });
        on_cleanup(move || pressed.remove());
    });
}

/// The links that are shown, the first first.
fn links(dialog: NodeRef<html::Dialog>) -> Vec<web_sys::HtmlElement> {
    let Some(dialog) = dialog.get_untracked() else { return Vec::new() };
    let links = dialog.get_elements_by_tag_name("a");
    (0..links.length()).filter_map(|index| links.item(index)?.dyn_into().ok()).collect()
}

/// The arrow keys walk from the field through the matches and back to it.
fn walk(event: &web_sys::KeyboardEvent, dialog: NodeRef<html::Dialog>) {
    let step = match event.key().as_str() {
        "ArrowDown" => 1,
        "ArrowUp" => -1,
        _ => return,
    };
    event.prevent_default();
    let links = links(dialog);
    let focused = document().active_element();
    let at = links.iter().position(|link| Some(link.as_ref()) == focused.as_ref());
    let next = at.map_or(0, |at| at as isize + 1) + step;
    let field = dialog.get_untracked().and_then(|dialog| dialog.query_selector("input").ok().flatten());
    let target = match usize::try_from(next - 1) {
        Ok(index) => links.into_iter().nth(index),
        Err(_) => field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()),
    };
    if let Some(target) = target {
        let _ = target.focus();
    }
}

/// Enter in the field goes to the first match; with none the page says that there is none.
fn submit(event: &web_sys::SubmitEvent, dialog: NodeRef<html::Dialog>) {
    if let Some(first) = links(dialog).into_iter().next() {
        event.prevent_default();
        first.click();
    }
}
