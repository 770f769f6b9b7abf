//! Which states of agents the store was told, so that it is told of each passing once.

use std::collections::HashMap;

use domain::{Timestamp, agent::AgentState, instance::Instance};
use store::HealthTransition;

use super::rows::{Key, LiveRow};

/// A state that the store has of an instance.
#[derive(Clone, Debug)]
pub struct KnownHealth {
    pub environment: String,
    pub name: String,
    pub instance_id: Option<String>,
    pub state: AgentState,
}

/// What the store was told of an instance, or will be by what waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    instance_id: Option<String>,
    state: AgentState,
}

#[derive(Debug, Default)]
pub(super) struct Told {
    known: HashMap<Key, Known>,
    transitions: Vec<HealthTransition>,
}

impl Told {
    pub(super) fn restore(&mut self, known: Vec<KnownHealth>) {
        for one in known {
            let told = Known { instance_id: one.instance_id, state: one.state };
            self.known.insert((one.environment, one.name), told);
        }
    }

    /// Whether this very VM's agent was silent when the store was last told of it.
    pub(super) fn is_silent(&self, key: &Key, instance: &Instance) -> bool {
        self.known
            .get(key)
            .is_some_and(|told| told.state == AgentState::Silent && told.instance_id == instance.id)
    }

    /// Remembers to tell of an agent that passed into another state.
    pub(super) fn note(&mut self, key: &Key, row: &LiveRow, now: Timestamp) {
        let told = Known { instance_id: row.instance.id.clone(), state: row.agent };
        if self.known.get(key) == Some(&told) {
            return;
        }
        self.transitions.push(HealthTransition {
            environment: key.0.clone(),
            zone: row.instance.zone.clone(),
            name: key.1.clone(),
            instance_id: told.instance_id.clone(),
            pool: row.pool.clone(),
            before: self.known.get(key).map(|before| before.state),
            after: told.state,
            at: now,
        });
        self.known.insert(key.clone(), told);
    }

    pub(super) fn forget(&mut self, key: &Key) {
        self.known.remove(key);
    }

    pub(super) fn take(&mut self) -> Vec<HealthTransition> {
        std::mem::take(&mut self.transitions)
    }

    pub(super) fn put_back(&mut self, mut transitions: Vec<HealthTransition>) {
        transitions.append(&mut self.transitions);
        self.transitions = transitions;
    }
}
