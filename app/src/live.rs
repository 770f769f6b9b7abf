//! What arrives while the page is open. One stream a tab; each instance has a signal of its own, so that only its
//! cells are drawn anew. Lists do not move by themselves: they ask again, or say how many updates wait. Who reads may pause
//! all of it: the stream is let go, and what was missed is loaded when it is opened again.

#[cfg(feature = "hydrate")]
mod stream;

use std::collections::HashMap;

use domain::{
    Timestamp,
    view::instance::{InstanceDelta, InstanceRow},
};
use leptos::prelude::*;

#[cfg(feature = "hydrate")]
pub use stream::connect;

use crate::components::moment::Clock;

/// How fresh the page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser hears the stream"))]
pub enum Freshness {
    /// As the server drew it; no stream is open. Without scripts it stays so.
    Drawn,
    Live,
    /// The stream broke at this moment.
    Lost(Timestamp),
    /// Somebody holds the page; it is as of this moment.
    Paused(Timestamp),
}

/// Environment, pool and name: a name alone may come back in another pool.
type Key = (String, String, String);

#[derive(Clone, Copy)]
pub struct Live {
    clock: Clock,
    freshness: RwSignal<Freshness>,
    instances: StoredValue<HashMap<Key, ArcRwSignal<Option<InstanceDelta>>>>,
    /// Grows when the stream (re)opens: what was missed meanwhile must be loaded.
    opened: RwSignal<u32>,
    /// Grows when a pool's settings or conditions moved.
    pools: RwSignal<u32>,
    /// Grows when an instance came or went.
    roster: RwSignal<u32>,
    /// Grows when an agent's state changed.
    moods: RwSignal<u32>,
    /// Grows when an incident, an alert or an agent's command moved.
    health: RwSignal<u32>,
    /// Grows with each event of a change.
    changes: RwSignal<u32>,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Live")
    }
}

impl Live {
    pub fn provide() -> Self {
        let live = Self {
            clock: Clock::here(),
            freshness: RwSignal::new(Freshness::Drawn),
            instances: StoredValue::new(HashMap::new()),
            opened: RwSignal::new(0),
            pools: RwSignal::new(0),
            roster: RwSignal::new(0),
            moods: RwSignal::new(0),
            health: RwSignal::new(0),
            changes: RwSignal::new(0),
        };
        provide_context(live);
        live
    }

    pub fn here() -> Self {
        expect_context()
    }

    pub fn freshness(self) -> Freshness {
        self.freshness.get()
    }

    /// Holds the page as it is, or lets it go on. A page that hears no stream does not move anyway.
    pub fn pause_or_resume(self) {
        let at = match self.freshness.get_untracked() {
            Freshness::Drawn => return,
            Freshness::Paused(_) => return self.resume(),
            Freshness::Live => self.clock.now_untracked(),
            // What it shows was true until then.
            Freshness::Lost(since) => since,
        };
        self.clock.hold(Some(at));
        self.freshness.set(Freshness::Paused(at));
    }

    /// Lets a paused page go on: the stream opens anew, and then all is loaded that was missed.
    pub fn resume(self) {
        if let Freshness::Paused(at) = self.freshness.get_untracked() {
            self.clock.hold(None);
            self.freshness.set(Freshness::Lost(at));
        }
    }

    pub fn is_paused_untracked(self) -> bool {
        matches!(self.freshness.get_untracked(), Freshness::Paused(_))
    }

    /// Part of the source of each page that shows instances: a new value makes it load again.
    pub fn instances(self) -> impl PartialEq + Clone + Send + Sync {
        (self.opened.get(), self.pools.get(), self.roster.get())
    }

    /// The same for pages that show pools by their sums.
    pub fn pools(self) -> impl PartialEq + Clone + Send + Sync {
        (self.opened.get(), self.pools.get(), self.roster.get(), self.moods.get())
    }

    /// The same for pages that show a change as it goes on.
    pub fn change(self) -> impl PartialEq + Clone + Send + Sync {
        (self.opened.get(), self.pools.get(), self.changes.get())
    }

    /// For lists that count what arrives instead of loading it: only a gap makes them load again.
    pub fn opened(self) -> u32 {
        self.opened.get()
    }

    /// How often incidents, alerts or commands moved.
    pub fn health(self) -> u32 {
        self.health.get()
    }

    /// How often some agent passed into another state.
    pub fn moods(self) -> u32 {
        self.moods.get()
    }

    /// How many events of changes have arrived.
    pub fn changes(self) -> u32 {
        self.changes.get()
    }

    /// Where a list counts what arrives instead of loading it.
    pub fn changes_untracked(self) -> u32 {
        self.changes.get_untracked()
    }

    /// What this tab did itself need not wait for the stream, nor for the end of a pause.
    pub fn changes_moved(self) {
        self.resume();
        self.changes.update(|count| *count += 1);
    }

    fn key(row: &InstanceRow) -> Key {
        (row.environment.clone(), row.pool.clone(), row.instance.name.clone())
    }

    /// The newest of what was loaded and what arrived since. None: it has left.
    pub fn newest(self, loaded: &InstanceRow) -> Option<InstanceRow> {
        match self.signal(Self::key(loaded)).get() {
            None => Some(loaded.clone()),
            Some(InstanceDelta::Seen(row)) => Some(row),
            Some(InstanceDelta::Left { .. }) => None,
        }
    }

    fn signal(self, key: Key) -> ArcRwSignal<Option<InstanceDelta>> {
        if let Some(signal) = self.instances.with_value(|known| known.get(&key).cloned()) {
            return signal;
        }
        let signal = ArcRwSignal::new(None);
        self.instances.update_value(|known| {
            known.insert(key, signal.clone());
        });
        signal
    }
}

#[cfg(feature = "hydrate")]
impl Live {
    /// What the stream brought. One that no page has drawn is remembered, so that it counts as new only once.
    fn heard(self, deltas: Vec<InstanceDelta>) -> Heard {
        let mut heard = Heard::default();
        for delta in deltas {
            let (key, left) = match &delta {
                InstanceDelta::Seen(row) => (Self::key(row), false),
                InstanceDelta::Left { environment, pool, name } => {
                    ((environment.clone(), pool.clone(), name.clone()), true)
                }
            };
            // A page draws only some of the fleet. The others have mostly spoken; one that came just now has not.
            let came = matches!(&delta, InstanceDelta::Seen(row) if row.last_heartbeat.is_none());
            let unknown = !self.instances.with_value(|known| known.contains_key(&key));
            heard.roster |= left || (came && unknown);
            let signal = self.signal(key);
            heard.moods |= signal.with_untracked(|before| mood(before.as_ref()) != mood(Some(&delta)));
            signal.set(Some(delta));
        }
        heard
    }

    /// What arrived before a gap may be older than what pages load after it.
    fn reopened(self) {
        self.instances.with_value(|known| {
            for signal in known.values() {
                signal.set(None);
            }
        });
        self.freshness.set(Freshness::Live);
        self.opened.update(|count| *count += 1);
    }
}

/// What a batch of deltas changed besides the instances' own fields.
#[cfg(feature = "hydrate")]
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    roster: bool,
    moods: bool,
}

#[cfg(feature = "hydrate")]
fn mood(delta: Option<&InstanceDelta>) -> Option<domain::agent::AgentState> {
    match delta {
        Some(InstanceDelta::Seen(row)) => Some(row.agent),
        Some(InstanceDelta::Left { .. }) | None => None,
    }
}
