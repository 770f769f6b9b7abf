//! The rows that the page shows, each with a signal of its own, so that only its line is drawn anew. The stream is asked for these:
//! of the rest of the fleet the tab hears no heartbeat.

#[cfg(any(feature = "hydrate", all(test, feature = "ssr")))]
use std::collections::BTreeSet;
use std::{cmp::Ordering, collections::BTreeMap};

use domain::view::instance::InstanceRow;
use leptos::prelude::*;

use super::{Followed, Key};

#[derive(Clone, Copy)]
pub(super) struct Shown {
    /// Kept also while a list is drawn anew, so that what arrives meanwhile is not lost.
    lines: StoredValue<BTreeMap<Key, Line>>,
    /// Grows when a line is drawn, and when one is no more.
    moved: RwSignal<u32>,
}

struct Line {
    /// How often it is drawn: an old drawing may go after the next one has come.
    drawn: u32,
    heard: ArcRwSignal<Option<InstanceRow>>,
}

impl Line {
    fn new() -> Self {
        Self { drawn: 0, heard: ArcRwSignal::new(None) }
    }
}

/// Whether what was loaded is newer than what arrived. Where the agent said nothing between the two, the stream is as new as can
/// be, for as long as there is one.
fn is_newer<T: Followed>(loaded: &T, arrived: &InstanceRow, lives: bool) -> bool {
    // Of another VM of that name the agent may not have spoken yet.
    let same_vm = loaded.vm().is_none_or(|vm| arrived.instance.id.as_deref() == Some(vm));
    let order = if same_vm { loaded.spoken().cmp(&arrived.spoken()) } else { Ordering::Equal };
    order.is_gt() || (order.is_eq() && !lives)
}

impl Shown {
    pub(super) fn new() -> Self {
        Self { lines: StoredValue::new(BTreeMap::new()), moved: RwSignal::new(0) }
    }

    /// The newest of what was loaded and what arrived since; followed for as long as it is drawn. One that has left keeps its last
    /// words. `lives`: the stream tells of it.
    pub(super) fn follow<T: Followed>(self, loaded: T, lives: bool) -> Memo<T> {
        let own = loaded.key();
        let heard = self.lines.try_update_value(|lines| {
            let line = lines.entry(own.clone()).or_insert_with(Line::new);
            line.drawn += 1;
            line.heard.clone()
        });
        if let Some(heard) = &heard
            && heard.with_untracked(|row| row.as_ref().is_some_and(|row| is_newer(&loaded, row, lives)))
        {
            heard.set(None);
        }
        self.moved.update(|count| *count += 1);
        on_cleanup(move || self.leave(&own));
        Memo::new(move |_| {
            heard.as_ref().and_then(|heard| heard.get()).map_or_else(|| loaded.clone(), T::from)
        })
    }

    fn leave(self, key: &Key) {
        self.lines.update_value(|lines| {
            if let Some(line) = lines.get_mut(key) {
                line.drawn -= 1;
            }
        });
        self.moved.update(|count| *count += 1);
    }
}

#[cfg(any(feature = "hydrate", all(test, feature = "ssr")))]
impl Shown {
    /// Environment and name of all that are drawn.
    pub(super) fn places(self) -> BTreeSet<(String, String)> {
        self.moved.track();
        self.lines.with_value(|lines| {
            let drawn = lines.iter().filter(|(_, line)| line.drawn > 0);
            drawn.map(|((environment, _, name), _)| (environment.clone(), name.clone())).collect()
        })
    }

    pub(super) fn heard(self, rows: Vec<InstanceRow>) {
        for row in rows {
            let signal = self
                .lines
                .try_update_value(|lines| lines.entry(row.key()).or_insert_with(Line::new).heard.clone());
            if let Some(signal) = signal {
                signal.set(Some(row));
            }
        }
    }

