//! The tab's one EventSource. The browser reconnects and sends Last-Event-ID by itself; what it gives up on is
//! opened again here.

use std::time::Duration;

use domain::view::instance::InstanceDelta;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, EventSource, MessageEvent};

use super::{Freshness, Live};
use crate::{components::moment::Clock, url_state::encode};

/// Between the browser's giving up (the server answered with an error) and our next try.
const RETRY: Duration = Duration::from_secs(3);
/// Events of a pool or a change come in bursts: pages load again at most this often.
const BURST: Duration = Duration::from_millis(400);

/// The server speaks every five seconds; after so many without a word the connection is taken for dead.
const SILENCE_SECONDS: i64 = 12;

struct Stream {
    source: EventSource,
    /// Kept for as long as the source may call them.
    _listeners: Vec<Closure<dyn FnMut(Event)>>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// Opens the stream, and opens it anew when the environment changes. None: not known yet.
pub fn connect(live: Live, environment: Signal<Option<String>>) {
    let current = StoredValue::new_local(None::<Stream>);
    let attempt = RwSignal::new(0_u32);
    let clock = Clock::here();
    let heard = StoredValue::new(clock.now_untracked());
    let environment = Memo::new(move |_| environment.get());
    Effect::new(move |_| {
        attempt.track();
        let Some(environment) = environment.get() else { return };
        let url = format!("/live?environment={}", encode(&environment));
        current.update_value(|stream| {
            *stream = None;
            *stream = open(&url, live, attempt, heard);
        });
    });
    // A connection can be open and dead: the server says something at least every five seconds.
    Effect::new(move |_| {
        let now = clock.now();
        let silent = (now - heard.get_value()).num_seconds() > SILENCE_SECONDS;
        if silent && live.freshness.get_untracked() == Freshness::Live {
            live.freshness.set(Freshness::Lost(heard.get_value()));
            attempt.update(|count| *count += 1);
        }
    });
}

fn open(
    url: &str,
    live: Live,
    attempt: RwSignal<u32>,
    heard: StoredValue<domain::Timestamp>,
) -> Option<Stream> {
    let source = EventSource::new(url).ok()?;
    let clock = Clock::here();
    let mut listeners = Vec::new();
    let mut on = |name: &str, act: Box<dyn FnMut(Event)>| {
        let listener = Closure::wrap(act);
        let _ = source.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
        listeners.push(listener);
    };
    on(
        "open",
        Box::new(move |_| {
            heard.set_value(clock.now_untracked());
            live.opened();
        }),
    );
    for name in ["hello", "tick", "instances", "pools", "change"] {
        on(name, Box::new(move |_| heard.set_value(clock.now_untracked())));
    }
    on("reload", Box::new(move |_| live.opened()));
    on(
        "instances",
        Box::new(move |event| {
            if let Some(deltas) = parse(&event) {
                live.heard(deltas);
            }
        }),
    );
    let fleet = burst(move || live.fleet.update(|count| *count += 1));
    on("pools", Box::new(move |_| fleet()));
    let changes = burst(move || live.changes.update(|count| *count += 1));
    on("change", Box::new(move |_| changes()));
    let failed = source.clone();
    on(
        "error",
        Box::new(move |_| {
            if live.freshness.get_untracked() == Freshness::Live {
                live.freshness.set(Freshness::Lost(clock.now_untracked()));
            }
            if failed.ready_state() == EventSource::CLOSED {
                set_timeout(move || attempt.update(|count| *count += 1), RETRY);
            }
        }),
    );
    Some(Stream { source, _listeners: listeners })
}

fn parse(event: &Event) -> Option<Vec<InstanceDelta>> {
    let text = event.dyn_ref::<MessageEvent>()?.data().as_string()?;
    serde_json::from_str(&text).ok()
}

/// Calls `act` once for all calls within a burst.
fn burst(act: impl Fn() + Copy + 'static) -> impl Fn() {
    let waiting = StoredValue::new(false);
    move || {
        if !waiting.get_value() {
            waiting.set_value(true);
            set_timeout(
                move || {
                    waiting.set_value(false);
                    act();
                },
                BURST,
            );
        }
    }
}
