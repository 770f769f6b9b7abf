//! One row an instance: what Compute Engine lists, what its agent last said, and the state that follows.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use domain::{
    Timestamp,
    agent::{AgentState, LastHeartbeat, Thresholds, agent_state},
    instance::Instance,
    view::instance::{InstanceDelta, InstanceRow},
};

/// A VM that restarts more often than this within a credential's hour has other troubles than replays.
const ENDED_BOOTS_KEPT: usize = 32;

/// Environment and instance name.
type Key = (String, String);

/// Instance and pool with the newest word of its agent.
#[derive(Clone, Debug)]
pub struct LiveRow {
    pub pool: String,
    pub instance: Instance,
    pub agent: AgentState,
}

/// A heartbeat on its way to the store.
#[derive(Clone, Debug)]
pub struct PendingHeartbeat {
    pub environment: String,
    pub name: String,
    pub instance_id: String,
    pub last: LastHeartbeat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeatRefused {
    NotInPool,
    /// Not above the last sequence of this boot, or of a boot that another followed.
    Replayed,
}

/// Of one incarnation of a VM.
#[derive(Debug)]
struct Voice {
    instance_id: String,
    last: LastHeartbeat,
    /// Boots that ended, newest last: whoever has recorded them cannot play them again.
    ended_boots: VecDeque<String>,
}

#[derive(Debug)]
pub(super) struct Rows {
    thresholds: Thresholds,
    rows: BTreeMap<Key, LiveRow>,
    voices: HashMap<Key, Voice>,
    pending: HashMap<Key, PendingHeartbeat>,
}

impl Rows {
    pub(super) fn new(thresholds: Thresholds) -> Self {
        Self { thresholds, rows: BTreeMap::new(), voices: HashMap::new(), pending: HashMap::new() }
    }

    pub(super) fn restore(&mut self, heartbeats: Vec<PendingHeartbeat>) {
        for one in heartbeats {
            let key = (one.environment, one.name);
            // A name may have belonged to several VMs; only the last of them still speaks.
            let newer = |voice: &Voice| voice.last.received_at > one.last.received_at;
            if !self.voices.get(&key).is_some_and(newer) {
                let voice =
                    Voice { instance_id: one.instance_id, last: one.last, ended_boots: VecDeque::new() };
                self.voices.insert(key, voice);
            }
        }
    }

    fn voice(&self, key: &Key, instance: &Instance) -> Option<&LastHeartbeat> {
        let voice = self.voices.get(key)?;
        (instance.id.as_deref() == Some(voice.instance_id.as_str())).then_some(&voice.last)
    }

    fn view(&self, key: &Key, row: &LiveRow) -> InstanceRow {
        InstanceRow {
            environment: key.0.clone(),
            pool: row.pool.clone(),
            instance: row.instance.clone(),
            agent: row.agent,
            last_heartbeat: self.voice(key, &row.instance).cloned(),
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
                deltas.push(InstanceDelta::Left {
                    environment: key.0.clone(),
                    pool: row.pool,
                    name: key.1.clone(),
                });
            }
            self.voices.remove(&key);
            self.pending.remove(&key);
        }
        for (pool, instance) in instances {
            let key = (environment.to_owned(), instance.name.clone());
            let agent = agent_state(&instance, self.voice(&key, &instance), self.thresholds, now);
            let row = LiveRow { pool, instance, agent };
            let same = self.rows.get(&key).is_some_and(|old| {
                old.agent == row.agent && old.pool == row.pool && old.instance == row.instance
            });
            if !same {
                deltas.push(InstanceDelta::Seen(self.view(&key, &row)));
                self.rows.insert(key, row);
            }
        }
        deltas
    }

    pub(super) fn beat(
        &mut self,
        environment: &str,
        name: &str,
        instance_id: &str,
        last: LastHeartbeat,
        now: Timestamp,
    ) -> Result<InstanceDelta, BeatRefused> {
        let key = (environment.to_owned(), name.to_owned());
        let row = self.rows.get(&key).ok_or(BeatRefused::NotInPool)?;
        if row.instance.id.as_deref() != Some(instance_id) {
            return Err(BeatRefused::NotInPool);
        }
        let mut ended_boots = VecDeque::new();
        if let Some(voice) = self.voices.get(&key).filter(|voice| voice.instance_id == instance_id) {
            let before = &voice.last.heartbeat;
            let same_boot = before.boot_id == last.heartbeat.boot_id;
            if (same_boot && last.heartbeat.sequence <= before.sequence)
                || voice.ended_boots.contains(&last.heartbeat.boot_id)
            {
                return Err(BeatRefused::Replayed);
            }
            ended_boots.clone_from(&voice.ended_boots);
            if !same_boot {
                ended_boots.push_back(before.boot_id.clone());
                if ended_boots.len() > ENDED_BOOTS_KEPT {
                    ended_boots.pop_front();
                }
            }
        }
        let agent = agent_state(&row.instance, Some(&last), self.thresholds, now);
        let pending = PendingHeartbeat {
            environment: environment.to_owned(),
            name: name.to_owned(),
            instance_id: instance_id.to_owned(),
            last: last.clone(),
        };
        self.pending.insert(key.clone(), pending);
        self.voices.insert(key.clone(), Voice { instance_id: instance_id.to_owned(), last, ended_boots });
        if let Some(row) = self.rows.get_mut(&key) {
            row.agent = agent;
        }
        let row = self.rows.get(&key).ok_or(BeatRefused::NotInPool)?;
        Ok(InstanceDelta::Seen(self.view(&key, row)))
    }

    pub(super) fn tick(&mut self, now: Timestamp) -> Vec<InstanceDelta> {
        let moved: Vec<(Key, AgentState)> = self
            .rows
            .iter()
            .filter_map(|(key, row)| {
                let agent = agent_state(&row.instance, self.voice(key, &row.instance), self.thresholds, now);
                (agent != row.agent).then(|| (key.clone(), agent))
            })
            .collect();
        let mut deltas = Vec::with_capacity(moved.len());
        for (key, agent) in moved {
            if let Some(row) = self.rows.get_mut(&key) {
                row.agent = agent;
            }
            if let Some(row) = self.rows.get(&key) {
                deltas.push(InstanceDelta::Seen(self.view(&key, row)));
            }
        }
        deltas
    }

    pub(super) fn take_pending(&mut self) -> Vec<PendingHeartbeat> {
        std::mem::take(&mut self.pending).into_values().collect()
    }

    pub(super) fn put_back(&mut self, pending: Vec<PendingHeartbeat>) {
        for one in pending {
            let key = (one.environment.clone(), one.name.clone());
            if self.rows.contains_key(&key) {
                self.pending.entry(key).or_insert(one);
            }
        }
    }

    pub(super) fn list(&self, environment: &str) -> Vec<InstanceRow> {
        let mut rows: Vec<InstanceRow> = self
            .rows
            .iter()
            .filter(|((of, _), _)| of == environment)
            .map(|(key, row)| self.view(key, row))
            .collect();
        rows.sort_by(|a, b| (&a.pool, &a.instance.name).cmp(&(&b.pool, &b.instance.name)));
        rows
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
