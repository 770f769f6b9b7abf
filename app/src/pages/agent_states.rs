//! How an agent's state is drawn and said.

use domain::{
    agent::AgentState,
    heartbeat::HeartbeatStatus,
    view::{
        instance::{InstanceLine, InstanceRow},
        pool::AgentCount,
    },
};

use crate::components::glyph::State;

pub fn state(agent: AgentState) -> State {
    match agent {
        AgentState::Healthy => State::Ok,
        AgentState::Starting => State::Progress,
        AgentState::Late => State::Warn,
        AgentState::Silent | AgentState::Ill => State::Crit,
        AgentState::Stopped | AgentState::Gone => State::Paused,
    }
}

/// As a title or a legend says it.
pub const fn word(agent: AgentState) -> &'static str {
    match agent {
        AgentState::Healthy => "Healthy",
        AgentState::Starting => "Starting",
        AgentState::Late => "Late",
        AgentState::Silent => "Silent",
        AgentState::Ill => "Ill",
        AgentState::Stopped => "Stopped",
        AgentState::Gone => "Leaving",
    }
}

/// Whether it is well but for its own word. No state: nothing is healed for it, and it counts as healthy.
pub fn is_degraded(row: &InstanceRow) -> bool {
    let said = row.last_heartbeat.as_ref().map(|last| last.heartbeat.status);
    row.agent == AgentState::Healthy && said == Some(HeartbeatStatus::Degraded)
}

/// As its own page shows it, where its own word is told too.
pub fn shown(row: &InstanceRow) -> (State, &'static str) {
    with_its_word(row.agent, is_degraded(row))
}

/// As its row in a list shows it: as its own page does.
pub fn shown_in_list(line: &InstanceLine) -> (State, &'static str) {
    with_its_word(line.agent, line.last.is_some_and(|last| last.degraded))
}

fn with_its_word(agent: AgentState, degraded: bool) -> (State, &'static str) {
    match agent {
        AgentState::Healthy if degraded => (State::Warn, "Degraded"),
        agent => (state(agent), word(agent)),
    }
}

/// Healthy first, as a bar of parts reads from well to ill.
pub const ORDER: [AgentState; 7] = [
    AgentState::Healthy,
    AgentState::Starting,
    AgentState::Late,
    AgentState::Ill,
    AgentState::Silent,
    AgentState::Stopped,
    AgentState::Gone,
];

/// How many there are of each, in [`ORDER`].
pub fn tally(states: impl IntoIterator<Item = AgentState>) -> Vec<AgentCount> {
    let mut counts = ORDER.map(|state| AgentCount { state, count: 0 });
    for state in states {
        if let Some(entry) = counts.iter_mut().find(|entry| entry.state == state) {
            entry.count += 1;
        }
    }
    counts.to_vec()
}

/// Several tallies as one.
pub fn sum(tallies: impl IntoIterator<Item = Vec<AgentCount>>) -> Vec<AgentCount> {
    let mut counts = ORDER.map(|state| AgentCount { state, count: 0 });
    for one in tallies.into_iter().flatten() {
        if let Some(entry) = counts.iter_mut().find(|entry| entry.state == one.state) {
            entry.count += one.count;
        }
    }
    counts.to_vec()
}

pub fn of(counts: &[AgentCount], wanted: AgentState) -> u64 {
    counts.iter().filter(|entry| entry.state == wanted).map(|entry| u64::from(entry.count)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_place_in_the_order() {
        for agent in AgentState::ALL {
            assert!(ORDER.contains(&agent), "{agent:?}");
        }
    }

    #[test]
    fn a_tally_counts_each() {
        let counts = tally([AgentState::Ill, AgentState::Healthy, AgentState::Ill]);
        assert_eq!((of(&counts, AgentState::Ill), of(&counts, AgentState::Healthy)), (2, 1));
        assert_eq!(of(&counts, AgentState::Gone), 0);
    }

    #[test]
    fn tallies_add_up() {
        let both = sum([tally([AgentState::Ill, AgentState::Healthy]), tally([AgentState::Ill])]);
        assert_eq!(both, tally([AgentState::Ill, AgentState::Healthy, AgentState::Ill]));
    }
}
