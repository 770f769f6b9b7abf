//! One pool with its agents as they are now: of this the grid, the counts and the words above them are made, so that nothing
//! on the page follows an agent by itself.

use domain::view::{fleet::FleetPool, pool::AgentCount};
use leptos::prelude::*;

use crate::{
    live::{Crowd, Live},
    pages::agent_states,
};

/// Agents of one zone, at most, that are drawn as cells; of more, a mosaic is drawn.
const FEW: usize = 200;

#[derive(Clone)]
pub struct LivePool {
    pub environment: String,
    pub name: String,
    pub crowd: Crowd,
    pub tally: Memo<Vec<AgentCount>>,
}

impl LivePool {
    pub fn here(environment: &str, pool: FleetPool) -> Self {
        let crowd = Live::here().crowd(environment, &pool.name, pool.zones);
        let all = crowd.clone();
        let tally = Memo::new(move |_| {
            all.with(|zones| agent_states::tally(zones.iter().flatten().flatten().copied()))
        });
        Self { environment: environment.to_owned(), name: pool.name, crowd, tally }
    }

    /// Whether one of its zones has more agents than can be looked at one by one. As it was loaded: a page does not change its
    /// form under the reader's eyes.
    pub fn is_large(&self) -> bool {
        self.crowd.zones().iter().any(|zone| zone.agents.len() > FEW)
    }
}
