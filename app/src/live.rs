//! What arrives while the page is open. One stream a tab; each instance has a signal of its own, so that only its
//! cells are drawn anew. Lists do not move by themselves: they ask again, or say how many updates wait.

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

/// How fresh the page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// As the server drew it; no stream is open. Without scripts it stays so.
    Drawn,
    Live,
    /// The stream broke at this moment.
    Lost(Timestamp),
}

/// Environment, pool and name: a name alone may come back in another pool.
type Key = (String, String, String);

#[derive(Clone, Copy)]
pub struct Live {
    freshness: RwSignal<Freshness>,
    instances: StoredValue<HashMap<Key, ArcRwSignal<Option<InstanceDelta>>>>,
    /// Grows when pages should load again: the stream (re)opened, a pool moved, an instance came or went.
    fleet: RwSignal<u32>,
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
            freshness: RwSignal::new(Freshness::Drawn),
            instances: StoredValue::new(HashMap::new()),
            fleet: RwSignal::new(0),
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

    /// Part of the source of each page that shows the fleet: a new value makes it load again.
    pub fn fleet(self) -> u32 {
        self.fleet.get()
    }

    /// The same for pages that show changes.
    pub fn changes(self) -> u32 {
        self.changes.get()
    }

    /// Where a list counts what arrives instead of loading it.
    pub fn changes_untracked(self) -> u32 {
        self.changes.get_untracked()
    }

    /// What this tab did itself need not wait for the stream.
    pub fn changes_moved(self) {
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
    /// What the stream brought. An instance that no page has drawn yet makes pages load again.
    fn heard(self, deltas: Vec<InstanceDelta>) {
        let mut roster_moved = false;
        for delta in deltas {
            let (key, left) = match &delta {
                InstanceDelta::Seen(row) => (Self::key(row), false),
                InstanceDelta::Left { environment, pool, name } => {
                    ((environment.clone(), pool.clone(), name.clone()), true)
                }
            };
            match self.instances.with_value(|known| known.get(&key).cloned()) {
                Some(signal) => {
                    roster_moved |= left;
                    signal.set(Some(delta));
                }
                None => roster_moved |= !left,
            }
        }
        if roster_moved {
            self.fleet.update(|count| *count += 1);
        }
    }

    /// What arrived before a gap may be older than what pages load after it.
    fn opened(self) {
        self.instances.with_value(|known| {
            for signal in known.values() {
                signal.set(None);
            }
        });
        self.freshness.set(Freshness::Live);
        self.fleet.update(|count| *count += 1);
        self.changes.update(|count| *count += 1);
    }
}
