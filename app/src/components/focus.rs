//! Where the keyboard is after a navigation: on the new page's heading, as it would be after a page load. After a side
//! panel it is on the link that had opened the panel.

use leptos::{html, prelude::*, web_sys};
use leptos_router::hooks::use_location;

use super::side_panel::Behind;

/// Whether a dialog lies over the page: keys are the dialog's then.
pub fn is_under_dialog() -> bool {
    document().query_selector("dialog[open]").is_ok_and(|dialog| dialog.is_some())
}

/// Remembers for which path the heading has had the focus, so that a refreshed page does not take it again.
#[derive(Clone, Copy)]
pub struct FocusOnArrival {
    last: StoredValue<Option<String>>,
    /// The path of the panel that was just left.
    closed: StoredValue<Option<String>>,
}

impl std::fmt::Debug for FocusOnArrival {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FocusOnArrival")
    }
}

impl FocusOnArrival {
    /// Once, above all pages.
    pub fn provide() {
        provide_context(Self { last: StoredValue::new(None), closed: StoredValue::new(None) });
    }

    /// Moves the focus to the heading when the path has changed since the last page. The first page keeps the
    /// browser's own focus. Effects run in the browser only.
    pub fn watch(heading: NodeRef<html::H1>) {
        if use_context::<Behind>().is_none() {
            Self::arrive(heading);
        }
    }

    /// The same for a panel's heading. When the panel goes, the focus returns to where it was opened.
    pub fn watch_panel(heading: NodeRef<html::H1>) {
        Self::arrive(heading);
        let Some(this) = use_context::<Self>() else { return };
        let path = use_location().pathname.get_untracked();
        on_cleanup(move || {
            // Nothing is left to tell when the whole app goes.
            this.closed.try_set_value(Some(path));
        });
    }

    fn arrive(heading: NodeRef<html::H1>) {
        let Some(this) = use_context::<Self>() else { return };
        let path = use_location().pathname;
        Effect::new(move |_| {
            let Some(heading) = heading.get() else { return };
            let here = path.get_untracked();
            let before = this.last.get_value();
            if before.as_ref() == Some(&here) {
                return;
            }
            if before.is_some() {
                let opener = this.closed.get_value();
                // Built, but in the document only when this turn is over.
                request_animation_frame(move || {
                    if opener.and_then(|path| link_to(&path)).is_none_or(|link| link.focus().is_err()) {
                        let _ = heading.focus();
                    }
                });
            }
            this.closed.set_value(None);
            this.last.set_value(Some(here));
        });
    }
}

/// The page's first link to the path, whatever its query.
#[cfg(feature = "hydrate")]
fn link_to(path: &str) -> Option<web_sys::HtmlElement> {
    use leptos::wasm_bindgen::JsCast as _;
    let links = document().query_selector_all("main a[href]").ok()?;
    (0..links.length()).filter_map(|index| links.get(index)?.dyn_into::<web_sys::HtmlElement>().ok()).find(
        |link| {
            let href = link.get_attribute("href").unwrap_or_default();
            href.split(['?', '#']).next() == Some(path)
        },
    )
}

/// Effects do not run on the server.
#[cfg(not(feature = "hydrate"))]
fn link_to(_: &str) -> Option<web_sys::HtmlElement> {
    None
}
