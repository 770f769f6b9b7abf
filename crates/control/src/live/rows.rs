//! One row an instance: what Compute Engine lists, what its agent last said, and the state that follows.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use domain::{
    Timestamp,
    agent::{AgentState, LastHeartbeat, RefusedHeartbeat, Thresholds, agent_state, stays_until},
    instance::Instance,
    view::{
        instance::{InstanceDelta, InstanceRow},
        pool::AgentCount,
    },
};
use store::HealthTransition;

use super::{
    places::{self, Places},
    told::{KnownHealth, Told},
    voices::{BeatRefused, PendingHeartbeat, Voices},
};
use crate::instances::count_states;

/// Environment and instance name.
pub type Key = (String, String);

/// Instance and pool with the newest word of its agent.
#[derive(Clone, Debug)]
pub struct LiveRow {
    pub pool: String,
    pub instance: Instance,
    pub agent: AgentState,
    /// Which of all rows' changes was its last.
    touched: u64,
    /// Until when time alone does not change the state. None: never.
    stays_until: Option<Timestamp>,
}

impl LiveRow {
    fn delta(&self, before: Option<AgentState>, after: Option<AgentState>) -> InstanceDelta {
        InstanceDelta {
            pool: self.pool.clone(),
            zone: self.instance.zone.clone(),
            name: self.instance.name.clone(),
            before,
            after,
        }
    }
}

#[derive(Debug)]
pub(super) struct Rows {
    thresholds: Thresholds,
    /// By environment and pool, where they are not the ordinary ones.
    own_thresholds: HashMap<Key, Thresholds>,
    /// What was said before it was heard by nobody, or by the process before this one.
    listening_since: Timestamp,
    told: Told,
    rows: BTreeMap<Key, LiveRow>,
    /// By environment, of those that were asked for since their agents last moved.
    places: HashMap<String, Arc<Places>>,
    /// Changes of rows until now.
    touches: u64,
    voices: Voices,
}

impl Rows {
    pub(super) fn new(thresholds: Thresholds) -> Self {
        Self {
            thresholds,
            own_thresholds: HashMap::new(),
            listening_since: Timestamp::MIN_UTC,
            told: Told::default(),
            rows: BTreeMap::new(),
            places: HashMap::new(),
            touches: 0,
            voices: Voices::default(),
        }
    }

    pub(super) fn listen_from(&mut self, now: Timestamp) {
        self.listening_since = now;
        self.look_again();
    }

    /// States follow from more than time now: the next look is at each row.
    fn look_again(&mut self) {
        for row in self.rows.values_mut() {
            row.stays_until = Some(Timestamp::MIN_UTC);
        }
    }

    /// Those of an environment's pools; a pool that is not among them has the ordinary ones.
    pub(super) fn set_thresholds(&mut self, environment: &str, pools: Vec<(String, Thresholds)>) {
        self.own_thresholds.retain(|(of, _), _| of != environment);
        self.own_thresholds
            .extend(pools.into_iter().map(|(pool, own)| ((environment.to_owned(), pool), own)));
        self.look_again();
    }

    pub(super) fn thresholds(&self, environment: &str, pool: &str) -> Thresholds {
        let own = self.own_thresholds.get(&(environment.to_owned(), pool.to_owned()));
        own.copied().unwrap_or(self.thresholds)
    }

    /// What the process before this one had told the store.
    pub(super) fn restore_health(&mut self, known: Vec<KnownHealth>) {
        self.told.restore(known);
        self.look_again();
    }

    /// The agent's state, and until when time alone does not change it.
    fn state(
        &self,
        key: &Key,
        pool: &str,
        instance: &Instance,
        now: Timestamp,
    ) -> (AgentState, Option<Timestamp>) {
        let thresholds = self.thresholds(&key.0, pool);
        let last = self.voices.of(key, instance);
        let state = agent_state(instance, last, thresholds, self.listening_since, now);
        let until = stays_until(instance, last, thresholds, self.listening_since, now);
        // Who was silent before this process began has to speak first: its beginning is no sign of life.
        let unheard = last.is_none_or(|last| last.received_at < self.listening_since);
        let state = match state {
            AgentState::Starting | AgentState::Healthy | AgentState::Late
                if unheard && self.told.is_silent(key, instance) =>
            {
                AgentState::Silent
            }
            state => state,
        };
        (state, until)
    }

