//! The badge that says whether what is on the page is true now, and the button that holds the page as it is.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    components::{
        glyph::State,
        moment::{Clock, utc},
    },
    live::{Freshness, Live},
    opening::Opening,
};

/// For so long a broken stream is only being reconnected; after that the values are called stale.
const PATIENCE_SECONDS: i64 = 10;

pub fn freshness() -> AnyView {
    let (live, clock) = (Live::here(), Clock::here());
    let drawn = Opening::here().now;
    let said = Memo::new(move |_| match live.freshness() {
        Freshness::Drawn => (State::None, format!("As of {}", utc(drawn))),
        Freshness::Live => (State::Ok, "Live".to_owned()),
        Freshness::Paused(at) => (State::Paused, format!("Paused, as of {}", utc(at))),
        Freshness::Lost(since) => match (clock.ticking() - since).num_seconds() {
            seconds @ ..=PATIENCE_SECONDS => {
                (State::Progress, format!("Reconnecting ({} s)", seconds.max(0)))
            }
            _ => (State::Warn, format!("Stale since {}", utc(since))),
        },
    });
    // What another page loads is as of then: a pause ends with the page that it was of.
    let here = use_location();
    Effect::new(move |before: Option<()>| {
        here.pathname.track();
        here.search.track();
        if before.is_some() {
            live.resume();
        }
    });
    view! {
        <span class="fresh">
            <span class="live" role="status" data-s=move || said.get().0.as_str()>
                <svg class="freshness" viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
                    <path d=move || shape(said.get().0)></path>
                </svg>
                {move || said.get().1}
            </span>
            {hold(live)}
        </span>
    }
    .into_any()
}

/// Nothing on a page that hears no stream: it stands still by itself.
fn hold(live: Live) -> AnyView {
    let paused = Memo::new(move |_| matches!(live.freshness(), Freshness::Paused(_)));
    let moves = Memo::new(move |_| live.freshness() != Freshness::Drawn);
    let label = move || if paused.get() { "Resume live updates" } else { "Pause live updates" };
    view! {
        {move || {
            moves
                .get()
                .then(|| {
                    view! {
                        <button
                            type="button"
                            class="hold"
                            aria-label=label
                            title=label
                            on:click=move |_| live.pause_or_resume()
                        >
                            <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
                                <path d=move || if paused.get() { GO_ON } else { shape(State::Paused) }></path>
                            </svg>
                        </button>
                    }
                })
        }}
    }
    .into_any()
}

/// A triangle that points onwards.
const GO_ON: &str = "M2.5 1 9 5l-6.5 4z";

/// Full disc, half disc, triangle, two bars: never the colour alone.
const fn shape(state: State) -> &'static str {
    match state {
        State::Ok => "M5 1a4 4 0 1 1 0 8a4 4 0 0 1 0-8z",
        State::Progress => "M5 1a4 4 0 0 1 0 8zM5 1a4 4 0 0 0 0 8v-1a3 3 0 0 1 0-6z",
        State::Warn => "M5 .8 9.6 9H.4z",
        _ => "M2.5 1.5h2v7h-2zM5.5 1.5h2v7h-2z",
    }
}
