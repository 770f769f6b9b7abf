//! A page on a wall: by `?kiosk=1` it has no rooms beside it and nothing to press in its bar. It stays one over the links of
//! the page; `?kiosk=0` ends it. The server keeps it without scripts, here it is kept with them.

use leptos::prelude::*;

use super::{clock, freshness};
use crate::url_state::use_query;

/// The query's word for it.
pub const KIOSK: &str = "kiosk";
pub const ON: &str = "1";

/// As the address says, and otherwise as the page before was.
pub fn kiosk() -> Memo<bool> {
    let query = use_query();
    let kiosk = Memo::new(move |before: Option<&bool>| {
        query.with(|query| query.get(KIOSK).map_or(before.copied().unwrap_or_default(), |said| said == ON))
    });
    #[cfg(feature = "hydrate")]
    write_down(kiosk);
    kiosk
}

/// How fresh the page is, and what time it is.
pub fn bar() -> AnyView {
    view! {
        <header class="topbar">
            <span class="gap"></span>
            {freshness::freshness()}
            {clock()}
        </header>
    }
    .into_any()
}

/// Has the address say it, so that a page that is loaded again is one still. Looked at once a second, because the router
/// writes the address only when the page that a link leads to is there.
#[cfg(feature = "hydrate")]
fn write_down(kiosk: Memo<bool>) {
    use crate::{components::moment::Clock, url_state::Query};
    let ticks = Clock::here();
    Effect::new(move |_| {
        ticks.ticking();
        if !kiosk.get() {
            return;
        }
        let location = window().location();
        let (Ok(path), Ok(search), Ok(hash)) = (location.pathname(), location.search(), location.hash())
        else {
            return;
        };
        let query = Query::parse(&search);
        if query.has(KIOSK) {
            return;
        }
        let address = format!("{}{hash}", query.with(KIOSK, Some(ON)).on(&path));
        if let Ok(history) = window().history() {
            let state = history.state().unwrap_or_default();
            let _ = history.replace_state_with_url(&state, "", Some(&address));
        }
    });
}
