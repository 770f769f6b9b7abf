//! The tab's one EventSource. The browser reconnects and sends Last-Event-ID by itself; what it gives up on is
//! opened again here.

use std::{cell::Cell, rc::Rc, time::Duration};

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
/// Sums over pools follow the agents more slowly than the agents' own rows.
const SLOW_BURST: Duration = Duration::from_secs(2);

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

/// Opens the stream, and opens it anew when the environment changes or a pause ends. None: not known yet.
pub fn connect(live: Live, environment: Signal<Option<String>>) {
    let current = StoredValue::new_local(None::<Stream>);
    let attempt = RwSignal::new(0_u32);
    let clock = Clock::here();
    let heard = StoredValue::new(clock.now_untracked());
    let environment = Memo::new(move |_| environment.get());
    let paused = Memo::new(move |_| matches!(live.freshness.get(), Freshness::Paused(_)));
    Effect::new(move |_| {
        attempt.track();
        let paused = paused.get();
        let Some(environment) = environment.get() else { return };
        let url = format!("/live?environment={}", encode(&environment));
        current.update_value(|stream| {
            *stream = None;
            if !paused {
                *stream = open(&url, live, attempt, heard);
            }
        });
    });
    // A connection can be open and dead: the server says something at least every five seconds.
    Effect::new(move |_| {
        let now = clock.ticking();
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
            live.reopened();
        }),
    );
    for name in ["hello", "tick", "instances", "pools", "change", "health"] {
        on(name, Box::new(move |_| heard.set_value(clock.now_untracked())));
    }
    on("reload", Box::new(move |_| live.reopened()));
    let roster = burst(BURST, live, live.roster);
    let moods = burst(SLOW_BURST, live, live.moods);
    on(
        "instances",
        Box::new(move |event| {
            let Some(deltas) = parse(&event) else { return };
            let heard = live.heard(deltas);
            if heard.roster {
                roster();
            }
            if heard.moods {
                moods();
            }
        }),
    );
    let pools = burst(BURST, live, live.pools);
    on("pools", Box::new(move |_| pools()));
    let health = burst(BURST, live, live.health);
    on("health", Box::new(move |_| health()));
    let changes = burst(BURST, live, live.changes);
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

/// Counts once for all calls within the time, and not at all on a page that was paused meanwhile.
fn burst(within: Duration, live: Live, count: RwSignal<u32>) -> impl Fn() {
    // Not a stored value: the timeout may outlive the effect that opened the stream.
    let waiting = Rc::new(Cell::new(false));
    move || {
        if waiting.replace(true) {
            return;
        }
        let waiting = Rc::clone(&waiting);
        let act = move || {
            waiting.set(false);
            if !live.is_paused_untracked() {
                count.update(|count| *count += 1);
            }
        };
        set_timeout(act, within);
    }
}