    /// Remembers to tell the store of an agent that passed into another state.
    fn note(&mut self, key: &Key, now: Timestamp) {
        if let Some(row) = self.rows.get(key) {
            self.told.note(key, row, now);
        }
    }

    pub(super) fn take_transitions(&mut self) -> Vec<HealthTransition> {
        self.told.take()
    }

    pub(super) fn put_transitions_back(&mut self, transitions: Vec<HealthTransition>) {
        self.told.put_back(transitions);
    }

    pub(super) fn restore(&mut self, heartbeats: Vec<PendingHeartbeat>) {
        self.voices.restore(heartbeats);
        self.look_again();
    }

    fn view(&self, key: &Key, row: &LiveRow) -> InstanceRow {
        InstanceRow {
            environment: key.0.clone(),
            pool: row.pool.clone(),
            instance: row.instance.clone(),
            agent: row.agent,
            last_heartbeat: self.voices.of(key, &row.instance).cloned(),
            refused: self.voices.refused(key, &row.instance).cloned(),
        }
    }

    pub(super) fn sync(
        &mut self,
        environment: &str,
        instances: Vec<(String, Instance)>,
        now: Timestamp,
    ) -> Vec<InstanceDelta> {
        let mut deltas = Vec::new();
        let listed: HashSet<&str> = instances.iter().map(|(_, instance)| instance.name.as_str()).collect();
        let gone: Vec<Key> = self
            .rows
            .keys()
            .filter(|(of, name)| of == environment && !listed.contains(name.as_str()))
            .cloned()
            .collect();
        for key in gone {
            if let Some(row) = self.rows.remove(&key) {
                deltas.push(row.delta(Some(row.agent), None));
                self.places.remove(environment);
            }
            self.voices.forget(&key);
            self.told.forget(&key);
        }
        for (pool, instance) in instances {
            let key = (environment.to_owned(), instance.name.clone());
            let (agent, stays_until) = self.state(&key, &pool, &instance, now);
            let old = self.rows.get(&key);
            if old.is_some_and(|old| old.agent == agent && old.pool == pool && old.instance == instance) {
                continue;
            }
            let before = old.filter(|old| old.pool == pool).map(|old| old.agent);
            // A name that came back in another pool has left its first one.
            deltas.extend(old.filter(|old| old.pool != pool).map(|old| old.delta(Some(old.agent), None)));
            self.touches += 1;
            let row = LiveRow { pool, instance, agent, touched: self.touches, stays_until };
            if before != Some(agent) {
                deltas.push(row.delta(before, Some(agent)));
            }
            self.rows.insert(key.clone(), row);
            self.places.remove(environment);
            self.note(&key, now);
        }
        deltas
    }

    /// What everybody is told of it: nothing where the agent stays in its state.
    pub(super) fn beat(
        &mut self,
        environment: &str,
        name: &str,
        instance_id: &str,
        last: LastHeartbeat,
        now: Timestamp,
    ) -> Result<Option<InstanceDelta>, BeatRefused> {
        let key = (environment.to_owned(), name.to_owned());
        let row = self.rows.get(&key).ok_or(BeatRefused::NotInPool)?;
        if row.instance.id.as_deref() != Some(instance_id) {
            return Err(BeatRefused::NotInPool);
        }
        self.voices.hear(&key, instance_id, last)?;
        let state = self.state(&key, &row.pool, &row.instance, now);
        Ok(self.pass(&key, state, now))
    }

    /// Remembers that the VM speaks in vain; its agent's state does not follow from it.
    pub(super) fn refuse(&mut self, key: &Key, instance_id: &str, refused: RefusedHeartbeat) {
        let Some(row) = self.rows.get_mut(key) else { return };
        if row.instance.id.as_deref() == Some(instance_id) {
            self.touches += 1;
            row.touched = self.touches;
            self.voices.refuse(key, instance_id, refused);
        }
    }

    /// The row is another from now on, and its agent is in this state. What everybody is told of it.
    fn pass(
        &mut self,
        key: &Key,
        (agent, stays_until): (AgentState, Option<Timestamp>),
        now: Timestamp,
    ) -> Option<InstanceDelta> {
        let row = self.rows.get_mut(key)?;
        self.touches += 1;
        row.touched = self.touches;
        row.stays_until = stays_until;
        let before = std::mem::replace(&mut row.agent, agent);
        let delta = (before != agent).then(|| row.delta(Some(before), Some(agent)));
        if delta.is_some() {
            self.places.remove(&key.0);
        }
        self.note(key, now);
        delta
    }

