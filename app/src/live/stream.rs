//! The tab's one EventSource. The browser reconnects and sends Last-Event-ID by itself; what it gives up on is
//! opened again here. Another stream takes its place, and goes on where it was, when the page shows other rows.

use std::{cell::Cell, collections::BTreeSet, rc::Rc, time::Duration};

use domain::{
    Timestamp,
    view::instance::{InstanceDelta, InstanceRow, PAGE_ROWS},
};
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, EventSource, MessageEvent};

use super::{Freshness, Live, shown::Shown};
use crate::{components::moment::Clock, opening::Opening, url_state::encode};

/// From the drawing of rows to the stream that follows them: a page is drawn in several steps.
const SETTLE: Duration = Duration::from_millis(200);
/// Rows that are gone mostly come again, when their list has loaded: they are followed for so long.
const LINGER: Duration = Duration::from_secs(5);
/// Between the browser's giving up (the server answered with an error) and our next try; twice as long after each that is refused
/// again, up to `SLOWEST_RETRY`. A session with too many tabs would knock for as long as they are open.
const RETRY: Duration = Duration::from_secs(3);
const SLOWEST_RETRY: Duration = Duration::from_secs(12);
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

/// What one stream leaves to the next.
#[derive(Clone, Copy)]
struct Tab {
    live: Live,
    clock: Clock,
    /// Grows when a stream is to be opened anew.
    attempt: RwSignal<u32>,
    /// Refusals since a stream last opened.
    refusals: StoredValue<u32>,
    /// When the server last said anything.
    heard: StoredValue<Timestamp>,
    /// The id of the last event; empty where it begins anew.
    last: StoredValue<String>,
}

/// Opens the stream, and opens it anew when the environment changes, a pause ends, or other rows are shown. None: not known yet.
pub fn connect(live: Live, environment: Signal<Option<String>>) {
    let current = StoredValue::new_local(None::<Stream>);
    let clock = Clock::here();
    let heard = StoredValue::new(clock.now_untracked());
    // The first stream goes on where the server was when it drew the page.
    let last = StoredValue::new(Opening::here().told);
    let (attempt, refusals) = (RwSignal::new(0_u32), StoredValue::new(0_u32));
    let tab = Tab { live, clock, attempt, refusals, heard, last };
    let environment = Memo::new(move |_| environment.get());
    let paused = Memo::new(move |_| matches!(live.freshness.get(), Freshness::Paused(_)));
    let followed = settled(live.shown);
    let rows = Memo::new(move |_| {
        let (environment, followed) = (environment.get()?, followed.get()?);
        let own = followed.iter().filter(|(of, _)| *of == environment).map(|(_, name)| name.as_str());
        Some(own.take(PAGE_ROWS).collect::<Vec<_>>().join(","))
    });
    Effect::new(move |before: Option<(u32, bool, Option<String>)>| {
        let now = (tab.attempt.get(), paused.get(), environment.get());
        let Some((environment, rows)) = now.2.clone().zip(rows.get()) else { return now };
        let resumes = match live.freshness.get_untracked() {
            Freshness::Drawn => true,
            // Where only the rows are others, nothing was missed that the server could not tell now.
            Freshness::Live => before.as_ref() == Some(&now),
            Freshness::Lost(_) | Freshness::Paused(_) => false,
        };
        if !resumes {
            tab.last.set_value(String::new());
        }
        let after = tab.last.get_value();
        let url = format!(
            "/live?environment={}&rows={}&after={}",
            encode(&environment),
            encode(&rows),
            encode(&after)
        );
        current.update_value(|stream| {
            *stream = None;
            if !now.1 {
                live.shown.forget_undrawn();
                *stream = open(&url, environment, tab, !after.is_empty());
            }
        });
        now
    });
    // A connection can be open and dead: the server says something at least every five seconds.
    Effect::new(move |_| {
        let now = clock.ticking();
        let silent = (now - heard.get_value()).num_seconds() > SILENCE_SECONDS;
        if silent && live.freshness.get_untracked() == Freshness::Live {
            live.freshness.set(Freshness::Lost(heard.get_value()));
            tab.attempt.update(|count| *count += 1);
        }
    });
}

