//! The fleet as it is this second: instances and their newest heartbeats in memory, and the stream of what changed.
//! The store is told in batches; a restart reads it back and loses at most one batch.

mod events;
mod rows;

pub use events::{Backlog, Event, EventId, News};
pub use rows::{BeatRefused, LiveRow, PendingHeartbeat};

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{
    ChangeId, Timestamp,
    agent::{LastHeartbeat, Thresholds},
    heartbeat::Heartbeat,
    instance::Instance,
    view::instance::{InstanceDelta, InstanceRow},
};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use self::{events::Log, rows::Rows};

/// Shared by everything that sees or tells of the fleet's present.
#[derive(Clone, Debug)]
pub struct Live {
    state: Arc<Mutex<State>>,
    sender: broadcast::Sender<Arc<Event>>,
    read: CancellationToken,
}

#[derive(Debug)]
struct State {
    rows: Rows,
    log: Log,
    /// Refused enrolments and heartbeats by code.
    refusals: BTreeMap<&'static str, u64>,
    accepted: u64,
}

impl Live {
    /// `epoch` tells this process's event ids from those of the one before it.
    pub fn new(epoch: u64, thresholds: Thresholds) -> Self {
        let (sender, _) = broadcast::channel(1024);
        let state = State {
            rows: Rows::new(thresholds),
            log: Log::new(epoch),
            refusals: BTreeMap::new(),
            accepted: 0,
        };
        Self { state: Arc::new(Mutex::new(state)), sender, read: CancellationToken::new() }
    }

    /// The store was read for the first time: from now on an instance that is not here does not exist.
    pub fn mark_read(&self) {
        self.read.cancel();
    }

    /// Waits for [`Live::mark_read`].
    pub async fn first_reading(&self) {
        self.read.cancelled().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, state: &mut State, environment: &str, news: News) {
        let event = state.log.append(environment, news);
        // Nobody listening is no fault.
        let _ = self.sender.send(event);
    }

    fn tell_deltas(&self, state: &mut State, deltas: Vec<InstanceDelta>) {
        let mut by_environment: BTreeMap<String, Vec<InstanceDelta>> = BTreeMap::new();
        for delta in deltas {
            let environment = match &delta {
                InstanceDelta::Seen(row) => row.environment.clone(),
                InstanceDelta::Left { environment, .. } => environment.clone(),
            };
            by_environment.entry(environment).or_default().push(delta);
        }
        for (environment, deltas) in by_environment {
            self.tell(state, &environment, News::Instances(deltas));
        }
    }

    /// What was said before this process began.
    pub fn restore(&self, heartbeats: Vec<PendingHeartbeat>) {
        self.lock().rows.restore(heartbeats);
    }

    /// The environment's instances as the store has them now; those absent from it have left.
    pub fn sync(&self, environment: &str, instances: Vec<(String, Instance)>, now: Timestamp) {
        let mut state = self.lock();
        let deltas = state.rows.sync(environment, instances, now);
        self.tell_deltas(&mut state, deltas);
    }

    /// Takes a heartbeat of an enrolled instance.
    pub fn beat(
        &self,
        environment: &str,
        name: &str,
        instance_id: &str,
        heartbeat: Heartbeat,
        now: Timestamp,
    ) -> Result<(), BeatRefused> {
        let mut state = self.lock();
        let last = LastHeartbeat { heartbeat, received_at: now };
        let delta = state.rows.beat(environment, name, instance_id, last, now)?;
        state.accepted += 1;
        self.tell_deltas(&mut state, vec![delta]);
        Ok(())
    }

    /// Lets time pass: agents that fell silent change their state without a word.
    pub fn tick(&self, now: Timestamp) {
        let mut state = self.lock();
        let deltas = state.rows.tick(now);
        self.tell_deltas(&mut state, deltas);
    }

    pub fn pools_changed(&self, environment: &str) {
        let mut state = self.lock();
        self.tell(&mut state, environment, News::Pools);
    }

    pub fn change_moved(&self, environment: &str, change: ChangeId) {
        let mut state = self.lock();
        self.tell(&mut state, environment, News::Change(change));
    }

    /// Heartbeats that the store has not been told of.
    pub fn take_pending(&self) -> Vec<PendingHeartbeat> {
        self.lock().rows.take_pending()
    }

    /// The store could not be told: keep them for the next batch, unless newer ones came.
    pub fn put_back(&self, pending: Vec<PendingHeartbeat>) {
        self.lock().rows.put_back(pending);
    }

    /// By pool, then name.
    pub fn rows(&self, environment: &str) -> Vec<InstanceRow> {
        self.lock().rows.list(environment)
    }

    pub fn row(&self, zone: &str, name: &str) -> Option<InstanceRow> {
        self.lock().rows.find(zone, name, None)
    }

    /// The instance's environment and pool, if it is in one. Asked for by its own number: a name may come back.
    pub fn find_incarnation(&self, zone: &str, name: &str, instance_id: &str) -> Option<InstanceRow> {
        self.lock().rows.find(zone, name, Some(instance_id))
    }

    pub fn count_refusal(&self, code: &'static str) {
        *self.lock().refusals.entry(code).or_default() += 1;
    }

