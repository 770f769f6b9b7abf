//! What arrives while the page is open. One stream a tab: it tells of agents that pass into another state, and of the heartbeats of
//! those whose rows are shown. Each row has a signal of its own, so that only it is drawn anew, and a pool that is drawn whole has
//! one for all. Lists do not move by themselves: they ask again, or say how many updates wait. Who reads may pause all of it: the
//! stream is let go, and what was missed is loaded when it is opened again.

mod crowd;
mod shown;
#[cfg(feature = "hydrate")]
mod stream;

use std::collections::HashMap;

#[cfg(any(feature = "hydrate", all(test, feature = "ssr")))]
use domain::view::instance::InstanceDelta;
use domain::{
    Timestamp,
    agent::AgentState,
    view::{
        fleet::FleetZone,
        instance::{InstanceLine, InstanceRow},
    },
};
use leptos::prelude::*;

pub use crowd::Crowd;
#[cfg(feature = "hydrate")]
pub use stream::connect;

use self::shown::Shown;
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

/// No page is longer on its way from the server than this, also where a hidden tab's clock moves once a minute.
#[cfg(any(feature = "hydrate", all(test, feature = "ssr")))]
const UNDER_WAY_SECONDS: i64 = 120;

/// What a page shows of an instance: loaded as such, and made of the whole row that the stream tells.
pub trait Followed: Clone + PartialEq + From<InstanceRow> + Send + Sync + 'static {
    fn key(&self) -> Key;

    /// When its agent spoke last.
    fn spoken(&self) -> Option<Timestamp>;

    /// Compute Engine's number of the VM, where the page has it: a name may come back.
    fn vm(&self) -> Option<&str> {
        None
    }
}

impl Followed for InstanceRow {
    fn key(&self) -> Key {
        (self.environment.clone(), self.pool.clone(), self.instance.name.clone())
    }

    fn spoken(&self) -> Option<Timestamp> {
        self.last_heartbeat.as_ref().map(|last| last.received_at)
    }

    fn vm(&self) -> Option<&str> {
        self.instance.id.as_deref()
    }
}

impl Followed for InstanceLine {
    fn key(&self) -> Key {
        (self.environment.clone(), self.pool.clone(), self.name.clone())
    }

    fn spoken(&self) -> Option<Timestamp> {
        self.last.map(|last| last.received_at)
    }
}

#[derive(Clone, Copy)]
pub struct Live {
    clock: Clock,
    freshness: RwSignal<Freshness>,
    shown: Shown,
    /// States that agents passed into since the stream opened, None: they left; and when it was heard. A pool that is drawn whole was
    /// loaded before some of it.
    passed: StoredValue<HashMap<Key, (Option<AgentState>, Timestamp)>>,
    /// By environment and pool, for as long as they are drawn; the one that was drawn last.
    crowds: StoredValue<HashMap<(String, String), Crowd>>,
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
            shown: Shown::new(),
            passed: StoredValue::new(HashMap::new()),
            crowds: StoredValue::new(HashMap::new()),
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

    /// A row as it was loaded, moved on by what arrives for as long as it is drawn.
    pub fn follow<T: Followed>(self, loaded: T) -> Memo<T> {
        let lives = matches!(self.freshness.get_untracked(), Freshness::Live);
        self.shown.follow(loaded, lives)
    }

    /// A pool's agents as they were loaded, moved on by what arrived since.
    pub fn crowd(self, environment: &str, pool: &str, zones: Vec<FleetZone>) -> Crowd {
        let crowd = Crowd::new(zones);
        // Who left and was not loaded is gone for both: a page that hangs on a wall for weeks would remember every name.
        self.passed.update_value(|passed| {
            passed.retain(|(of, in_pool, name), (state, _)| {
                let own = of == environment && in_pool == pool;
                !own || crowd.pass(name, *state) || state.is_some()
            });
        });
        let of_pool = (environment.to_owned(), pool.to_owned());
        self.crowds.update_value(|known| {
            known.insert(of_pool.clone(), crowd.clone());
        });
        let drawn = crowd.clone();
        on_cleanup(move || self.leave(&of_pool, &drawn));
        crowd
    }

    /// An old drawing may go after the next one has come.
    fn leave(self, of_pool: &(String, String), drawn: &Crowd) {
        let left = self.crowds.try_update_value(|known| {
            known.get(of_pool).is_some_and(|last| last.is(drawn)) && known.remove(of_pool).is_some()
        });
        if left != Some(true) {
            return;
        }
        // It mostly comes again when it has loaded; as it was, if it cannot be loaded.
        self.passed.update_value(|passed| {
            for ((of, in_pool, _), (_, heard_at)) in passed {
                if (of, in_pool) == (&of_pool.0, &of_pool.1) {
                    *heard_at = self.clock.now_untracked();
                }
            }
        });
    }
}