/// The rows that the stream is to follow: those that are drawn, once that stands still.
fn settled(shown: Shown) -> RwSignal<Option<BTreeSet<(String, String)>>> {
    let settled = RwSignal::new(None::<BTreeSet<(String, String)>>);
    let drawn = Memo::new(move |_| shown.places());
    Effect::new(move |_| {
        let wanted = drawn.get();
        // The page is drawn already when the first stream opens.
        let delay = settled.with_untracked(|settled| match settled {
            None => Duration::ZERO,
            Some(settled) if wanted.is_subset(settled) => LINGER,
            Some(_) => SETTLE,
        });
        let act = move || {
            if drawn.get_untracked() == wanted {
                settled.set(Some(wanted));
            }
        };
        set_timeout(act, delay);
    });
    settled
}

/// `resumes`: the server is asked for what came since the last event, so nothing need be loaded again.
fn open(url: &str, environment: String, tab: Tab, resumes: bool) -> Option<Stream> {
    let source = EventSource::new(url).ok()?;
    let Tab { live, clock, attempt, refusals, heard, last } = tab;
    let resumes = Rc::new(Cell::new(resumes));
    let mut listeners = Vec::new();
    let mut on = |name: &str, act: Box<dyn FnMut(Event)>| {
        let listener = Closure::wrap(act);
        let _ = source.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
        listeners.push(listener);
    };
    let resumed = Rc::clone(&resumes);
    on(
        "open",
        Box::new(move |_| {
            heard.set_value(clock.now_untracked());
            refusals.set_value(0);
            if !resumed.replace(false) {
                live.reopened();
            } else if live.freshness.get_untracked() != Freshness::Live {
                live.freshness.set(Freshness::Live);
            }
        }),
    );
    for name in ["hello", "tick", "instances", "rows", "pools", "change", "health", "reload"] {
        let note = move |event: Event| {
            heard.set_value(clock.now_untracked());
            let id = event.dyn_ref::<MessageEvent>().map(MessageEvent::last_event_id);
            if let Some(id) = id.filter(|id| !id.is_empty()) {
                last.set_value(id);
            }
        };
        on(name, Box::new(note));
    }
    on("reload", Box::new(move |_| live.reopened()));
    on(
        "rows",
        Box::new(move |event| {
            if let Some(rows) = parse::<Vec<InstanceRow>>(&event) {
                live.shown.heard(rows);
            }
        }),
    );
    let roster = burst(BURST, live, live.roster);
    let moods = burst(SLOW_BURST, live, live.moods);
    on(
        "instances",
        Box::new(move |event| {
            let Some(deltas) = parse::<Vec<InstanceDelta>>(&event) else { return };
            let heard = live.heard(&environment, deltas);
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
            resumes.set(false);
            match live.freshness.get_untracked() {
                Freshness::Live => live.freshness.set(Freshness::Lost(clock.now_untracked())),
                // Its first stream was refused: what it shows is as of its drawing.
                Freshness::Drawn => live.freshness.set(Freshness::Lost(heard.get_value())),
                Freshness::Lost(_) | Freshness::Paused(_) => {}
            }
            if failed.ready_state() == EventSource::CLOSED {
                let before = refusals.get_value();
                refusals.set_value(before + 1);
                set_timeout(move || attempt.update(|count| *count += 1), retry_after(before));
            }
        }),
    );
    Some(Stream { source, _listeners: listeners })
}

/// Until the next try, after so many refusals before this one.
fn retry_after(refusals: u32) -> Duration {
    RETRY.saturating_mul(2_u32.saturating_pow(refusals)).min(SLOWEST_RETRY)
}

fn parse<T: DeserializeOwned>(event: &Event) -> Option<T> {
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
