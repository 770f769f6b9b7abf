//! The one listener. It looks at the page as it is when a key comes down, so that no page needs to know of it.

use leptos::{ev, prelude::*};
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::{Keys, ROOMS};
use crate::{components::focus::is_under_dialog, frame::Scope, live::Live};

/// From `g` to the second key.
const PATIENCE_MILLISECONDS: f64 = 1_500.0;

/// A form that asks by GET is a filter of its page.
const FILTERS: &str = "main form[method=get] :is(input:not([type=hidden]), select):not([inert] *)";
const SEARCH: &str = "header .find";
/// What a panel covers and what is folded away has no rows to walk over.
const ROWS: &str = "main :is(tbody tr, .rows > li):not([inert] *, details:not([open]) *)";
const LISTS: &str = "table, .rows";
const PANEL: &str = ".side-panel";

pub(super) fn listen(keys: Keys, scope: Scope, live: Live) {
    let navigate = use_navigate();
    let begun = StoredValue::new(None::<f64>);
    Effect::new(move |_| {
        let navigate = navigate.clone();
        let pressed = window_event_listener(ev::keydown, move |event| {
            let before = begun.get_value();
            begun.set_value(None);
            if !keys.on.get_untracked() || !is_meant(&event) {
                return;
            }
            let key = event.key();
            let in_time = before.is_some_and(|at| event.time_stamp() - at <= PATIENCE_MILLISECONDS);
            let room = ROOMS.into_iter().find(|(second, ..)| in_time && *second == key);
            let done = match (room, key.as_str()) {
                (Some((.., path)), _) => {
                    navigate(&scope.link_untracked(path), Default::default());
                    true
                }
                // What was typed into a panel is not thrown away by two keys.
                (None, "g") if first(PANEL).is_none() => {
                    begun.set_value(Some(event.time_stamp()));
                    true
                }
                (None, "/") => filter(),
                (None, "j") => walk(1),
                (None, "k") => walk(-1),
                (None, ".") => {
                    live.pause_or_resume();
                    true
                }
                (None, "?") => {
                    keys.show();
                    true
                }
                _ => false,
            };
            if done {
                event.prevent_default();
            }
        });
        on_cleanup(move || pressed.remove());
    });
}

/// A key alone, pressed on the page itself: not into a field, and not over a dialog.
fn is_meant(event: &KeyboardEvent) -> bool {
    let with_another = event.ctrl_key() || event.alt_key() || event.meta_key();
    let typed =
        event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok()).is_some_and(|target| {
            target.is_content_editable() || target.matches("input, select, textarea").unwrap_or(false)
        });
    !with_another && !typed && !event.is_composing() && !event.default_prevented() && !is_under_dialog()
}

fn first(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok()??.dyn_into().ok()
}

/// Into the page's filter, which may be folded; a page without one is searched by the palette.
fn filter() -> bool {
    if let Some(field) = first(FILTERS) {
        if let Ok(Some(fold)) = field.closest("details") {
            let _ = fold.set_attribute("open", "");
        }
        return field.focus().is_ok();
    }
    first(SEARCH).map(|search| search.click()).is_some()
}

/// To the link of the next row: of the list that has the focus, otherwise of the page's first one.
fn walk(step: isize) -> bool {
    let Ok(found) = document().query_selector_all(ROWS) else { return false };
    let rows: Vec<(Element, HtmlElement)> = (0..found.length())
        .filter_map(|index| {
            let row = found.get(index)?.dyn_into::<Element>().ok()?;
            let link = row.query_selector("a[href]").ok()??.dyn_into().ok()?;
            Some((row, link))
        })
        .collect();
    let focused = document().active_element();
    let holds = |row: &Element| focused.as_ref().is_some_and(|focused| row.contains(Some(focused)));
    let present = rows.iter().position(|(row, _)| holds(row));
    let Some(list) = rows.get(present.unwrap_or(0)).and_then(|(row, _)| row.closest(LISTS).ok()?) else {
        return false;
    };
    let next = present.map_or(Some(0), |present| present.checked_add_signed(step));
    let next = next.and_then(|next| rows.get(next)).filter(|(row, _)| list.contains(Some(row)));
    next.is_some_and(|(_, link)| link.focus().is_ok())
}
