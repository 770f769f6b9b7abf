//! What the control plane asks of this agent: done once, whatever is delivered how often, and said in a later heartbeat.

use std::collections::VecDeque;

use serde::Serialize;

use crate::control_plane::Order;
use crate::state::State;

/// Ids that are remembered, so that what is delivered again is not done again.
const REMEMBERED: usize = 64;
/// In one heartbeat; the rest follows in the next.
const SAID_AT_ONCE: usize = 8;
/// The control plane's own ids are a few characters.
const LONGEST_ID: usize = 64;

/// What became of an order.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Acknowledgement {
    id: String,
    outcome: Outcome,
    detail: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Done,
    Refused,
}

/// The orders that were answered, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    answered: VecDeque<Acknowledgement>,
    /// Ids of answers that the control plane has not taken yet.
    unheard: VecDeque<String>,
}

impl Commands {
    /// What the next heartbeat is to say.
    pub(crate) fn unheard(&self) -> Vec<Acknowledgement> {
        let ids = self.unheard.iter().take(SAID_AT_ONCE);
        ids.filter_map(|id| self.answered.iter().find(|known| known.id == *id)).cloned().collect()
    }

    /// A heartbeat that said this was accepted.
    pub(crate) fn heard(&mut self, said: &[Acknowledgement]) {
        self.unheard.retain(|id| !said.iter().any(|one| one.id == *id));
    }

    /// Does what is new among the orders; true if there is something to say about any of them.
    pub(crate) fn obey(&mut self, orders: Vec<Order>, state: &State) -> bool {
        let any = !orders.is_empty();
        for order in orders.into_iter().filter(|order| order.id.len() <= LONGEST_ID) {
            if !self.answered.iter().any(|known| known.id == order.id) {
                let (outcome, detail) = act(&order, state);
                tracing::info!(id = order.id, command = order.command, ?outcome, detail, "was asked");
                self.answered.push_back(Acknowledgement { id: order.id.clone(), outcome, detail });
                if self.answered.len() > REMEMBERED {
                    self.answered.pop_front();
                }
            }
            if !self.unheard.contains(&order.id) {
                self.unheard.push_back(order.id);
            }
        }
        any
    }
}

fn act(order: &Order, state: &State) -> (Outcome, String) {
    let boot_id = state.boot_id().to_string();
    if order.boot_id != boot_id {
        return (Outcome::Refused, format!("it was meant for another boot; this one is {boot_id}"));
    }
    if order.expires_at <= state.now() {
        return (Outcome::Refused, "it came too late".to_owned());
    }
    match (order.command.as_str(), state.is_stopped()) {
        ("restart", _) | ("start", true) => (Outcome::Done, format!("runs as boot {}", state.boot_again())),
        ("start", false) => (Outcome::Done, "it ran already".to_owned()),
        ("stop", true) => (Outcome::Done, "it was stopped already".to_owned()),
        ("stop", false) => {
            state.stop_work();
            (Outcome::Done, "work is stopped; heartbeats go on".to_owned())
        }
        _ => (Outcome::Refused, "this version of agent-cage does not know it".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::{DateTime, TimeDelta, Utc};
    use uuid::Uuid;

    use super::*;
    use crate::{Config, LoadSource, script::Script};

    fn clock() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn state() -> State {
        let config = Config {
            metadata: String::new(),
            listen: ([127, 0, 0, 1], 0).into(),
            heartbeat_interval: Duration::from_secs(10),
            seed: 1,
        };
        State::new(
            Uuid::from_u128(1),
            LoadSource::Modelled { seed: 1 },
            clock,
            tokio::sync::watch::channel(Script::default()).1,
            &config,
        )
    }

    fn order(id: &str, command: &str, boot_id: Uuid) -> Order {
        Order {
            id: id.into(),
            command: command.into(),
            boot_id: boot_id.to_string(),
            expires_at: clock() + TimeDelta::seconds(1),
        }
    }

    fn outcome(commands: &Commands) -> Outcome {
        commands.unheard().last().unwrap().outcome
    }

    #[tokio::test]
    async fn what_is_delivered_again_is_said_again_and_not_done_again() {
        let (state, mut commands) = (state(), Commands::default());
        let first = state.boot_id();
        assert!(commands.obey(vec![order("cmd-1", "restart", first)], &state));
        let second = state.boot_id();
        assert_ne!(first, second);
        let said = commands.unheard();
        assert_eq!((said[0].outcome, said.len()), (Outcome::Done, 1));
        commands.heard(&said);
        assert!(commands.unheard().is_empty());
        assert!(commands.obey(vec![order("cmd-1", "restart", first)], &state));
        assert_eq!((state.boot_id(), commands.unheard()), (second, said));
    }

    #[tokio::test]
    async fn what_was_meant_for_another_boot_or_came_too_late_is_refused() {
        let (state, mut commands) = (state(), Commands::default());
        let boot = state.boot_id();
        commands.obey(vec![order("cmd-1", "restart", Uuid::from_u128(2))], &state);
        assert_eq!(outcome(&commands), Outcome::Refused);
        let late = Order { expires_at: clock(), ..order("cmd-2", "restart", boot) };
        commands.obey(vec![late, order("cmd-3", "fly", boot)], &state);
        assert_eq!(outcome(&commands), Outcome::Refused);
        assert_eq!((state.boot_id(), commands.unheard().len()), (boot, 3));
    }

    #[tokio::test]
    async fn stopped_work_stays_healthy_for_probes_and_begins_again_as_another_boot() {
        let (state, mut commands) = (state(), Commands::default());
        let boot = state.boot_id();
        commands.obey(vec![order("cmd-1", "stop", boot)], &state);
        let (status, load) = state.condition();
        assert_eq!((status, load.cpu_utilization_percent), (crate::load::Status::Stopped, 0.0));
        assert_eq!(state.boot_id(), boot, "it is still the same boot that waits");
        commands.obey(vec![order("cmd-2", "start", boot)], &state);
        assert!(!state.is_stopped());
        assert_ne!(state.boot_id(), boot);
    }
}
