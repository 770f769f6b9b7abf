//! Where the keyboard is after a navigation: on the new page's heading, as it would be after a page load. After a side
//! panel it is on the link that had opened the panel. And a page that is drawn anew does not lose it.

use leptos::{html, prelude::*, web_sys};
use leptos_router::hooks::{use_location, use_matched};

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
        // The page's own: the address may be of the next one already when this one is drawn.
        let path = use_matched();
        Effect::new(move |_| {
            let Some(heading) = heading.get() else { return };
            let here = path.get_untracked();
            let before = this.last.get_value();
            if before.as_ref() == Some(&here) {
                return;
            }
            if before.is_some() {
                focus_when_shown(heading, this.closed.get_value(), FRAMES);
            }
            this.closed.set_value(None);
            this.last.set_value(Some(here));
        });
    }
}

/// Called before what was loaded is drawn: where that takes the keyboard's place out of the page, the keyboard is put on what
/// stands there instead. Elements that a closure makes are made anew with each drawing.
#[cfg(feature = "hydrate")]
pub fn keep_focus() {
    if let Some(held) = Held::read() {
        request_animation_frame(move || held.restore());
    }
}

/// Where the keyboard is within the page.
#[cfg(feature = "hydrate")]
struct Held {
    said: String,
    /// How many before it say the same.
    place: usize,
}

#[cfg(feature = "hydrate")]
impl Held {
    fn read() -> Option<Self> {
        let active = document().active_element()?;
        let stops = stops();
        let at = stops.iter().position(|stop| **stop == active)?;
        let said = said(&active);
        let place = stops.iter().take(at).filter(|stop| self::said(stop) == said).count();
        Some(Self { said, place })
    }

    fn restore(&self) {
        // Otherwise it has stayed, or somebody has moved it meanwhile.
        let lost = match document().active_element() {
            Some(active) => document().body().is_some_and(|body| *body == active),
            None => true,
        };
        let mut same = stops().into_iter().filter(|stop| said(stop) == self.said);
        if let Some(stop) = lost.then(|| same.nth(self.place)).flatten() {
            let quietly = web_sys::FocusOptions::new();
            quietly.set_prevent_scroll(true);
            let _ = stop.focus_with_options(&quietly);
        }
    }
}

/// All that the keyboard can be on within the page and the bar above it, in its order.
#[cfg(feature = "hydrate")]
fn stops() -> Vec<web_sys::HtmlElement> {
    use leptos::wasm_bindgen::JsCast as _;
    const STOPS: &str =
        ":is(.topbar, main) :is(a[href], button, input, select, textarea, summary, h1[tabindex])";
    let Ok(found) = document().query_selector_all(STOPS) else { return Vec::new() };
    (0..found.length()).filter_map(|index| found.get(index)?.dyn_into().ok()).collect()
}

/// What tells an element from its like in two drawings of one page.
#[cfg(feature = "hydrate")]
fn said(element: &web_sys::Element) -> String {
    let [id, href, name, label] =
        ["id", "href", "name", "aria-label"].map(|name| element.get_attribute(name).unwrap_or_default());
    let tag = element.tag_name();
    // The text of a field is what somebody types, or may choose from.
    let text = match tag.as_str() {
        "A" | "BUTTON" | "SUMMARY" | "H1" => element.text_content().unwrap_or_default(),
        _ => String::new(),
    };
    [tag, id, href, name, label, text].join("\n")
}

/// Some seconds of them: as long as a page may take from its being built to its being shown.
const FRAMES: u32 = 300;

/// It is built, but in the document only when this turn is over, or later where more of the page is still on its way.
fn focus_when_shown(heading: web_sys::HtmlHeadingElement, opener: Option<String>, frames: u32) {
    request_animation_frame(move || {
        if !heading.is_connected() && frames > 0 {
            return focus_when_shown(heading, opener, frames - 1);
        }
        if opener.and_then(|path| link_to(&path)).is_none_or(|link| link.focus().is_err()) {
            let _ = heading.focus();
        }
    });
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