    pub fn refusals(&self) -> BTreeMap<&'static str, u64> {
        self.lock().refusals.clone()
    }

    pub fn accepted(&self) -> u64 {
        self.lock().accepted
    }

    /// What came after `after`, and what comes from now on; nothing falls between the two.
    pub fn subscribe(&self, after: Option<EventId>) -> (Backlog, broadcast::Receiver<Arc<Event>>) {
        let state = self.lock();
        (state.log.since(after), self.sender.subscribe())
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        agent::AgentState,
        heartbeat::{HeartbeatMetrics, HeartbeatStatus},
        instance::{CurrentAction, InstanceStatus},
    };

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn instance(name: &str, id: &str) -> Instance {
        Instance {
            name: name.into(),
            id: Some(id.into()),
            zone: "us-central1-a".into(),
            group: "g".into(),
            status: InstanceStatus::Running,
            current_action: CurrentAction::None,
            template: Some("t".into()),
            address: None,
            created_at: Some(at(0)),
            probe: None,
            last_error: None,
        }
    }

    fn heartbeat(boot: &str, sequence: u64) -> Heartbeat {
        Heartbeat {
            boot_id: boot.into(),
            sequence,
            uptime_seconds: sequence * 10,
            version: "0.1.0".into(),
            status: HeartbeatStatus::Healthy,
            agent_type: "backend-developer".into(),
            environment: "dev".into(),
            metrics: HeartbeatMetrics {
                tasks_completed_total: 0,
                cpu_utilization_percent: 0.0,
                memory_usage_bytes: 0,
                disk_usage_percent: 0.0,
            },
        }
    }

    fn fleet() -> Live {
        let live = Live::new(1, Thresholds::default());
        live.sync("dev", vec![("web".into(), instance("a", "7"))], at(0));
        live
    }

    #[test]
    fn a_heartbeat_turns_a_starting_agent_healthy_and_silence_turns_it_silent() {
        let live = fleet();
        assert_eq!(live.rows("dev")[0].agent, AgentState::Starting);
        live.beat("dev", "a", "7", heartbeat("b", 1), at(1)).unwrap();
        assert_eq!(live.rows("dev")[0].agent, AgentState::Healthy);
        live.tick(at(60));
        assert_eq!(live.rows("dev")[0].agent, AgentState::Silent);
    }

    #[test]
    fn a_replayed_heartbeat_and_an_earlier_boot_are_refused() {
        let live = fleet();
        live.beat("dev", "a", "7", heartbeat("b", 2), at(1)).unwrap();
        assert_eq!(live.beat("dev", "a", "7", heartbeat("b", 2), at(2)), Err(BeatRefused::Replayed));
        live.beat("dev", "a", "7", heartbeat("c", 1), at(3)).unwrap();
        assert_eq!(live.beat("dev", "a", "7", heartbeat("b", 3), at(4)), Err(BeatRefused::Replayed));
    }

    #[test]
    fn an_instance_that_is_in_no_pool_is_refused_also_under_a_known_name() {
        let live = fleet();
        assert_eq!(live.beat("dev", "a", "8", heartbeat("b", 1), at(1)), Err(BeatRefused::NotInPool));
        assert_eq!(live.beat("dev", "z", "7", heartbeat("b", 1), at(1)), Err(BeatRefused::NotInPool));
    }

    #[test]
    fn what_the_store_was_not_told_comes_back_unless_newer_came() {
        let live = fleet();
        live.beat("dev", "a", "7", heartbeat("b", 1), at(1)).unwrap();
        let batch = live.take_pending();
        assert!(live.take_pending().is_empty());
        live.beat("dev", "a", "7", heartbeat("b", 2), at(2)).unwrap();
        live.put_back(batch);
        let again = live.take_pending();
        assert_eq!(again.iter().map(|one| one.last.heartbeat.sequence).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_restart_keeps_refusing_what_was_already_seen() {
        let live = fleet();
        live.beat("dev", "a", "7", heartbeat("b", 5), at(1)).unwrap();
        let stored = live.take_pending();
        let next = Live::new(2, Thresholds::default());
        next.restore(stored);
        next.sync("dev", vec![("web".into(), instance("a", "7"))], at(2));
        assert_eq!(next.rows("dev")[0].agent, AgentState::Healthy);
        assert_eq!(next.beat("dev", "a", "7", heartbeat("b", 5), at(3)), Err(BeatRefused::Replayed));
    }

    #[test]
    fn of_two_incarnations_the_one_that_spoke_last_is_restored() {
        let earlier = fleet();
        earlier.beat("dev", "a", "7", heartbeat("b", 1), at(9)).unwrap();
        let mut stored = earlier.take_pending();
        let mut before = stored[0].clone();
        before.instance_id = "8".into();
        before.last.received_at = at(1);
        stored.push(before);
        let next = Live::new(2, Thresholds::default());
        next.restore(stored);
        next.sync("dev", vec![("web".into(), instance("a", "7"))], at(10));
        assert_eq!(next.rows("dev")[0].agent, AgentState::Healthy);
    }

    #[test]
    fn an_incarnation_is_found_also_where_two_environments_share_a_name() {
        let live = fleet();
        live.sync("development", vec![("web".into(), instance("a", "8"))], at(0));
        for (id, environment) in [("7", "dev"), ("8", "development")] {
            let row = live.find_incarnation("us-central1-a", "a", id).unwrap();
            assert_eq!(row.environment, environment);
        }
        assert!(live.find_incarnation("us-central1-a", "a", "9").is_none());
    }

    #[test]
    fn a_subscriber_resumes_after_its_last_event_and_a_stranger_is_told_to_load_again() {
        let live = fleet();
        let (Backlog::Events(all), _) = live.subscribe(Some(EventId { epoch: 1, number: 0 })) else {
            panic!("the log holds everything since the start")
        };
        live.beat("dev", "a", "7", heartbeat("b", 1), at(1)).unwrap();
        let (Backlog::Events(missed), _) = live.subscribe(Some(all.last().unwrap().id)) else {
            panic!("the log holds everything since the start")
        };
        assert_eq!(missed.len(), 1);
        let (backlog, _) = live.subscribe(Some(EventId { epoch: 9, number: 1 }));
        assert!(matches!(backlog, Backlog::Gap(_)));
    }
}