#[cfg(any(feature = "hydrate", all(test, feature = "ssr")))]
impl Live {
    /// What the stream tells of an environment's instances.
    fn heard(self, environment: &str, deltas: Vec<InstanceDelta>) -> Heard {
        let (mut heard, now) = (Heard::default(), self.clock.now_untracked());
        for InstanceDelta { pool, name, before, after, .. } in deltas {
            match (before, after) {
                (Some(_), Some(_)) => heard.moods = true,
                _ => heard.roster = true,
            }
            let of_pool = (environment.to_owned(), pool);
            self.crowds.with_value(|known| {
                if let Some(crowd) = known.get(&of_pool) {
                    crowd.pass(&name, after);
                }
            });
            self.passed.update_value(|passed| {
                passed.insert((of_pool.0, of_pool.1, name), (after, now));
            });
        }
        self.forget_undrawn(now);
        heard
    }

    /// Of pools that nobody draws: all that is under way by now has it. A tab may stand for weeks on a page that draws none.
    fn forget_undrawn(self, now: Timestamp) {
        self.crowds.with_value(|known| {
            self.passed.update_value(|passed| {
                passed.retain(|(environment, pool, _), (_, heard_at)| {
                    let recent = (now - *heard_at).num_seconds() < UNDER_WAY_SECONDS;
                    recent || known.keys().any(|(of, drawn)| (of, drawn) == (environment, pool))
                });
            });
        });
    }
}

#[cfg(feature = "hydrate")]
impl Live {
    /// What arrived before a gap may be older than what pages load after it. Rows are not: a stream begins with them.
    fn reopened(self) {
        self.passed.update_value(HashMap::clear);
        self.freshness.set(Freshness::Live);
        self.opened.update(|count| *count += 1);
    }
}

/// What a batch of deltas changed besides the instances' own fields.
#[cfg(any(feature = "hydrate", all(test, feature = "ssr")))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Heard {
    /// An instance came or left.
    roster: bool,
    /// An agent passed into another state.
    moods: bool,
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::view::fleet::FleetAgent;

    use super::*;

    #[test]
    fn who_comes_or_leaves_moves_the_roster_another_state_the_moods_and_a_pool_loaded_before_moves_too() {
        let owner = Owner::new();
        owner.set();
        Clock::provide(Timestamp::from_timestamp(1_800_000_000, 0).unwrap());
        let live = Live::provide();
        let zone = || {
            let agents = ["a", "b"].map(|name| FleetAgent { name: name.into(), state: AgentState::Healthy });
            vec![FleetZone { zone: "z".into(), agents: agents.into() }]
        };
        let delta = |name: &str, before, after| InstanceDelta {
            pool: "web".into(),
            zone: "z".into(),
            name: name.into(),
            before,
            after,
        };
        let (healthy, silent) = (Some(AgentState::Healthy), Some(AgentState::Silent));
        let drawn = live.crowd("dev", "web", zone());
        let passed = live.heard("dev", vec![delta("a", healthy, silent)]);
        assert_eq!(passed, Heard { roster: false, moods: true });
        let came = live.heard("dev", vec![delta("c", None, healthy)]);
        assert_eq!(came, Heard { roster: true, moods: false });
        let left = live.heard("dev", vec![delta("b", healthy, None)]);
        assert_eq!(left, Heard { roster: true, moods: false });
        live.heard("test", vec![delta("a", silent, healthy)]);
        let late = live.crowd("dev", "web", zone());
        for crowd in [drawn, late] {
            untrack(|| crowd.with(|states| assert_eq!(*states, [vec![silent, None]])));
        }

        live.heard("dev", vec![delta("c", healthy, None), delta("d", None, healthy)]);
        let drawing = owner.child();
        drawing.with(|| live.crowd("dev", "web", zone()));
        let known = || {
            let mut known: Vec<Key> = live.passed.with_value(|passed| passed.keys().cloned().collect());
            known.sort();
            known
        };
        let key = |environment: &str, name: &str| (environment.to_owned(), "web".to_owned(), name.to_owned());
        let expected = [key("dev", "a"), key("dev", "b"), key("dev", "d"), key("test", "a")];
        assert_eq!(known(), expected, "nobody asks for who came and left");

        let at = |seconds: i64| Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap();
        live.forget_undrawn(at(119));
        assert_eq!(known(), expected, "a page may be under way that lacks it");
        live.forget_undrawn(at(120));
        assert_eq!(known(), expected[..3], "nobody draws the other pool");
        drawing.cleanup();
        live.forget_undrawn(at(119));
        assert_eq!(known(), expected[..3], "it may be drawn again as it was");
        live.forget_undrawn(at(120));
        assert!(known().is_empty());
    }
}
