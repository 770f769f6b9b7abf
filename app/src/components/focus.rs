//! Where the keyboard is after a navigation: on the new page's heading, as it would be after a page load.

use leptos::{html, prelude::*};
use leptos_router::hooks::use_location;

/// Remembers for which path the heading has had the focus, so that a refreshed page does not take it again.
#[derive(Clone, Copy)]
pub struct FocusOnArrival {
    last: StoredValue<Option<String>>,
}

impl std::fmt::Debug for FocusOnArrival {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FocusOnArrival")
    }
}

impl FocusOnArrival {
    /// Once, above all pages.
    pub fn provide() {
        provide_context(Self { last: StoredValue::new(None) });
    }

    /// Moves the focus to the heading when the path has changed since the last page. The first page keeps the
    /// browser's own focus. Effects run in the browser only.
    pub fn watch(heading: NodeRef<html::H1>) {
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
                // Built, but in the document only when this turn is over.
                request_animation_frame(move || {
                    let _ = heading.focus();
                });
            }
            this.last.set_value(Some(here));
        });
    }
}
