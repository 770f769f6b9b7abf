//! A pool's agents as a whole, for pages that draw all of them: two bytes an agent and one signal, which tells only of agents that
//! passed into another state. A signal for each would tell of every heartbeat, a thousand times a second in a fleet of
//! ten thousand.

use std::sync::Arc;

use domain::{agent::AgentState, view::fleet::FleetZone};
use leptos::prelude::*;

/// Zone by zone, in each by name. None: it has left.
pub type States = Vec<Vec<Option<AgentState>>>;

#[derive(Clone, Debug)]
pub struct Crowd {
    /// As they were loaded: who stands where.
    zones: Arc<Vec<FleetZone>>,
    states: ArcRwSignal<States>,
}

impl Crowd {
    pub(super) fn new(zones: Vec<FleetZone>) -> Self {
        let states = zones.iter().map(|zone| zone.agents.iter().map(|agent| Some(agent.state)).collect());
        Self { states: ArcRwSignal::new(states.collect()), zones: Arc::new(zones) }
    }

    pub fn zones(&self) -> &[FleetZone] {
        &self.zones
    }

    /// As they are now; whoever calls it is told when one of them is in another state.
    pub fn with<T>(&self, look: impl FnOnce(&States) -> T) -> T {
        self.states.with(look)
    }

    /// Whether both are of the same drawing.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.zones, &other.zones)
    }

    /// Whether the agent is one of these. Its state is from now on the given one.
    pub(super) fn pass(&self, name: &str, state: Option<AgentState>) -> bool {
        let place = self.zones.iter().enumerate().find_map(|(zone, own)| {
            let agent = own.agents.binary_search_by(|agent| agent.name.as_str().cmp(name)).ok()?;
            Some((zone, agent))
        });
        let Some((zone, agent)) = place else { return false };
        self.states.maybe_update(|states| {
            let known = states.get_mut(zone).and_then(|states| states.get_mut(agent));
            known.is_some_and(|known| std::mem::replace(known, state) != state)
        });
        true
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::view::fleet::FleetAgent;

    use super::*;

    fn crowd() -> Crowd {
        let zone = |zone: &str, names: [&str; 2]| FleetZone {
            zone: zone.into(),
            agents: names.map(|name| FleetAgent { name: name.into(), state: AgentState::Healthy }).into(),
        };
        Crowd::new(vec![zone("z-a", ["web-1", "web-4"]), zone("z-b", ["web-2", "web-3"])])
    }

    #[test]
    fn an_agent_passes_in_its_place_and_strangers_move_nobody() {
        let owner = Owner::new();
        owner.set();
        let crowd = crowd();
        assert!(crowd.pass("web-3", Some(AgentState::Silent)) && crowd.pass("web-1", None));
        assert!(!crowd.pass("web-5", Some(AgentState::Silent)));
        let healthy = Some(AgentState::Healthy);
        let expected = vec![vec![None, healthy], vec![healthy, Some(AgentState::Silent)]];
        assert_eq!(crowd.states.get_untracked(), expected);
    }

    #[test]
    fn only_another_state_is_told() {
        let owner = Owner::new();
        owner.set();
        let crowd = crowd();
        let looks = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let (counted, watched) = (Arc::clone(&looks), crowd.clone());
        let silent = Memo::new(move |_| {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            watched
                .with(|zones| zones.iter().flatten().filter(|one| **one == Some(AgentState::Silent)).count())
        });
        let seen = || (silent.get_untracked(), looks.load(std::sync::atomic::Ordering::Relaxed));
        assert_eq!(seen(), (0, 1));
        crowd.pass("web-1", Some(AgentState::Healthy));
        assert_eq!(seen(), (0, 1), "a heartbeat of who is well is no news");
        crowd.pass("web-1", Some(AgentState::Silent));
        assert_eq!(seen(), (1, 2));
    }
}