    /// Before another stream opens: what it does not follow would grow old.
    pub(super) fn forget_undrawn(self) {
        self.lines.update_value(|lines| lines.retain(|_, line| line.drawn > 0));
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::{
        Timestamp,
        agent::{AgentState, LastHeartbeat},
        heartbeat::{Heartbeat, HeartbeatMetrics, HeartbeatStatus},
        instance::{CurrentAction, Instance, InstanceStatus},
        view::instance::InstanceLine,
    };

    use super::*;

    fn row(name: &str, agent: AgentState) -> InstanceRow {
        InstanceRow {
            environment: "dev".into(),
            pool: "web".into(),
            instance: Instance {
                name: name.into(),
                id: None,
                zone: "us-central1-a".into(),
                group: "g".into(),
                status: InstanceStatus::Running,
                current_action: CurrentAction::None,
                template: None,
                address: None,
                created_at: None,
                probe: None,
                last_error: None,
            },
            agent,
            last_heartbeat: None,
            refused: None,
        }
    }

    #[test]
    fn what_arrives_while_a_list_is_drawn_anew_is_on_it_and_what_nobody_draws_is_forgotten() {
        let owner = Owner::new();
        owner.set();
        let shown = Shown::new();
        let names = || shown.places().into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        let drawing = owner.child();
        let first = drawing.with(|| shown.follow(row("a", AgentState::Late), true));
        assert_eq!(first.get_untracked().agent, AgentState::Late, "as it was loaded");
        shown.heard(vec![row("a", AgentState::Healthy), row("b", AgentState::Healthy)]);
        assert_eq!(first.get_untracked().agent, AgentState::Healthy);
        assert_eq!(names(), ["a"], "what is not drawn is not asked for");

        drawing.cleanup();
        assert!(names().is_empty());
        shown.heard(vec![row("a", AgentState::Silent)]);
        let again = shown.follow(row("a", AgentState::Healthy), true);
        assert_eq!(again.get_untracked().agent, AgentState::Silent);

        shown.forget_undrawn();
        assert_eq!(again.get_untracked().agent, AgentState::Silent, "it is drawn");
        let other = shown.follow(InstanceLine::from(row("b", AgentState::Starting)), true);
        assert_eq!(other.get_untracked().agent, AgentState::Starting, "nobody drew it until now");
        assert_eq!(names(), ["a", "b"]);
    }

    /// The same, spoken that many seconds after the first word.
    fn spoken(seconds: i64, agent: AgentState) -> InstanceRow {
        let metrics = HeartbeatMetrics {
            tasks_completed_total: 0,
            cpu_utilization_percent: 0.0,
            memory_usage_bytes: 0,
            disk_usage_percent: 0.0,
        };
        let heartbeat = Heartbeat {
            boot_id: "b".into(),
            sequence: 1,
            uptime_seconds: 10,
            version: "0.1.0".into(),
            status: HeartbeatStatus::Healthy,
            agent_type: "backend-developer".into(),
            environment: "dev".into(),
            metrics,
        };
        let received_at = Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap_or_default();
        InstanceRow { last_heartbeat: Some(LastHeartbeat { heartbeat, received_at }), ..row("a", agent) }
    }

    #[test]
    fn what_was_loaded_is_shown_where_it_is_newer_than_what_arrived() {
        let owner = Owner::new();
        owner.set();
        let shown = Shown::new();
        let (healthy, silent) = (AgentState::Healthy, AgentState::Silent);
        shown.follow(spoken(0, healthy), true);
        shown.heard(vec![spoken(20, healthy)]);
        let after = |loaded: InstanceRow, lives: bool| {
            let drawn = shown.follow(loaded, lives).get_untracked();
            (drawn.agent, drawn.last_heartbeat.map(|last| last.received_at.timestamp() - 1_800_000_000))
        };
        assert_eq!(after(spoken(10, silent), false), (healthy, Some(20)), "it was under way for long");
        assert_eq!(after(spoken(20, silent), true), (healthy, Some(20)));
        assert_eq!(
            after(spoken(20, silent), false),
            (silent, Some(20)),
            "nothing else tells that it fell silent"
        );
        assert_eq!(after(spoken(30, healthy), true), (healthy, Some(30)));
        shown.heard(vec![spoken(30, healthy)]);
        let mut next = row("a", AgentState::Starting);
        next.instance.id = Some("8".into());
        assert_eq!(after(next.clone(), true), (healthy, Some(30)));
        assert_eq!(after(next, false), (AgentState::Starting, None), "another VM of that name");
    }
}
