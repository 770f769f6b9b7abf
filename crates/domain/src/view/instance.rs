//! An instance with its agent.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::pool::AgentCount;
use crate::{
    Timestamp,
    agent::{AgentState, LastHeartbeat},
    instance::{CurrentAction, Instance, InstanceStatus, ProbeHealth},
};

/// All that is known of an instance this second, as the live stream tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceRow {
    pub environment: String,
    /// The pool's declared name.
    pub pool: String,
    pub instance: Instance,
    pub agent: AgentState,
    pub last_heartbeat: Option<LastHeartbeat>,
}

/// What lists show of an instance. A page carries its rows twice, drawn and to be drawn from, so that what is read on the
/// instance's own page alone is not in them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceLine {
    pub environment: String,
    /// The pool's declared name.
    pub pool: String,
    pub name: String,
    pub zone: String,
    pub status: InstanceStatus,
    pub current_action: CurrentAction,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeHealth>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    pub agent: AgentState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LineHeartbeat>,
}

/// The newest heartbeat, as far as lists show it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineHeartbeat {
    pub received_at: Timestamp,
    pub cpu_percent: f64,
    pub memory_bytes: u64,
}

impl From<InstanceRow> for InstanceLine {
    fn from(row: InstanceRow) -> Self {
        let InstanceRow { environment, pool, instance, agent, last_heartbeat } = row;
        let last = last_heartbeat.map(|last| LineHeartbeat {
            received_at: last.received_at,
            cpu_percent: last.heartbeat.metrics.cpu_utilization_percent,
            memory_bytes: last.heartbeat.metrics.memory_usage_bytes,
        });
        Self {
            environment,
            pool,
            name: instance.name,
            zone: instance.zone,
            status: instance.status,
            current_action: instance.current_action,
            probe: instance.probe,
            address: instance.address,
            agent,
            last,
        }
    }
}

/// The instance page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceView {
    pub row: InstanceRow,
    /// While its agent fails: since when, where that is still known.
    pub fails_since: Option<Timestamp>,
    /// Of the version of its template that the group intends for it. None: it is leaving, or the version was never declared here.
    pub machine_type: Option<String>,
    /// When Compute Engine was last read.
    pub observed_at: Option<Timestamp>,
    pub now: Timestamp,
}

/// Some of an environment's instances, by zone and name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstancePage {
    pub instances: Vec<InstanceRow>,
    /// Zone and name of the last one, where more follow.
    pub next: Option<(String, String)>,
}

/// Where an instance stands in its environment's list: `web/us-central1-a/agent-web-x7k2`. All that the list is ordered by, so that
/// a page can begin beside an instance that has left since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InstancePlace {
    pub pool: String,
    pub zone: String,
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a place in the list of instances looks like web/us-central1-a/agent-web-x7k2")]
pub struct InvalidPlace;

impl InstancePlace {
    pub fn of(line: &InstanceLine) -> Self {
        Self { pool: line.pool.clone(), zone: line.zone.clone(), name: line.name.clone() }
    }
}

impl fmt::Display for InstancePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.pool, self.zone, self.name)
    }
}

impl FromStr for InstancePlace {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        let mut parts = text.split('/').map(str::to_owned);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(pool), Some(zone), Some(name), None) => Ok(Self { pool, zone, name }),
            _ => Err(InvalidPlace),
        }
    }
}

impl TryFrom<String> for InstancePlace {
    type Error = InvalidPlace;

    fn try_from(text: String) -> Result<Self, InvalidPlace> {
        text.parse()
    }
}

impl From<InstancePlace> for String {
    fn from(place: InstancePlace) -> Self {
        place.to_string()
    }
}

/// A page of an environment's instances: by pool in the declaration's order, then by zone and name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceList {
    /// Those of this page.
    pub rows: Vec<InstanceLine>,
    /// How many there are, whatever the words say.
    pub total: u64,
    /// Of those that the words leave when nothing is asked of the agent's state; only states that occur, worst first.
    pub agents: Vec<AgentCount>,
    /// How many all words leave; none where they cannot be read.
    pub found: u64,
    /// How many of these come before this page.
    pub earlier: u64,
    /// Pass as `before` for the page before this one.
    pub previous: Option<InstancePlace>,
    /// Pass as `after` for the following page.
    pub next: Option<InstancePlace>,
    pub now: Timestamp,
}

/// Rows of one page at most, and as many an open page has the live stream follow.
pub const PAGE_ROWS: usize = 50;

/// What the live stream tells every page of an instance that came, passed into another state, or left. Its row is sent to those
/// alone that show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceDelta {
    pub pool: String,
    pub zone: String,
    pub name: String,
    /// None: it has come.
    pub before: Option<AgentState>,
    /// None: it has left.
    pub after: Option<AgentState>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let text = "web/us-central1-a/agent-web-x7k2";
        let place: InstancePlace = text.parse().unwrap();
        assert_eq!((place.pool.as_str(), place.name.as_str()), ("web", "agent-web-x7k2"));
        assert_eq!(place.to_string(), text);
        for wrong in ["", "web", "us-central1-a/agent-web-x7k2", "chg-4", "a/b/c/d"] {
            assert_eq!(wrong.parse::<InstancePlace>(), Err(InvalidPlace), "{wrong}");
        }
    }
}