    /// What everybody is told, with its environment. Each row says until when it stays as it is, so a look at one that stays is a
    /// comparison: a heap of these moments would have to be put in order a thousand times a second, with each heartbeat, to spare
    /// ten thousand comparisons four times a second.
    pub(super) fn tick(&mut self, now: Timestamp) -> Vec<(String, InstanceDelta)> {
        let due = |row: &LiveRow| row.stays_until.is_some_and(|until| until < now);
        let due: Vec<Key> =
            self.rows.iter().filter(|(_, row)| due(row)).map(|(key, _)| key.clone()).collect();
        due.into_iter().filter_map(|key| self.look(&key, now).map(|delta| (key.0, delta))).collect()
    }

    /// Looks at a row whose time may be over.
    fn look(&mut self, key: &Key, now: Timestamp) -> Option<InstanceDelta> {
        let row = self.rows.get(key)?;
        let (agent, stays_until) = self.state(key, &row.pool, &row.instance, now);
        if row.agent != agent {
            return self.pass(key, (agent, stays_until), now);
        }
        self.rows.get_mut(key)?.stays_until = stays_until;
        None
    }

    pub(super) fn take_pending(&mut self) -> Vec<PendingHeartbeat> {
        self.voices.take_pending()
    }

    pub(super) fn put_back(&mut self, pending: Vec<PendingHeartbeat>) {
        self.voices.put_back(pending, |key| self.rows.contains_key(key));
    }

    /// Those of an environment, by name.
    fn of(&self, environment: &str) -> impl Iterator<Item = (&Key, &LiveRow)> {
        let first = (environment.to_owned(), String::new());
        self.rows.range(first..).take_while(move |((of, _), _)| of == environment)
    }

    pub(super) fn places(&mut self, environment: &str) -> Arc<Places> {
        if let Some(kept) = self.places.get(environment) {
            return Arc::clone(kept);
        }
        let found = Arc::new(places::of(self.of(environment).map(|(_, row)| row)));
        self.places.insert(environment.to_owned(), Arc::clone(&found));
        found
    }

    pub(super) fn list(&self, environment: &str) -> Vec<InstanceRow> {
        let mut rows: Vec<InstanceRow> = self.of(environment).map(|(key, row)| self.view(key, row)).collect();
        rows.sort_by(|a, b| (&a.pool, &a.instance.name).cmp(&(&b.pool, &b.instance.name)));
        rows
    }

    /// Those of the named ones whose row changed after that change, and which change is the last now.
    pub(super) fn changed(&self, keys: &[Key], after: u64) -> (Vec<InstanceRow>, u64) {
        let own = keys.iter().filter_map(|key| {
            let row = self.rows.get(key).filter(|row| row.touched > after)?;
            Some(self.view(key, row))
        });
        (own.collect(), self.touches)
    }

    pub(super) fn choose<T>(
        &self,
        environment: &str,
        choose: impl FnOnce(Vec<&LiveRow>) -> (T, Vec<&LiveRow>),
    ) -> (T, Vec<InstanceRow>) {
        let own: Vec<&LiveRow> = self.of(environment).map(|(_, row)| row).collect();
        let (said, kept) = choose(own);
        let view = |row: &LiveRow| self.view(&(environment.to_owned(), row.instance.name.clone()), row);
        (said, kept.into_iter().map(view).collect())
    }

    pub(super) fn count_agents(&self) -> Vec<AgentCount> {
        count_states(self.rows.values().map(|row| row.agent))
    }

    pub(super) fn find_named(&self, most: usize, wanted: impl Fn(&str) -> bool) -> Vec<InstanceRow> {
        let found = self.rows.iter().filter(|((_, name), _)| wanted(name));
        found.take(most).map(|(key, row)| self.view(key, row)).collect()
    }

    /// The first of that place and name, or the one with Compute Engine's own number.
    pub(super) fn find(&self, zone: &str, name: &str, instance_id: Option<&str>) -> Option<InstanceRow> {
        self.rows
            .iter()
            .find(|((_, of), row)| {
                of == name
                    && row.instance.zone == zone
                    && instance_id.is_none_or(|id| row.instance.id.as_deref() == Some(id))
            })
            .map(|(key, row)| self.view(key, row))
    }
}
