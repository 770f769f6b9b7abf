//! The fleet as it is this second: instances and their newest heartbeats in memory, and the stream of what changed.
//! The store is told in batches; a restart reads it back and loses at most one batch.

mod events;
mod minutes;
mod orders;
mod places;
mod rows;
mod told;
mod voices;

pub use events::{Backlog, Event, EventId, News};
pub use minutes::PendingMinutes;
pub use orders::Acknowledged;
pub use places::Places;
pub use rows::{Key, LiveRow};
pub use told::KnownHealth;
pub use voices::{BeatRefused, PendingHeartbeat};

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{
    ChangeId, Timestamp,
    agent::{LastHeartbeat, RefusedHeartbeat, Thresholds},
    command::{Acknowledgement, Command, Order},
    heartbeat::Heartbeat,
    heartbeat_history::Minute,
    instance::Instance,
    view::{
        instance::{InstanceDelta, InstanceRow},
        pool::AgentCount,
    },
};
use store::HealthTransition;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use self::{events::Log, minutes::Minutes, orders::Orders, rows::Rows};

/// Passings at most that one event tells.
const TOGETHER: usize = 500;

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
    minutes: Minutes,
    orders: Orders,
    log: Log,
    /// Passings that wait to be told together, by environment.
    untold: BTreeMap<String, Vec<InstanceDelta>>,
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
            minutes: Minutes::default(),
            orders: Orders::default(),
            log: Log::new(epoch),
            untold: BTreeMap::new(),
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

    /// What passed before it is told before it.
    fn tell(&self, state: &mut State, environment: &str, news: News) {
        self.tell_untold(state);
        self.send(state, environment, news);
    }

    fn tell_untold(&self, state: &mut State) {
        for (environment, deltas) in std::mem::take(&mut state.untold) {
            for some in deltas.chunks(TOGETHER) {
                self.send(state, &environment, News::Instances(some.to_vec()));
            }
        }
    }

    fn send(&self, state: &mut State, environment: &str, news: News) {
        let event = state.log.append(environment, news);
        // Nobody listening is no fault.
        let _ = self.sender.send(event);
    }

    /// What is not heard from now on was not said. Before it nobody listened, so nobody counts as silent for that time.
    pub fn listen_from(&self, now: Timestamp) {
        let mut state = self.lock();
        state.rows.listen_from(now);
        state.minutes.listen_from(now);
    }

    /// The states that the store has of the environments' agents.
    pub fn restore_health(&self, known: Vec<KnownHealth>) {
        self.lock().rows.restore_health(known);
    }

    /// When the agents of an environment's pools count as late, silent, or never started.
    pub fn set_thresholds(&self, environment: &str, pools: Vec<(String, Thresholds)>) {
        self.lock().rows.set_thresholds(environment, pools);
    }

    /// Those that a pool's agents are held to at the moment.
    pub fn thresholds(&self, environment: &str, pool: &str) -> Thresholds {
        self.lock().rows.thresholds(environment, pool)
    }

    /// Commands that are on their way: all of them.
    pub fn set_commands(&self, commands: Vec<Command>) {
        self.lock().orders.set(commands);
    }

    /// What was said before this process began.
    pub fn restore(&self, heartbeats: Vec<PendingHeartbeat>) {
        self.lock().rows.restore(heartbeats);
    }

    /// The environment's instances as the store has them now; those absent from it have left.
    pub fn sync(&self, environment: &str, instances: Vec<(String, Instance)>, now: Timestamp) {
        let mut state = self.lock();
        let deltas = state.rows.sync(environment, instances, now);
        state.untold.entry(environment.to_owned()).or_default().extend(deltas);
        self.tell_untold(&mut state);
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
        self.hear(environment, name, instance_id, (heartbeat, Vec::new()), now).map(drop)
    }

    /// The same with what the agent says of commands; returns what it is asked for.
    pub fn hear(
        &self,
        environment: &str,
        name: &str,
        instance_id: &str,
        (heartbeat, said): (Heartbeat, Vec<Acknowledgement>),
        now: Timestamp,
    ) -> Result<Vec<Order>, BeatRefused> {
        let key = (environment.to_owned(), name.to_owned());
        let mut state = self.lock();
        let spoken = heartbeat.clone();
        let last = LastHeartbeat { heartbeat, received_at: now };
        let delta = state.rows.beat(environment, name, instance_id, last, now)?;
        state.accepted += 1;
        state.minutes.hear(&key, instance_id, &spoken, now);
        state.orders.hear(&key, instance_id, said, now);
        let orders = state.orders.of(&key, instance_id, now);
        if let Some(delta) = delta {
            state.untold.entry(key.0).or_default().push(delta);
        }
        Ok(orders)
    }

    /// Lets time pass: agents that fell silent change their state without a word. Tells of these, and of what agents' own words
    /// changed since the last time: a fleet that starts passes a thousand times a second, and each open page hears of it.
    pub fn tick(&self, now: Timestamp) {
        let mut state = self.lock();
        for (environment, delta) in state.rows.tick(now) {
            state.untold.entry(environment).or_default().push(delta);
        }
        self.tell_untold(&mut state);
    }

    pub fn pools_changed(&self, environment: &str) {
        let mut state = self.lock();
        self.tell(&mut state, environment, News::Pools);
    }

    pub fn change_moved(&self, environment: &str, change: ChangeId) {
        let mut state = self.lock();
        self.tell(&mut state, environment, News::Change(change));
    }

    /// An incident, an alert or a command moved.
    pub fn health_moved(&self, environment: Option<&str>) {
        let mut state = self.lock();
        self.tell(&mut state, environment.unwrap_or_default(), News::Health);
    }

    /// Minutes that are over, and that were listened to; at a stop also those that run.
    pub fn take_minutes(&self, now: Timestamp, stopping: bool) -> PendingMinutes {
        self.lock().minutes.take(now, stopping)
    }

    pub fn put_minutes_back(&self, pending: PendingMinutes) {
        self.lock().minutes.put_back(pending);
    }

    /// What was heard of this VM and the store does not know yet, by minute.
    pub fn minutes_of(&self, environment: &str, name: &str, instance_id: &str) -> Vec<(i64, Minute)> {
        self.lock().minutes.of(&(environment.to_owned(), name.to_owned()), instance_id)
    }

    /// Agents that passed into another state.
    pub fn take_transitions(&self) -> Vec<HealthTransition> {
        self.lock().rows.take_transitions()
    }

    pub fn put_transitions_back(&self, transitions: Vec<HealthTransition>) {
        self.lock().rows.put_transitions_back(transitions);
    }

    /// What agents said of commands.
    pub fn take_acknowledged(&self) -> Vec<Acknowledged> {
        self.lock().orders.take()
    }

    pub fn put_acknowledged_back(&self, heard: Vec<Acknowledged>) {
        self.lock().orders.put_back(heard);
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

    /// The rows of those of the named instances that changed after that change, and which change is the last now.
    pub fn changed_rows(&self, keys: &[Key], after: u64) -> (Vec<InstanceRow>, u64) {
        self.lock().rows.changed(keys, after)
    }

    /// What `choose` says of an environment's rows, and those that it keeps, in its order: only these are copied.
    pub fn choose<T>(
        &self,
        environment: &str,
        choose: impl FnOnce(Vec<&LiveRow>) -> (T, Vec<&LiveRow>),
    ) -> (T, Vec<InstanceRow>) {
        self.lock().rows.choose(environment, choose)
    }

    /// What `look` finds in an environment's rows: none of them is copied.
    pub fn look<T>(&self, environment: &str, look: impl FnOnce(Vec<&LiveRow>) -> T) -> T {
        self.choose(environment, |rows| (look(rows), Vec::new())).0
    }

    /// Where the environment's agents are and how each of them is: the same for all who ask until one passes, comes or leaves.
    pub fn places(&self, environment: &str) -> Arc<Places> {
        self.lock().rows.places(environment)
    }

    /// How many agents of all environments are in each state: only states that occur, worst first.
    pub fn count_agents(&self) -> Vec<AgentCount> {
        self.lock().rows.count_agents()
    }

    /// Of all environments, the first `most` whose name is wanted: only these are copied.
    pub fn find_named(&self, most: usize, wanted: impl Fn(&str) -> bool) -> Vec<InstanceRow> {
        self.lock().rows.find_named(most, wanted)
    }

    /// Open streams of this server.
    pub fn listeners(&self) -> usize {
        self.sender.receiver_count()
    }

    pub fn row(&self, zone: &str, name: &str) -> Option<InstanceRow> {
        self.lock().rows.find(zone, name, None)
    }

    /// The instance's environment and pool, if it is in one. Asked for by its own number: a name may come back.
    pub fn find_incarnation(&self, zone: &str, name: &str, instance_id: &str) -> Option<InstanceRow> {
        self.lock().rows.find(zone, name, Some(instance_id))
    }

    /// A heartbeat with a credential of that very VM was not taken.
    pub fn refuse(&self, environment: &str, name: &str, instance_id: &str, code: &str, now: Timestamp) {
        let key = (environment.to_owned(), name.to_owned());
        self.lock().rows.refuse(&key, instance_id, RefusedHeartbeat { code: code.to_owned(), at: now });
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

    /// The newest event's id: what is read from now on holds all that was told up to it.
    pub fn head(&self) -> EventId {
        self.lock().log.head()
    }

    /// What came after `after`, and what comes from now on; nothing falls between the two.
    pub fn subscribe(&self, after: Option<EventId>) -> (Backlog, broadcast::Receiver<Arc<Event>>) {
        let mut state = self.lock();
        self.tell_untold(&mut state);
        (state.log.since(after), self.sender.subscribe())
    }
}

#[cfg(test)]
mod tests;
