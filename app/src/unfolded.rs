//! What somebody folded or unfolded stays so while the page stands. Whatever is drawn anew, by which resource ever, comes as it is
//! drawn first; so their choices are remembered here and made again, before the browser shows what was drawn. Phases of a change
//! remember by themselves (`components/phase.rs`), and so do the menus of the bar (`components/drop.rs`).

#[cfg(feature = "hydrate")]
use std::{cell::RefCell, collections::HashMap, rc::Rc};

#[cfg(feature = "hydrate")]
use leptos::{ev, prelude::*};
#[cfg(feature = "hydrate")]
use leptos_router::hooks::use_location;
#[cfg(feature = "hydrate")]
use wasm_bindgen::{JsCast as _, closure::Closure};
#[cfg(feature = "hydrate")]
use web_sys::{Element, HtmlDetailsElement, MutationObserver, MutationObserverInit};

// Not what leads to an act: whoever acted once has not asked for the next.
#[cfg(feature = "hydrate")]
const FOLDS: &str = "main details:not(.phase, .act)";

/// What a press on a summary may have been meant for.
#[cfg(feature = "hydrate")]
const PRESSED: &str = ":is(a[href], button, input, select, textarea, summary)";

/// What tells a fold from its like in two drawings of one page, and how many before it say the same.
#[cfg(feature = "hydrate")]
type Key = (String, usize);

/// Once, around all pages.
#[cfg(feature = "hydrate")]
pub fn remember() {
    let chosen: Rc<RefCell<HashMap<Key, bool>>> = Rc::default();
    let path = use_location().pathname;
    let of_page = Rc::clone(&chosen);
    Effect::new(move |_| {
        path.track();
        // Another page has other folds.
        of_page.borrow_mut().clear();
    });
    Effect::new(move |_| {
        let made = Rc::clone(&chosen);
        // Keys press a summary too. It is told before the fold follows.
        let presses = window_event_listener(ev::click, move |event| {
            if event.default_prevented() {
                return;
            }
            let Some(pressed) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
                return;
            };
            let Some(fold) = pressed_fold(&pressed) else { return };
            let own = folds().into_iter().find(|(_, other)| *other == fold);
            if let Some((key, fold)) = own {
                made.borrow_mut().insert(key, !fold.open());
            }
        });
        on_cleanup(move || presses.remove());
        watch(Rc::clone(&chosen));
    });
}

/// The fold whose summary was pressed, and nothing in it.
#[cfg(feature = "hydrate")]
fn pressed_fold(pressed: &Element) -> Option<HtmlDetailsElement> {
    let summary = pressed.closest(PRESSED).ok()??;
    if summary.tag_name() != "SUMMARY" {
        return None;
    }
    summary.parent_element()?.dyn_into().ok()
}

/// Makes the choices again with each drawing. An observer hears of it before the next frame; to set a fold adds no element, so that
/// it does not hear itself.
#[cfg(feature = "hydrate")]
fn watch(chosen: Rc<RefCell<HashMap<Key, bool>>>) {
    let again = Closure::<dyn FnMut()>::new(move || {
        let chosen = chosen.borrow();
        // Mostly nothing was chosen, and rows come and go all the time.
        if chosen.is_empty() {
            return;
        }
        for (key, fold) in folds() {
            if let Some(open) = chosen.get(&key).filter(|open| **open != fold.open()) {
                fold.set_open(*open);
            }
        }
    });
    let main = document().get_element_by_id("main");
    let observer = MutationObserver::new(again.as_ref().unchecked_ref());
    if let (Some(main), Ok(observer)) = (main, observer) {
        let wanted = MutationObserverInit::new();
        wanted.set_child_list(true);
        wanted.set_subtree(true);
        let _ = observer.observe_with_options(&main, &wanted);
    }
    // As long as the document, as what it watches.
    again.forget();
}

/// The page's folds in its order.
#[cfg(feature = "hydrate")]
fn folds() -> Vec<(Key, HtmlDetailsElement)> {
    let Ok(found) = document().query_selector_all(FOLDS) else { return Vec::new() };
    let mut alike = HashMap::<String, usize>::new();
    (0..found.length())
        .filter_map(|index| found.get(index)?.dyn_into::<HtmlDetailsElement>().ok())
        .map(|fold| {
            let said = said(&fold);
            let count = alike.entry(said.clone()).or_default();
            let key = (said, *count);
            *count += 1;
            (key, fold)
        })
        .collect()
}

/// Its id; otherwise the nearest id around it and what its summary says.
#[cfg(feature = "hydrate")]
fn said(fold: &HtmlDetailsElement) -> String {
    if !fold.id().is_empty() {
        return fold.id();
    }
    let around = fold.parent_element().and_then(|parent| parent.closest("[id]").ok().flatten());
    let place = around.map(|around| around.id()).unwrap_or_default();
    let summary = fold.query_selector("summary").ok().flatten();
    let line = summary.and_then(|summary| summary.text_content()).unwrap_or_default();
    format!("{place}\n{}", lasting(&line))
}

/// The words of a line without its figures, which move while the page stands: `Show 14 more`.
#[cfg(any(feature = "hydrate", test))]
fn lasting(line: &str) -> String {
    let words = line.split_whitespace().filter(|word| word.contains(char::is_alphabetic));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_move_and_names_stay() {
        assert_eq!(lasting("Show 14 more"), lasting("Show 9  more"));
        assert_eq!(lasting("12:04:05 web-1 failed"), "web-1 failed");
        assert_ne!(lasting("web-1"), lasting("web-2"));
    }
}
